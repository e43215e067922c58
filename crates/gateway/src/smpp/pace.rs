//! How fast parts may go: the gateway's limit, and a bind that slows down when the peer says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clarion_domain::sender::SenderId;
use tokio::time::Instant;

use super::meter::Measure;

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

    fn next(&self) -> Option<Instant> {
        let drip = self.0.as_ref()?;
        Some(drip.lock().unwrap_or_else(PoisonError::into_inner).next)
    }

    /// Takes leave for one part, or tells when to ask again.
    fn take(&self, now: Instant) -> Result<(), Instant> {
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
struct Drip {
    interval: Duration,
    next: Instant,
}

const CATCH_UP: Duration = Duration::from_millis(20);

impl Drip {
    fn new(per_second: f64, now: Instant) -> Self {
        Self {
            interval: Duration::from_secs_f64(1.0 / per_second),
            next: now,
        }
    }

    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if self.next > now {
            return Err(self.next);
        }
        self.next = self.next.max(now.checked_sub(CATCH_UP).unwrap_or(now)) + self.interval;
        Ok(())
    }
}

/// A bind's pace: multiplicative decrease when the peer refuses for now, additive increase while it takes parts, and
/// no limit again once it has long taken more than what made it refuse.
#[derive(Debug)]
pub(super) struct Pace {
    limit: Limit,
    slow: Option<Slow>,
    measure: Measure,
}

#[derive(Debug)]
struct Slow {
    rate: f64,
    /// What each part taken adds, per part per second of rate.
    step: f64,
    /// At this rate there is no need to be slow any more.
    enough: f64,
    drip: Drip,
    decreased: Instant,
}

/// Refusals closer together than this are one: they answer parts that were sent at the same pace.
const ONE_REFUSAL: Duration = Duration::from_millis(500);
/// After a refusal nothing is sent for so long.
const PAUSE: Duration = Duration::from_millis(100);
const SLOWEST: f64 = 1.0;

impl Pace {
    pub(super) fn new(limit: Limit, now: Instant) -> Self {
        Self {
            limit,
            slow: None,
            measure: Measure::new(now),
        }
    }

    /// Whether there is leave for a part, as far as this bind knows; the other binds share the limit.
    pub(super) fn ready(&self, now: Instant) -> Result<(), Instant> {
        let slow = self.slow.as_ref().map(|slow| slow.drip.next);
        match slow.into_iter().chain(self.limit.next()).max() {
            Some(next) if next > now => Err(next),
            _ => Ok(()),
        }
    }

    /// Parts per second that refusals have slowed it down to.
    pub(super) fn slowed_to(&self) -> Option<u32> {
        self.slow.as_ref().map(|slow| slow.rate.round() as u32)
    }

    /// Takes leave for one part, or tells when to ask again.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(slow) = &mut self.slow
            && slow.drip.next > now
        {
            return Err(slow.drip.next);
        }
        self.limit.take(now)?;
        match &mut self.slow {
            Some(slow) => slow.drip.take(now),
            None => Ok(()),
        }
    }

    /// The peer took a part.
    pub(super) fn taken(&mut self, now: Instant) {
        self.measure.taken(now);
        if let Some(slow) = &mut self.slow {
            slow.rate += slow.step / slow.rate;
            slow.drip.interval = Duration::from_secs_f64(1.0 / slow.rate);
            if slow.rate >= slow.enough {
                self.slow = None;
            }
        }
    }

    /// The peer refused a part for now.
    pub(super) fn refused(&mut self, now: Instant) {
        if let Some(slow) = &self.slow
            && now < slow.decreased + ONE_REFUSAL
        {
            return;
        }
        let seen = self.measure.rate(now);
        let before = self
            .slow
            .as_ref()
            .map_or(seen, |slow| slow.rate.min(seen.max(SLOWEST)));
        let rate = (before / 2.0).max(SLOWEST);
        let mut drip = Drip::new(rate, now);
        drip.next = now + PAUSE;
        self.slow = Some(Slow {
            rate,
            step: (before / 20.0).max(SLOWEST),
            enough: 2.0 * before.max(2.0 * SLOWEST),
            drip,
            decreased: now,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many parts leave in a second of millisecond steps, all of them taken.
    fn second(pace: &mut Pace, now: &mut Instant) -> u32 {
        let mut sent = 0;
        for _ in 0..1_000 {
            *now += Duration::from_millis(1);
            for _ in 0..10 {
                if pace.take(*now).is_ok() {
                    pace.taken(*now);
                    sent += 1;
                }
            }
        }
        sent
    }

    #[test]
    fn the_limit_holds_over_all_binds() {
        let mut now = Instant::now();
        let limit = Limit::new(100, now);
        let mut binds = [Pace::new(limit.clone(), now), Pace::new(limit, now)];
        let mut sent = 0;
        for _ in 0..1_000 {
            now += Duration::from_millis(1);
            sent += binds
                .iter_mut()
                .filter_map(|bind| bind.take(now).ok())
                .count();
        }
        assert!((99..=103).contains(&sent), "{sent}");
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
        assert!(limit.drips.lock().unwrap().len() <= SENDERS);
    }

    #[test]
    fn a_refused_bind_halves_its_pace_then_recovers_and_is_free_again() {
        let mut now = Instant::now();
        let mut pace = Pace::new(Limit::new(0, now), now);
        assert_eq!(second(&mut pace, &mut now), 10_000);
        pace.refused(now);
        assert!(pace.take(now).is_err());
        let slowed = second(&mut pace, &mut now);
        assert!((3_000..7_000).contains(&slowed), "{slowed}");
        let later = second(&mut pace, &mut now);
        assert!(later > slowed, "{later}");
        for _ in 0..60 {
            second(&mut pace, &mut now);
        }
        assert_eq!(second(&mut pace, &mut now), 10_000);
    }

    #[test]
    fn a_burst_of_refusals_counts_once() {
        let mut now = Instant::now();
        let mut pace = Pace::new(Limit::new(0, now), now);
        second(&mut pace, &mut now);
        pace.refused(now);
        let rate = pace.slow.as_ref().unwrap().rate;
        pace.refused(now);
        assert!((pace.slow.as_ref().unwrap().rate - rate).abs() < f64::EPSILON);
        now += ONE_REFUSAL;
        pace.refused(now);
        assert!(pace.slow.as_ref().unwrap().rate < rate);
    }
}
