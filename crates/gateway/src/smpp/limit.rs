//! The gateway's limits in parts per second, over all its binds: of the whole, and of each sender.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clarion_domain::sender::SenderId;
use tokio::time::Instant;

/// The gateway's limit in parts per second, shared by its binds.
#[derive(Debug, Clone)]
pub(super) struct Limit(Option<Arc<Mutex<Drip>>>);

impl Limit {
    /// 0: none.
    pub(super) fn new(parts_per_second: u32, now: Instant) -> Self {
        Self(
            (parts_per_second > 0)
                .then(|| Arc::new(Mutex::new(Drip::new(f64::from(parts_per_second), now)))),
        )
    }

    /// When to ask again, as far as is known.
    pub(super) fn next(&self) -> Option<Instant> {
        let drip = self.0.as_ref()?;
        Some(drip.lock().unwrap_or_else(PoisonError::into_inner).next)
    }

    /// Takes leave for one part, or tells when to ask again.
    pub(super) fn take(&self, now: Instant) -> Result<(), Instant> {
        match &self.0 {
            None => Ok(()),
            Some(drip) => drip
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(now),
        }
    }
}

/// The limit of each sender in parts per second, shared by the gateway's binds.
#[derive(Debug)]
pub(super) struct SenderLimit {
    per_second: u32,
    drips: Mutex<HashMap<SenderId, Drip>>,
}

/// Senders that are kept in mind; beyond, those are forgotten that have leave anyway.
const SENDERS: usize = 1_000;

impl SenderLimit {
    /// 0: none.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            drips: Mutex::default(),
        }
    }

    /// Takes leave for one part of that sender, or tells when to ask again.
    pub(super) fn take(&self, sender: &SenderId, now: Instant) -> Result<(), Instant> {
        if self.per_second == 0 {
            return Ok(());
        }
        let mut drips = self.drips.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(drip) = drips.get_mut(sender) {
            return drip.take(now);
        }
        if drips.len() >= SENDERS {
            drips.retain(|_, drip| drip.next > now);
        }
        let drip = drips.entry(sender.clone());
        drip.or_insert(Drip::new(f64::from(self.per_second), now))
            .take(now)
    }
}

/// Leave for parts, evenly in time; what a late timer missed, at most [`CATCH_UP`], is made up for.
#[derive(Debug)]
pub(super) struct Drip {
    pub(super) interval: Duration,
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
        assert!(limit.drips.lock().unwrap().len() <= SENDERS);
    }
}
