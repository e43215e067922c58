//! How fast a bind may go: within the gateway's limit, and slower where the peer says so.

use std::time::Duration;

use tokio::time::Instant;

use super::limit::{Drip, Limit};
use super::meter::Measure;

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
    /// What each part taken adds, per part per second of rate. It stays what the pace before the first refusal makes it:
    /// a share of the present one would shrink with it, and the bind of a peer that refuses by the clock, not by the
    /// pace, would never get up again.
    step: f64,
    /// At this rate there is no need to be slow any more.
    enough: f64,
    drip: Drip,
    decreased: Instant,
    asking: Option<Asking>,
}

/// While the peer refuses, it is asked now and then, with one part: a refusal of that says nothing of the pace.
#[derive(Debug)]
struct Asking {
    pause: Duration,
    next: Instant,
    /// Whether a part was written since the last refusal that counted.
    asked: bool,
    refusals: u32,
}

/// Refusals closer together than this are one: they answer parts that were sent at the same pace.
const ONE_REFUSAL: Duration = Duration::from_millis(500);
/// After a refusal nothing is sent for so long; twice as long after each further one,
const PAUSE: Duration = Duration::from_millis(100);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(1_000);
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
        let slow = self.slow.as_ref().map(Slow::next);
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
        if let Some(next) = self.slow.as_ref().map(Slow::next)
            && next > now
        {
            return Err(next);
        }
        self.limit.take(now)?;
        match &mut self.slow {
            Some(slow) => slow.take(now),
            None => Ok(()),
        }
    }

    /// The peer took a part.
    pub(super) fn taken(&mut self, now: Instant) {
        self.measure.taken(now);
        if let Some(slow) = &mut self.slow {
            slow.taken();
            if slow.rate >= slow.enough {
                self.slow = None;
            }
        }
    }

    /// The peer refused a part for now.
    pub(super) fn refused(&mut self, now: Instant) {
        match &mut self.slow {
            Some(slow) => slow.refused(now),
            None => self.slow = Some(Slow::new(self.measure.rate(now), now)),
        }
    }
}

impl Slow {
    /// The peer has refused at that rate.
    fn new(before: f64, now: Instant) -> Self {
        let rate = (before / 2.0).max(SLOWEST);
        Self {
            rate,
            step: (before / 20.0).max(SLOWEST),
            enough: 2.0 * before.max(2.0 * SLOWEST),
            drip: Drip::new(rate, now),
            decreased: now,
            asking: Some(Asking::new(now)),
        }
    }

    fn next(&self) -> Instant {
        let asking = self.asking.as_ref().map(|asking| asking.next);
        asking.map_or(self.drip.next, |next| next.max(self.drip.next))
    }

    fn take(&mut self, now: Instant) -> Result<(), Instant> {
        self.drip.take(now)?;
        if let Some(asking) = &mut self.asking {
            asking.asked = true;
            asking.next = now + asking.pause;
        }
        Ok(())
    }

    fn taken(&mut self) {
        // What was in flight when the peer refused says nothing of what it does now.
        if self.asking.as_ref().is_some_and(|asking| asking.asked) {
            self.asking = None;
        }
        self.rate += self.step / self.rate;
        self.drip.set_rate(self.rate);
    }

    fn refused(&mut self, now: Instant) {
        if let Some(asking) = &mut self.asking {
            return asking.refused(now);
        }
        self.asking = Some(Asking::new(now));
        if now >= self.decreased + ONE_REFUSAL {
            self.decreased = now;
            self.rate = (self.rate / 2.0).max(SLOWEST);
            self.drip.set_rate(self.rate);
        }
    }
}

impl Asking {
    fn new(now: Instant) -> Self {
        Self {
            pause: PAUSE,
            next: now + PAUSE,
            asked: false,
            refusals: 0,
        }
    }

    fn refused(&mut self, now: Instant) {
        if self.asked {
            self.asked = false;
            self.refusals += 1;
            self.pause = (2 * self.pause).min(LONGEST_PAUSE);
            self.next = now + self.pause.mul_f64(uneven(self.refusals));
        }
    }
}

/// Between 0.75 and 1.25, as good as by chance: pauses of one length, or of one on average, could keep step with a peer
/// that refuses at even intervals, and always meet it refusing.
fn uneven(count: u32) -> f64 {
    const GOLDEN_RATIO: f64 = 0.618_034;
    0.75 + (f64::from(count).powi(2) * GOLDEN_RATIO).fract() / 2.0
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
        now += ONE_REFUSAL;
        pace.refused(now);
        assert!((pace.slow.as_ref().unwrap().rate - rate).abs() < f64::EPSILON);
        // It goes on, and is refused anew.
        pace.take(now).unwrap();
        pace.taken(now);
        pace.refused(now);
        assert!(pace.slow.as_ref().unwrap().rate < rate);
    }

    /// How many parts a peer takes and refuses in the second half of some seconds, of a bind that always has one to send.
    fn half_of(seconds: u64, mut takes: impl FnMut(Duration) -> bool) -> (u32, u32) {
        let begun = Instant::now();
        let mut pace = Pace::new(Limit::new(1_000, begun), begun);
        let (mut taken, mut refused) = (0, 0);
        for life in (1..seconds * 1_000).map(Duration::from_millis) {
            if pace.take(begun + life).is_err() {
                continue;
            }
            let counts = u32::from(life >= Duration::from_secs(seconds) / 2);
            if takes(life) {
                pace.taken(begun + life);
                taken += counts;
            } else {
                pace.refused(begun + life);
                refused += counts;
            }
        }
        (taken, refused)
    }

    /// A peer that takes so many in each second.
    fn at_most(per_second: u32) -> impl FnMut(Duration) -> bool {
        let (mut second, mut taken) = (0, 0);
        move |life| {
            if life.as_secs() != second {
                (second, taken) = (life.as_secs(), 0);
            }
            taken += 1;
            taken <= per_second
        }
    }

    #[test]
    fn a_peer_with_a_limit_gets_nearly_that_and_little_more_to_refuse() {
        for per_second in [5, 20, 100, 500] {
            let (taken, refused) = half_of(120, at_most(per_second));
            let most = 60 * per_second;
            assert!(taken * 10 > most * 7, "{per_second}: {taken}");
            assert!(refused * 5 < taken, "{per_second}: {taken}, {refused}");
        }
    }

    #[test]
    fn a_peer_that_refuses_most_of_the_time_is_not_slowed_down_to_nothing() {
        let mostly_refuses = |life: Duration| life.as_secs() % 10 < 3;
        let (taken, refused) = half_of(120, mostly_refuses);
        assert!(taken > 60 * 30, "{taken}");
        assert!(refused * 10 < taken, "{refused}");
    }

    #[test]
    fn no_even_interval_of_refusals_keeps_step_with_the_pauses() {
        for period in (100..=4_000).step_by(100) {
            let takes = |life: Duration| life.as_millis() % period * 4 < period;
            let (taken, _) = half_of(120, takes);
            assert!(taken >= 2, "{period} ms: {taken}");
        }
    }
}
