//! When a delivery is tried again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Answer, Verdict};

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

/// What is next for a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it has arrived.
    Delivered,
    /// Nothing: nobody wants it, or it has been tried often enough.
    Failed,
    /// Another attempt, at this moment.
    Again(DateTime<Utc>),
}

/// What is next after the attempt with this number, from 1, that was made at this moment.
#[must_use]
pub fn next(answer: &Answer, attempt: u16, at: DateTime<Utc>, chance: u32) -> Next {
    match answer.verdict() {
        Verdict::Delivered => Next::Delivered,
        Verdict::Gone => Next::Failed,
        Verdict::Again => wait_after(attempt, chance)
            .and_then(|wait| at.checked_add_signed(wait))
            .map_or(Next::Failed, Next::Again),
    }
}

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

    #[test]
    fn an_attempt_is_followed_by_another_until_the_last() {
        let at = "2026-06-27T03:04:00Z".parse().unwrap();
        let later = "2026-06-27T03:04:05Z".parse().unwrap();
        let check = |status, attempt| next(&Answer::Status(status), attempt, at, 0);
        assert_eq!(check(200, 1), Next::Delivered);
        assert_eq!(check(500, 1), Next::Again(later));
        assert_eq!(check(500, 10), Next::Failed);
        assert_eq!(check(410, 1), Next::Failed);
    }
}
