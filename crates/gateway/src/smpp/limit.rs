//! The gateway's limits in parts per second, over all its binds: of the whole, and of each sender; and what this node's
//! share of them is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clarion_domain::sender::SenderId;
use tokio::time::Instant;

/// The share of a gateway's rates that this node has: that of the binds which it keeps. Binds are leased one by one, so all
/// nodes' shares together are never more than the whole.
#[derive(Debug)]
pub(super) struct Share {
    open: Mutex<usize>,
    of: usize,
}

impl Share {
    /// Of none of so many binds.
    pub(super) fn new(of: usize) -> Self {
        let open = Mutex::default();
        Self { open, of }
    }

    /// One more bind, or one less; the share now. That of a node without binds is never used, and not 0.
    pub(super) fn change(&self, by: isize) -> f64 {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = open.saturating_add_signed(by);
        (*open).max(1) as f64 / self.of.max(1) as f64
    }
}

/// The gateway's limit in parts per second, shared by its binds.
#[derive(Debug, Clone)]
pub(super) struct Limit(Option<Arc<Mutex<Shared>>>);

#[derive(Debug)]
struct Shared {
    /// In the whole cluster.
    per_second: f64,
    drip: Drip,
}

impl Limit {
    /// 0: none.
    pub(super) fn new(parts_per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(parts_per_second);
        let shared = || Shared {
            per_second,
            drip: Drip::new(per_second, now),
        };
        Self((parts_per_second > 0).then(|| Arc::new(Mutex::new(shared()))))
    }

    /// This node has such a share of it.
    pub(super) fn set_share(&self, share: f64) {
        if let Some(shared) = &self.0 {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let per_second = shared.per_second * share;
            shared.drip.set_rate(per_second);
        }
    }

    /// When to ask again, as far as is known.
    pub(super) fn next(&self) -> Option<Instant> {
        let shared = self.0.as_ref()?;
        let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        Some(shared.drip.next)
    }

    /// Takes leave for one part, or tells when to ask again.
    pub(super) fn take(&self, now: Instant) -> Result<(), Instant> {
        match &self.0 {
            None => Ok(()),
            Some(shared) => {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.drip.take(now)
            }
        }
    }
}

/// The limit of each sender in parts per second, shared by the gateway's binds.
#[derive(Debug)]
pub(super) struct SenderLimit {
    /// In the whole cluster.
    per_second: f64,
    drips: Mutex<Drips>,
}

#[derive(Debug)]
struct Drips {
    /// This node's share.
    per_second: f64,
    of: HashMap<SenderId, Drip>,
}

/// Senders that are kept in mind; beyond, those are forgotten that have leave anyway.
const SENDERS: usize = 1_000;

impl SenderLimit {
    /// 0: none.
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        let drips = Drips {
            per_second,
            of: HashMap::new(),
        };
        Self {
            per_second,
            drips: Mutex::new(drips),
        }
    }

    /// This node has such a share of it.
    pub(super) fn set_share(&self, share: f64) {
        if self.per_second > 0.0 {
            let mut drips = self.drips.lock().unwrap_or_else(PoisonError::into_inner);
            let per_second = self.per_second * share;
            drips.per_second = per_second;
            for drip in drips.of.values_mut() {
                drip.set_rate(per_second);
            }
        }
    }

    /// Takes leave for one part of that sender, or tells when to ask again.
    pub(super) fn take(&self, sender: &SenderId, now: Instant) -> Result<(), Instant> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let mut drips = self.drips.lock().unwrap_or_else(PoisonError::into_inner);
        let per_second = drips.per_second;
        let drips = &mut drips.of;
        if let Some(drip) = drips.get_mut(sender) {
            return drip.take(now);
        }
        if drips.len() >= SENDERS {
            drips.retain(|_, drip| drip.next > now);
        }
        let drip = drips.entry(sender.clone());
        drip.or_insert(Drip::new(per_second, now)).take(now)
    }
}

/// Leave for parts, evenly in time; what a late timer missed, at most [`CATCH_UP`], is made up for.
#[derive(Debug)]
pub(super) struct Drip {
    interval: Duration,
    pub(super) next: Instant,
}

const CATCH_UP: Duration = Duration::from_millis(20);

impl Drip {
    pub(super) fn new(per_second: f64, now: Instant) -> Self {
        Self {
            interval: Duration::from_secs_f64(1.0 / per_second),
            next: now,
        }
    }

    pub(super) fn set_rate(&mut self, per_second: f64) {
        self.interval = Duration::from_secs_f64(1.0 / per_second);
    }

    /// Takes leave for one part, or tells when to ask again.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if self.next > now {
            return Err(self.next);
        }
        self.next = self.next.max(now.checked_sub(CATCH_UP).unwrap_or(now)) + self.interval;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_sends_at_the_share_of_its_binds() {
        let mut now = Instant::now();
        let (share, limit, senders) = (Share::new(4), Limit::new(100, now), SenderLimit::new(200));
        let sender = SenderId::Alphanumeric("A".to_owned());
        let mut second = |share: f64| {
            limit.set_share(share);
            senders.set_share(share);
            let mut sent = (0, 0);
            for _ in 0..1_000 {
                now += Duration::from_millis(1);
                sent.0 += i32::from(limit.take(now).is_ok());
                sent.1 += i32::from(senders.take(&sender, now).is_ok());
            }
            sent
        };
        let near = |(all, one): (i32, i32), expected: i32| {
            assert!(
                (all - expected).abs() <= 3 && (one - 2 * expected).abs() <= 6,
                "{all} {one}"
            );
        };
        near(second(share.change(1)), 25);
        near(second(share.change(1)), 50);
        near(second(share.change(2)), 100);
        near(second(share.change(-3)), 25);
    }

    #[test]
    fn each_sender_has_its_own_limit() {
        let mut now = Instant::now();
        let limit = SenderLimit::new(100);
        let senders = ["A", "B"].map(|name| SenderId::Alphanumeric(name.to_owned()));
        let mut sent = [0, 0];
        for _ in 0..1_000 {
            now += Duration::from_millis(1);
            for (sender, sent) in senders.iter().zip(&mut sent) {
                *sent += u32::from(limit.take(sender, now).is_ok());
            }
        }
        assert!(
            sent.iter().all(|sent| (99..=103).contains(sent)),
            "{sent:?}"
        );
    }

    #[test]
    fn no_number_of_senders_fills_the_memory() {
        let now = Instant::now();
        let limit = SenderLimit::new(1_000_000);
        for number in 0..5_000 {
            let sender = SenderId::Alphanumeric(number.to_string());
            assert_eq!(
                limit.take(&sender, now + Duration::from_millis(number)),
                Ok(())
            );
        }
        assert!(limit.drips.lock().unwrap().of.len() <= SENDERS);
    }
}
