//! How long to wait before a lost connection is tried again: doubled with each failure, and jittered so that the binds
//! of many nodes do not come back at one moment.

use std::time::Duration;

/// The pauses between attempts.
#[derive(Debug)]
pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(least: Duration, most: Duration) -> Self {
        Self {
            least,
            most: most.max(least),
            failures: 0,
        }
    }

    /// The next pause: between half and all of the doubled one. `chance` is between 0 and 1.
    pub(super) fn next(&mut self, chance: f64) -> Duration {
        let doubled = self.least.saturating_mul(1 << self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        doubled.min(self.most).mul_f64(0.5 + chance / 2.0)
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let pauses = [0; 4].map(|_| backoff.next(1.0).as_secs());
        assert_eq!(pauses, [1, 2, 4, 5]);
        assert_eq!(backoff.next(0.0), Duration::from_millis(2_500));
        backoff.reset();
        assert_eq!(backoff.next(1.0), Duration::from_secs(1));
    }

    #[test]
    fn it_never_overflows() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        for _ in 0..100 {
            backoff.next(0.0);
        }
    }
}
