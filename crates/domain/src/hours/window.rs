//! A campaign's own window: from when to when its messages may be sent, on which days, and by whose clock.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;

use super::week::{Span, TimeOfDay, WeekHours};
use super::zone::named;
use crate::fault::Faults;

/// What stands for each recipient's own zone.
const RECIPIENT: &str = "recipient";

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// By whose clock a window is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowZone {
    /// Each recipient's.
    Recipient,
    /// That of one zone.
    Fixed(Tz),
}

/// What becomes of a message whose time it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OutsideWindow {
    /// It waits for the next allowed time.
    #[default]
    Hold,
    /// It is not sent at all.
    Drop,
}

/// When a campaign's messages may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendingWindow {
    span: Span,
    /// A bit for each day, Monday's the lowest.
    days: u8,
    zone: WindowZone,
}

/// A window as a request tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowDraft {
    /// Missing: 00:00.
    pub from: Option<String>,
    /// Missing: 24:00.
    pub to: Option<String>,
    /// Missing: every day.
    pub days: Option<Vec<String>>,
    /// Missing: each recipient's.
    pub time_zone: Option<String>,
}

impl Day {
    /// Every day there is, in order.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// Its name as answers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mon => "Mon",
            Self::Tue => "Tue",
            Self::Wed => "Wed",
            Self::Thu => "Thu",
            Self::Fri => "Fri",
            Self::Sat => "Sat",
            Self::Sun => "Sun",
        }
    }

    /// Its place in the week; 0 is Monday.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self as u8)
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    /// Its English name, or the first three letters of it, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let full = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let place = full
            .iter()
            .position(|name| *name == text || name[..3] == *text);
        place
            .map(|place| Self::ALL[place])
            .ok_or("must be days of the week, as in Mon or Monday")
    }
}

impl OutsideWindow {
    /// Its name as the API writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Drop => "drop",
        }
    }
}

impl FromStr for OutsideWindow {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "hold" => Ok(Self::Hold),
            "drop" => Ok(Self::Drop),
            _ => Err("must be hold or drop"),
        }
    }
}

impl WindowZone {
    /// Its name as the API writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipient => RECIPIENT,
            Self::Fixed(zone) => zone.name(),
        }
    }
}

impl FromStr for WindowZone {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            RECIPIENT => Ok(Self::Recipient),
            name => named(name)
                .map(Self::Fixed)
                .ok_or("must be recipient or a zone of the IANA database, as in Europe/London"),
        }
    }
}

impl SendingWindow {
    /// From when to when.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// On which days, in order.
    #[must_use]
    pub fn days(&self) -> Vec<Day> {
        let mut days = Day::ALL.to_vec();
        days.retain(|day| self.days & day.bit() != 0);
        days
    }

    /// By whose clock.
    #[must_use]
    pub fn zone(&self) -> WindowZone {
        self.zone
    }

    /// Its hours.
    #[must_use]
    pub fn hours(&self) -> WeekHours {
        let with = |week: WeekHours, day: Day| week.with(day.index(), self.span);
        self.days().into_iter().fold(WeekHours::default(), with)
    }
}

/// As it is stored: `08:00-20:00 Mon,Fri recipient`.
impl fmt::Display for SendingWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<_> = self.days().into_iter().map(Day::name).collect();
        let (from, to) = (self.span.from(), self.span.to());
        write!(f, "{from}-{to} {} {}", days.join(","), self.zone.name())
    }
}

impl FromStr for SendingWindow {
    type Err = &'static str;

    fn from_str(stored: &str) -> Result<Self, Self::Err> {
        const REFUSAL: &str = "is no stored window";
        let mut words = stored.split(' ');
        let mut word = || words.next().ok_or(REFUSAL);
        let (from, to) = word()?.split_once('-').ok_or(REFUSAL)?;
        let span = Span::new(from.parse()?, to.parse()?).ok_or(REFUSAL)?;
        let mut days = 0;
        for day in word()?.split(',') {
            days |= day.parse::<Day>()?.bit();
        }
        let zone = word()?.parse()?;
        Ok(Self { span, days, zone })
    }
}

impl WindowDraft {
    /// What is wrong with it is added to the faults.
    pub(crate) fn check(&self, faults: &mut Faults) -> Option<SendingWindow> {
        let before = faults.count();
        let from = read(faults, "from", self.from.as_deref(), TimeOfDay::MIDNIGHT);
        let to = read(faults, "to", self.to.as_deref(), TimeOfDay::END);
        let days = self.check_days(faults);
        let zone = self.time_zone.as_deref();
        let zone = read(faults, "timeZone", zone, WindowZone::Recipient);
        if faults.count() > before {
            return None;
        }
        let Some(span) = Span::new(from, to) else {
            faults.add(
                "sendingWindow.to",
                "must be later than from, on the same day",
            );
            return None;
        };
        Some(SendingWindow { span, days, zone })
    }

    fn check_days(&self, faults: &mut Faults) -> u8 {
        let Some(given) = &self.days else {
            return Day::ALL.iter().fold(0, |days, day| days | day.bit());
        };
        let mut days = 0;
        for day in given {
            match day.parse::<Day>() {
                Ok(day) => days |= day.bit(),
                Err(refusal) => {
                    faults.add("sendingWindow.days", refusal);
                    return 0;
                }
            }
        }
        if days == 0 {
            faults.add("sendingWindow.days", "must name at least one day");
        }
        days
    }
}

/// Reads one property; what it is where it is missing.
fn read<T: FromStr<Err = &'static str>>(
    faults: &mut Faults,
    property: &str,
    given: Option<&str>,
    missing: T,
) -> T {
    match given.map(T::from_str) {
        None => missing,
        Some(Ok(read)) => read,
        Some(Err(refusal)) => {
            faults.add(format!("sendingWindow.{property}"), refusal);
            missing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(from: &str, to: &str, days: &[&str], zone: &str) -> WindowDraft {
        WindowDraft {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            days: Some(days.iter().map(|day| (*day).to_owned()).collect()),
            time_zone: Some(zone.to_owned()),
        }
    }

    fn faults(draft: &WindowDraft) -> Vec<(String, String)> {
        let mut faults = Faults::default();
        assert_eq!(draft.check(&mut faults), None);
        let listed = faults.listed().iter();
        listed
            .map(|fault| (fault.path.clone(), fault.message.clone()))
            .collect()
    }

    #[test]
    fn a_window_is_stored_and_read_back() {
        let mut none = Faults::default();
        for (draft, stored) in [
            (
                WindowDraft::default(),
                "00:00-24:00 Mon,Tue,Wed,Thu,Fri,Sat,Sun recipient",
            ),
            (
                draft("08:30", "20:00", &["Friday", "mon", "FRI"], "recipient"),
                "08:30-20:00 Mon,Fri recipient",
            ),
            (
                draft("09:00", "17:00", &["sun"], "Asia/Kathmandu"),
                "09:00-17:00 Sun Asia/Kathmandu",
            ),
        ] {
            let window = draft.check(&mut none).unwrap();
            assert_eq!(window.to_string(), stored);
            assert_eq!(stored.parse(), Ok(window));
        }
    }

    #[test]
    fn every_fault_is_told_at_its_property() {
        let paths: Vec<_> = faults(&draft("8", "25:00", &["Funday"], "Mars/Base"))
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        assert_eq!(
            paths,
            [
                "sendingWindow.from",
                "sendingWindow.to",
                "sendingWindow.days",
                "sendingWindow.timeZone"
            ]
        );
        for (from, to) in [("20:00", "08:00"), ("08:00", "08:00")] {
            assert_eq!(
                faults(&draft(from, to, &["mon"], "UTC")),
                [(
                    "sendingWindow.to".to_owned(),
                    "must be later than from, on the same day".to_owned()
                )]
            );
        }
        assert_eq!(
            faults(&draft("08:00", "20:00", &[], "UTC"))[0].1,
            "must name at least one day"
        );
    }
}
