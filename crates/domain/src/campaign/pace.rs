//! How fast a campaign is sent. That no more is handed over is the engine's to see to.

use chrono::{DateTime, Utc};

/// Most messages per second that a campaign may ask for: more than any gateway takes.
pub const MAX_PER_SECOND: i64 = 1_000_000;

/// The limits that a campaign sets itself, besides those of the gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Most messages per second, of the whole cluster.
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

    /// Messages per second from now on, where so many are left to send; `None`: there is no limit.
    #[must_use]
    pub fn rate(&self, left: u64, now: DateTime<Utc>) -> Option<f64> {
        let most = self.max_per_second.map(f64::from);
        let even = self.spread_until.and_then(|until| even(left, until, now));
        match (most, even) {
            (Some(most), Some(even)) => Some(most.min(even)),
            (most, even) => most.or(even),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "both numbers are far below 2^53"
)]
fn even(left: u64, until: DateTime<Utc>, now: DateTime<Utc>) -> Option<f64> {
    let seconds = (until - now).num_milliseconds() as f64 / 1e3;
    (seconds > 0.0).then(|| left as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_slower_of_the_two_counts() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let pace = |max_per_second, seconds: Option<i64>| Pace {
            max_per_second,
            spread_until: seconds.map(|seconds| now + TimeDelta::seconds(seconds)),
        };
        for (pace, left, rate) in [
            (pace(None, None), 9, None),
            (pace(Some(5), None), 9, Some(5.0)),
            (pace(None, Some(60)), 30, Some(0.5)),
            (pace(Some(5), Some(60)), 30, Some(0.5)),
            (pace(Some(5), Some(60)), 6_000, Some(5.0)),
            (pace(None, Some(-1)), 30, None),
            (pace(Some(5), Some(0)), 30, Some(5.0)),
        ] {
            assert_eq!(pace.rate(left, now), rate, "{pace:?}");
        }
    }
}
