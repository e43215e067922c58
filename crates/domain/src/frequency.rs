//! How often a client may write to one person.

use chrono::TimeDelta;

use crate::fault::Faults;

/// Most messages that can be allowed.
const MOST: u32 = 1_000;
/// The longest period, in hours: a year.
const LONGEST: u32 = 366 * 24;
const HOURS_OF_DAY: u32 = 24;

/// So many messages to one person in any such period, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrequencyCap {
    count: u32,
    hours: u32,
}

/// A cap as a request gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrequencyCapDraft {
    /// How many messages.
    pub count: Option<i64>,
    /// In what time: hours or days, as in `36h` or `7d`.
    pub period: Option<String>,
}

impl FrequencyCap {
    /// Where both are within their bounds.
    #[must_use]
    pub fn new(count: u32, hours: u32) -> Option<Self> {
        let fits = (1..=MOST).contains(&count) && (1..=LONGEST).contains(&hours);
        fits.then_some(Self { count, hours })
    }

    /// How many messages.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// In how many hours.
    #[must_use]
    pub fn hours(self) -> u32 {
        self.hours
    }

    /// In what time.
    #[must_use]
    pub fn period(self) -> TimeDelta {
        TimeDelta::hours(self.hours.into())
    }

    /// The period as requests write it.
    #[must_use]
    pub fn period_text(self) -> String {
        match self.hours % HOURS_OF_DAY {
            0 => format!("{}d", self.hours / HOURS_OF_DAY),
            _ => format!("{}h", self.hours),
        }
    }
}

impl FrequencyCapDraft {
    /// Checks every rule; what is wrong goes to `faults`, under `property`.
    #[must_use]
    pub fn check(&self, property: &str, faults: &mut Faults) -> Option<FrequencyCap> {
        let count = self.count.and_then(|count| u32::try_from(count).ok());
        let count = count.filter(|count| FrequencyCap::new(*count, 1).is_some());
        if count.is_none() {
            faults.add(
                format!("{property}.count"),
                format!("must be between 1 and {MOST}"),
            );
        }
        let hours = self.period.as_deref().and_then(hours_in);
        let hours = hours.filter(|hours| FrequencyCap::new(1, *hours).is_some());
        if hours.is_none() {
            faults.add(
                format!("{property}.period"),
                "must be hours or days, as in 36h or 7d, and a year at most",
            );
        }
        FrequencyCap::new(count?, hours?)
    }
}

fn hours_in(period: &str) -> Option<u32> {
    let period = period.trim();
    let (number, hours) = match period.strip_suffix('d') {
        Some(days) => (days, HOURS_OF_DAY),
        None => (period.strip_suffix('h')?, 1),
    };
    number.parse::<u32>().ok()?.checked_mul(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: i64, period: &str) -> Result<FrequencyCap, Faults> {
        let mut faults = Faults::default();
        let draft = FrequencyCapDraft {
            count: Some(count),
            period: Some(period.to_owned()),
        };
        let cap = draft.check("cap", &mut faults);
        faults.into_result().map(|()| cap.unwrap())
    }

    #[test]
    fn a_period_is_shown_as_it_is_written() {
        for (written, hours, shown) in [
            ("36h", 36, "36h"),
            ("48h", 48, "2d"),
            (" 7d", 168, "7d"),
            ("366d", 8_784, "366d"),
        ] {
            let cap = check(3, written).unwrap();
            assert_eq!((cap.count(), cap.hours()), (3, hours));
            assert_eq!(cap.period_text(), shown);
        }
    }

    #[test]
    fn what_is_no_cap_is_refused() {
        for (count, period, path) in [
            (0, "7d", "cap.count"),
            (-1, "7d", "cap.count"),
            (1_001, "7d", "cap.count"),
            (i64::MAX, "7d", "cap.count"),
            (1, "", "cap.period"),
            (1, "7", "cap.period"),
            (1, "0h", "cap.period"),
            (1, "367d", "cap.period"),
            (1, "-1d", "cap.period"),
            (1, "4294967295d", "cap.period"),
            (1, "1 week", "cap.period"),
        ] {
            let faults = check(count, period).unwrap_err();
            let paths: Vec<_> = faults
                .listed()
                .iter()
                .map(|fault| fault.path.clone())
                .collect();
            assert_eq!(paths, [path], "{count} in {period}");
        }
    }
}
