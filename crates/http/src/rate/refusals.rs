//! Keys that are refused, counted by the address they come from.
//!
//! A drawn key cannot be guessed, so it is always looked up: whoever shares an address with someone that tries keys goes on
//! working. A key whose text was chosen may be guessed; while its address has to wait, it is not even looked up.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use clarion_domain::api_key::KeyText;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::too_many;
use crate::problem::Problem;

/// How many keys of each address were refused, or what else is counted in the same way.
pub(crate) struct Refusals {
    /// What is told where there are too many.
    detail: &'static str,
    /// `None`: they are not counted.
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    /// The addresses that have to wait, and until when.
    waiting: Mutex<HashMap<IpAddr, Instant>>,
}

impl Refusals {
    /// 0 a minute is no limit.
    pub(super) fn new(per_minute: u32, detail: &'static str) -> Self {
        let most = NonZeroU32::new(per_minute);
        Self {
            detail,
            limiter: most.map(|most| RateLimiter::keyed(Quota::per_minute(most))),
            waiting: Mutex::default(),
        }
    }

    /// Whether a key from this address is looked up.
    ///
    /// # Errors
    /// It is one that may be guessed, and the address has to wait.
    pub(crate) fn admit(&self, address: Option<IpAddr>, key: &KeyText) -> Result<(), Problem> {
        let until = address.and_then(|address| self.waiting().get(&network(address)).copied());
        let wait = until.unwrap_or(now()).saturating_duration_since(now());
        if key.is_drawn() || wait.is_zero() {
            Ok(())
        } else {
            Err(too_many(wait, self.detail))
        }
    }

    /// Counts one that was refused: what is to be told, which is something else where there are too many.
    pub(crate) fn count(&self, address: Option<IpAddr>, refusal: Problem) -> Problem {
        let (Some(limiter), Some(address)) = (&self.limiter, address) else {
            return refusal;
        };
        let address = network(address);
        match limiter.check_key(&address) {
            Ok(()) => refusal,
            Err(until) => {
                self.waiting().insert(address, until.earliest_possible());
                too_many(until.wait_time_from(now()), self.detail)
            }
        }
    }

    pub(super) fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
        self.waiting().retain(|_, until| *until > now());
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> Instant {
    DefaultClock::default().now()
}

/// Whoever has an IPv6 address has at least 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;

    fn limited(refused_keys_per_minute: u32) -> Refusals {
        Refusals::new(refused_keys_per_minute, "too many")
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    fn is_too_many(refusals: &Refusals, from: &str) -> bool {
        let refusal = Problem::new(Kind::Unauthorized, "no");
        refusals.count(address(from), refusal).is(Kind::TooMany)
    }

    #[test]
    fn refusals_are_counted_by_address() {
        let refusals = limited(2);
        for (from, too_many) in [
            ("192.0.2.1", false),
            ("::ffff:192.0.2.1", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("2001:db8::1", false),
            ("2001:db8::2", false),
            ("2001:db8::3", true),
        ] {
            assert_eq!(is_too_many(&refusals, from), too_many, "{from}");
        }
        refusals.forget_idle();
        assert!(is_too_many(&refusals, "192.0.2.1"));
    }

    #[test]
    fn only_keys_that_can_be_guessed_have_to_wait() {
        let refusals = limited(1);
        let drawn = KeyText::generate(&[0; 32]);
        let chosen = KeyText::parse("let-the-scripts-in").expect("a key");
        let from = "192.0.2.1";
        assert!(!is_too_many(&refusals, from));
        assert!(refusals.admit(address(from), &chosen).is_ok());
        assert!(is_too_many(&refusals, from));
        assert!(refusals.admit(address(from), &chosen).is_err());
        assert!(refusals.admit(address(from), &drawn).is_ok());
        assert!(refusals.admit(address("192.0.2.2"), &chosen).is_ok());
        refusals.forget_idle();
        assert!(refusals.admit(address(from), &chosen).is_err());
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let refusals = limited(0);
        assert!((0..1_000).all(|_| !is_too_many(&refusals, "192.0.2.1")));
    }
}
