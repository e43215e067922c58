//! The hours of a week in local time, and which moments they are in a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

const MINUTES_OF_A_DAY: u16 = 24 * 60;
/// No clock was ever set forward by more: a day, at the date line.
const LONGEST_GAP: i64 = 24 * 60;
/// Hours of a week come again after so many days; two more, since a gap can swallow a day's.
const DAYS_AHEAD: u64 = 9;

/// A time of day in whole minutes, from 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// From a time of day, included, to a later one, excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    from: TimeOfDay,
    to: TimeOfDay,
}

/// What is allowed on each day of a week, Monday first; nothing on a day without a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WeekHours([Option<Span>; 7]);

/// A time during which sending is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The first moment after it.
    pub until: DateTime<Utc>,
}

impl TimeOfDay {
    /// The beginning of a day.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of a day.
    pub const END: Self = Self(MINUTES_OF_A_DAY);
}

impl FromStr for TimeOfDay {
    type Err = &'static str;

    /// Hours and minutes of two digits each: `08:00`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const REFUSAL: &str = "must be a time of day between 00:00 and 24:00, as in 08:00";
        let two = |digits: &str| {
            let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_two.then(|| digits.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = text.trim().split_once(':').ok_or(REFUSAL)?;
        let minutes = two(minutes)
            .filter(|minutes| *minutes < 60)
            .ok_or(REFUSAL)?;
        let minute = two(hours).ok_or(REFUSAL)? * 60 + minutes;
        (minute <= MINUTES_OF_A_DAY)
            .then_some(Self(minute))
            .ok_or(REFUSAL)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Span {
    /// The whole day.
    pub const DAY: Self = Self {
        from: TimeOfDay::MIDNIGHT,
        to: TimeOfDay::END,
    };

    /// `None` where it would be empty or reach over midnight.
    #[must_use]
    pub fn new(from: TimeOfDay, to: TimeOfDay) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Its first minute.
    #[must_use]
    pub fn from(self) -> TimeOfDay {
        self.from
    }

    /// The minute after its last.
    #[must_use]
    pub fn to(self) -> TimeOfDay {
        self.to
    }
}

impl WeekHours {
    /// Always.
    pub const ALWAYS: Self = Self([Some(Span::DAY); 7]);

    /// With this span on a day instead of what it had; 0 is Monday.
    #[must_use]
    pub fn with(mut self, day: usize, span: Span) -> Self {
        if let Some(hours) = self.0.get_mut(day) {
            *hours = Some(span);
        }
        self
    }

    /// The span of a day; 0 is Monday.
    #[must_use]
    pub fn on(&self, day: usize) -> Option<Span> {
        self.0.get(day).copied().flatten()
    }

    /// The opening in which a moment lies, or else the next one; `None` where there is none in a week.
    ///
    /// A time that the clocks leave out means the first moment after the gap; one that comes twice means the first.
    #[must_use]
    pub fn next(&self, zone: Tz, at: DateTime<Utc>) -> Option<Opening> {
        let today = at.with_timezone(&zone).date_naive();
        let first = today.checked_sub_days(Days::new(1))?;
        first
            .iter_days()
            .take(usize::try_from(DAYS_AHEAD + 1).unwrap_or(usize::MAX))
            .filter_map(|date| self.opening(zone, date))
            .find(|opening| opening.until > at)
    }

    fn opening(&self, zone: Tz, date: NaiveDate) -> Option<Opening> {
        let day = usize::try_from(date.weekday().num_days_from_monday()).ok()?;
        let span = self.on(day)?;
        let opening = Opening {
            from: moment(zone, date, span.from)?,
            until: moment(zone, date, span.to)?,
        };
        // A gap can swallow it.
        (opening.from < opening.until).then_some(opening)
    }
}

/// The first moment at which the clocks of a zone show this time or, where they leave it out, a later one.
fn moment(zone: Tz, date: NaiveDate, time: TimeOfDay) -> Option<DateTime<Utc>> {
    let local = date
        .and_time(NaiveTime::MIN)
        .checked_add_signed(TimeDelta::minutes(time.0.into()))?;
    (0..=LONGEST_GAP).find_map(|minutes| {
        let local = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        Some(zone.from_local_datetime(&local).earliest()?.to_utc())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, to: &str) -> WeekHours {
        let span = Span::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        (0..7).fold(WeekHours::default(), |week, day| week.with(day, span))
    }

    #[track_caller]
    fn check(week: &WeekHours, zone: Tz, at: &str, opening: Option<(&str, &str)>) {
        let at: DateTime<Utc> = at.parse().unwrap();
        let expected = opening.map(|(from, until)| Opening {
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
        });
        assert_eq!(week.next(zone, at), expected, "{zone} at {at}");
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        for time in ["00:00", "08:05", "23:59", "24:00"] {
            assert_eq!(time.parse::<TimeOfDay>().unwrap().to_string(), time);
        }
        for text in [
            "", "8:00", "08:60", "24:01", "08.00", "08:00:00", "+8:00", "8am",
        ] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_opening_begins_with_its_first_minute_and_ends_before_its_last() {
        let (week, zone) = (hours("08:00", "21:00"), Tz::Asia__Kolkata);
        let day = Some(("2026-01-05T02:30:00Z", "2026-01-05T15:30:00Z"));
        check(&week, zone, "2026-01-05T02:29:59Z", day);
        check(&week, zone, "2026-01-05T02:30:00Z", day);
        check(&week, zone, "2026-01-05T15:29:59Z", day);
        let next = Some(("2026-01-06T02:30:00Z", "2026-01-06T15:30:00Z"));
        check(&week, zone, "2026-01-05T15:30:00Z", next);
    }

    #[test]
    fn a_time_in_the_gap_means_the_first_moment_after_it() {
        // Clocks go from 01:00 to 02:00 on 2026-03-29 in London, from 02:00 to 03:00 on 2026-03-08 in New York.
        check(
            &hours("01:30", "03:00"),
            Tz::Europe__London,
            "2026-03-29T00:00:00Z",
            Some(("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")),
        );
        check(
            &hours("01:00", "02:30"),
            Tz::America__New_York,
            "2026-03-08T05:00:00Z",
            Some(("2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z")),
        );
        // All of it lies in the gap: not on this day.
        check(
            &hours("02:10", "02:50"),
            Tz::America__New_York,
            "2026-03-08T05:00:00Z",
            Some(("2026-03-09T06:10:00Z", "2026-03-09T06:50:00Z")),
        );
    }

    #[test]
    fn of_a_time_that_comes_twice_the_first_counts() {
        // Clocks go from 02:00 back to 01:00 on 2026-10-25 in London, on 2026-11-01 in New York.
        check(
            &hours("01:30", "09:00"),
            Tz::Europe__London,
            "2026-10-25T00:00:00Z",
            Some(("2026-10-25T00:30:00Z", "2026-10-25T09:00:00Z")),
        );
        check(
            &hours("00:00", "01:30"),
            Tz::America__New_York,
            "2026-11-01T05:29:00Z",
            Some(("2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z")),
        );
        check(
            &hours("00:00", "01:30"),
            Tz::America__New_York,
            "2026-11-01T05:30:00Z",
            Some(("2026-11-02T05:00:00Z", "2026-11-02T06:30:00Z")),
        );
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let monday = WeekHours::default().with(0, Span::DAY);
        check(
            &monday,
            Tz::Pacific__Auckland,
            "2026-01-04T12:00:00Z",
            Some(("2026-01-04T11:00:00Z", "2026-01-05T11:00:00Z")),
        );
        check(
            &monday,
            Tz::Pacific__Honolulu,
            "2026-01-05T09:59:00Z",
            Some(("2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z")),
        );
    }

    #[test]
    fn without_hours_there_is_no_opening() {
        check(&WeekHours::default(), Tz::UTC, "2026-01-05T00:00:00Z", None);
    }
}
