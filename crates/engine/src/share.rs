//! What this node may send of a limit that holds for the whole cluster.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// The share of this node: that of the binds which it keeps, of all gateways together.
///
/// Each bind has one holder at a time by its lease, and counts no longer than that lease. So the shares of all nodes
/// together are never more than the whole, also while binds go from one to another or a node is cut off.
#[derive(Debug, Default)]
pub(crate) struct Share(Mutex<Binds>);

#[derive(Debug, Default)]
struct Binds {
    kept: usize,
    /// In the whole cluster. 0: no gateway has any, and there is nothing to divide by.
    all: usize,
    /// When they are kept no longer unless that is prolonged; `None`: they stay.
    until: Option<Instant>,
}

impl Share {
    /// The node keeps so many of all binds.
    pub(crate) fn set(&self, kept: usize, all: usize, until: Option<Instant>) {
        *self.lock() = Binds { kept, all, until };
    }

    /// How much of a limit per second this node may use now.
    pub(crate) fn of(&self, limit: f64) -> f64 {
        let binds = self.lock();
        if binds.all == 0 {
            return limit;
        }
        let lasts = binds.until.is_none_or(|until| Instant::now() < until);
        let kept = if lasts { binds.kept } else { 0 };
        limit * kept as f64 / binds.all as f64
    }

    fn lock(&self) -> MutexGuard<'_, Binds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_that_of_the_binds_for_as_long_as_they_are_kept() {
        let share = Share::default();
        assert_eq!(share.of(12.0), 12.0, "no binds: nothing is divided");
        share.set(1, 4, Some(Instant::now() + Duration::from_secs(30)));
        assert_eq!(share.of(12.0), 3.0);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(share.of(12.0), 0.0);
        share.set(4, 4, None);
        assert_eq!(share.of(12.0), 12.0);
    }
}
