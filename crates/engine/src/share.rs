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
    /// By their places among all of them, which are the same for all nodes.
    kept: Vec<usize>,
    /// In the whole cluster. 0: no gateway has any, and there is nothing to divide by.
    all: usize,
    /// When they are kept no longer unless that is prolonged; `None`: they stay.
    until: Option<Instant>,
}

impl Share {
    /// The node keeps these of all binds.
    pub(crate) fn set(&self, kept: Vec<usize>, all: usize, until: Option<Instant>) {
        *self.lock() = Binds { kept, all, until };
    }

    /// How much of a limit per second this node may use now.
    pub(crate) fn of(&self, limit: f64) -> f64 {
        let binds = self.lock();
        if binds.all == 0 {
            return limit;
        }
        limit * binds.lasting().len() as f64 / binds.all as f64
    }

    /// The same of a limit that is to hold for each second, in whole parts: what cannot be divided evenly goes to the first
    /// binds.
    pub(crate) fn whole(&self, limit: u32) -> u32 {
        let binds = self.lock();
        let Ok(all @ 1..) = u32::try_from(binds.all) else {
            return limit;
        };
        let each = limit / all;
        let kept = binds.lasting().iter();
        kept.map(|place| each + u32::from(*place < (limit % all) as usize))
            .sum()
    }

    fn lock(&self) -> MutexGuard<'_, Binds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Binds {
    fn lasting(&self) -> &[usize] {
        let lasts = self.until.is_none_or(|until| Instant::now() < until);
        if lasts { &self.kept } else { &[] }
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
        share.set(vec![2], 4, Some(Instant::now() + Duration::from_secs(30)));
        assert_eq!(share.of(12.0), 3.0);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(share.of(12.0), 0.0);
        share.set(vec![0, 1, 2, 3], 4, None);
        assert_eq!(share.of(12.0), 12.0);
    }

    #[test]
    fn whole_parts_go_to_the_first_binds() {
        let share = Share::default();
        assert_eq!(share.whole(7), 7, "no binds: nothing is divided");
        for (limit, shares) in [(1, [1, 0, 0]), (7, [3, 2, 2]), (12, [4, 4, 4])] {
            for (place, part) in shares.into_iter().enumerate() {
                share.set(vec![place], 3, None);
                assert_eq!(share.whole(limit), part, "{limit}");
            }
            share.set(vec![0, 1, 2], 3, None);
            assert_eq!(share.whole(limit), limit);
        }
    }
}
