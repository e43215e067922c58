//! How fast a campaign is sent. That no more is handed over is the engine's to see to.

use chrono::{DateTime, Utc};

/// Most parts per second that a campaign may ask for: more than any gateway takes.
pub const MAX_PER_SECOND: u32 = 1_000_000;

/// What is not used of a limit per second is saved up for so many seconds, so that messages go out in batches and no time is
/// lost between them.
pub const SAVED_SECONDS: f64 = 0.05;

/// The limits that a campaign sets itself, besides those of the gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Most parts per second, of the whole cluster.
    pub max_per_second: Option<u32>,
    /// Its messages are spread evenly over the time until then. What is left then is sent without waiting.
    pub spread_until: Option<DateTime<Utc>>,
}

impl Pace {
    /// Whether it sets no limit.
    #[must_use]
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }

    /// The rate by which no second sees more than so many parts: what is saved up may go at its beginning, and the rate on top of
    /// it.
    #[must_use]
    pub fn within(per_second: u32) -> f64 {
        f64::from(per_second) / (1.0 + SAVED_SECONDS)
    }

    /// Messages per second from now on that spread so many evenly over the time that is left; `None`: they need not be.
    #[must_use]
    pub fn even(&self, left: u64, now: DateTime<Utc>) -> Option<f64> {
        let seconds = (self.spread_until? - now).as_seconds_f64();
        (seconds > 0.0).then(|| as_float(left) / seconds)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn what_is_left_is_spread_evenly_until_the_end() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let until = |millis| Pace {
            spread_until: Some(now + TimeDelta::milliseconds(millis)),
            ..Pace::default()
        };
        assert_eq!(Pace::default().even(9, now), None);
        assert_eq!(until(60_000).even(30, now), Some(0.5));
        assert_eq!(until(500).even(30, now), Some(60.0));
        assert_eq!(until(0).even(30, now), None, "there is no time left");
        assert_eq!(until(-1).even(30, now), None);
    }
}
