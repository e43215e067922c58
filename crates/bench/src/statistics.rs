//! What many measurements amount to.

use std::time::Duration;

/// How long each request of a load took.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The least time within which so many of a hundred were answered, in milliseconds; nothing was answered: none.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100);
        let time = self.0.get(rank.saturating_sub(1))?;
        Some(time.as_secs_f64() * 1_000.0)
    }
}

/// What one more costs, by two loads of different size: what any load costs once is not in it.
pub(crate) fn slope((few, cost_of_few): (f64, f64), (many, cost_of_many): (f64, f64)) -> f64 {
    (cost_of_many - cost_of_few) / (many - few)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = (1..=200).rev().map(Duration::from_millis).collect();
        let latencies = Latencies::new(times);
        for (percent, expected) in [(0, 1.0), (50, 100.0), (99, 198.0), (100, 200.0)] {
            let found = latencies.percentile(percent).unwrap();
            assert!((found - expected).abs() < 1e-9, "p{percent} is {found}");
        }
        let one = Latencies::new(vec![Duration::from_millis(7)]);
        assert_eq!(one.percentile(50), one.percentile(99));
        assert_eq!(Latencies::default().percentile(50), None);
    }

    #[test]
    fn what_is_paid_once_is_not_in_the_slope() {
        let cost = |messages: f64| (messages, 1_000.0 + 3.0 * messages);
        assert!((slope(cost(10.0), cost(1_000.0)) - 3.0).abs() < 1e-9);
    }
}
