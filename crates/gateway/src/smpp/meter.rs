//! How many parts the peer takes: per second, and in all.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What the peer of a gateway takes, over all its binds.
#[derive(Debug)]
pub(super) struct Meter(Mutex<(u64, Measure)>);

impl Meter {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new((0, Measure::new(now))))
    }

    /// The peer took a part.
    pub(super) fn taken(&self, now: Instant) {
        let mut meter = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        meter.0 += 1;
        meter.1.taken(now);
    }

    /// How many parts it took, and how many per second at present.
    pub(super) fn read(&self, now: Instant) -> (u64, u32) {
        let mut meter = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (meter.0, meter.1.rate(now).round() as u32)
    }
}

/// How many parts per second the peer takes.
#[derive(Debug)]
pub(super) struct Measure {
    since: Instant,
    taken: u32,
    rate: f64,
}

const SPAN: Duration = Duration::from_secs(1);

impl Measure {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            taken: 0,
            rate: 0.0,
        }
    }

    pub(super) fn taken(&mut self, now: Instant) {
        self.turn(now);
        self.taken += 1;
    }

    /// Parts per second: of the last whole span, or of the present one where that is more.
    pub(super) fn rate(&mut self, now: Instant) -> f64 {
        self.turn(now);
        self.rate.max(f64::from(self.taken))
    }

    fn turn(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed >= SPAN {
            self.rate = f64::from(self.taken) / elapsed.as_secs_f64();
            self.taken = 0;
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_second_and_fades() {
        let begun = Instant::now();
        let meter = Meter::new(begun);
        for millis in 0..1_000 {
            meter.taken(begun + Duration::from_millis(millis));
        }
        assert_eq!(meter.read(begun + SPAN), (1_000, 1_000));
        assert_eq!(meter.read(begun + 11 * SPAN), (1_000, 0));
    }
}
