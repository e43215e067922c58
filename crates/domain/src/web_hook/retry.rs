//! When a delivery is tried again.

use chrono::TimeDelta;

/// How long to wait after each attempt, in seconds; the first is made at once.
const WAITS: [i64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3_600,
    5 * 3_600,
    10 * 3_600,
    14 * 3_600,
    20 * 3_600,
    24 * 3_600,
];

/// How many attempts are made in all.
pub const ATTEMPTS: usize = WAITS.len() + 1;

/// A wait is longer by up to a tenth of it, so that what failed together does not come back together.
const JITTER: i64 = 10;

/// How long an event is kept waiting in all: longer than its attempts take, so that this ends only what a disabled web
/// hook, or one with a long backlog, has left behind.
pub const MAX_AGE: TimeDelta = TimeDelta::days(4);

/// How long to wait after so many attempts; `None`: that was the last one. `chance` is any number, drawn anew each time.
#[must_use]
pub fn wait_after(attempts: u16, chance: u32) -> Option<TimeDelta> {
    let seconds = WAITS.get(usize::from(attempts).checked_sub(1)?)?;
    let millis = seconds * 1_000;
    let longer = millis / JITTER * i64::from(chance) / i64::from(u32::MAX);
    TimeDelta::try_milliseconds(millis + longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_attempts_in_three_days() {
        let waits: Vec<i64> = (1..)
            .map_while(|attempts| wait_after(attempts, 0))
            .map(|wait| wait.num_seconds())
            .collect();
        assert_eq!(
            waits,
            [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        );
        assert_eq!(waits.len() + 1, ATTEMPTS);
        let longest = TimeDelta::seconds(waits.iter().sum()) * 11 / 10;
        assert!(longest < MAX_AGE);
    }

    #[test]
    fn chance_makes_a_wait_longer_by_a_tenth_at_most() {
        assert_eq!(
            wait_after(2, u32::MAX / 2),
            TimeDelta::try_milliseconds(314_999)
        );
        assert_eq!(wait_after(2, u32::MAX), TimeDelta::try_seconds(330));
        assert_eq!(wait_after(9, u32::MAX), TimeDelta::try_seconds(95_040));
        assert_eq!(wait_after(0, 0), None);
        assert_eq!(wait_after(10, 0), None);
    }
}
