//! How fast requests may come: those with a key, and from an address those whose key is refused.

mod refusals;

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::HttpSettings;
use crate::problem::{Kind, Problem};
use crate::state;
use refusals::Refusals;

const REFUSED_KEYS: &str = "too many refused API keys come from this address";
const UNKNOWN_LINKS: &str = "too many links that do not exist are asked for from this address";

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The limits, and how much of them is used up. Each node has its own.
pub(crate) struct Rates {
    requests: Option<Requests>,
    pub(crate) refusals: Refusals,
    /// Links that do not exist.
    pub(crate) unknown_links: Refusals,
}

/// The limit of each key: so many requests at once, and so many a second in the long run.
struct Requests {
    limiter:
        RateLimiter<i64, DefaultKeyedStateStore<i64>, DefaultClock, StateInformationMiddleware>,
    per_second: u32,
    burst: u32,
}

/// Where a key stands.
struct Standing {
    per_second: u32,
    burst: u32,
    remaining: u32,
    /// How long until it may ask again, where it may not now.
    wait: Option<Duration>,
}

impl Rates {
    /// What the settings say; 0 is no limit.
    pub(crate) fn new(settings: &HttpSettings) -> Self {
        Self {
            requests: Requests::new(settings),
            refusals: Refusals::new(settings.refused_keys_per_minute, REFUSED_KEYS),
            unknown_links: Refusals::new(settings.unknown_links_per_minute, UNKNOWN_LINKS),
        }
    }

    /// Forgets who has not asked for long.
    pub(crate) fn forget_idle(&self) {
        if let Some(requests) = &self.requests {
            requests.limiter.retain_recent();
        }
        self.refusals.forget_idle();
        self.unknown_links.forget_idle();
    }
}

impl Requests {
    fn new(settings: &HttpSettings) -> Option<Self> {
        let per_second = NonZeroU32::new(settings.requests_per_second)?;
        let burst = NonZeroU32::new(settings.request_burst).unwrap_or(per_second);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Some(Self {
            limiter: RateLimiter::keyed(quota).with_middleware(),
            per_second: per_second.get(),
            burst: burst.get(),
        })
    }

    fn take(&self, key: i64) -> Standing {
        let (remaining, wait) = match self.limiter.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(self.limiter.clock().now()))),
        };
        Standing {
            per_second: self.per_second,
            burst: self.burst,
            remaining,
            wait,
        }
    }
}

impl Standing {
    /// Tells it in the headers of the IETF's draft on rate limits.
    fn tell(&self, headers: &mut HeaderMap) {
        let seconds = |requests: u32| requests.div_ceil(self.per_second);
        let used = self.burst.saturating_sub(self.remaining);
        let policy = format!("\"key\";q={};w={}", self.burst, seconds(self.burst));
        let limit = format!("\"key\";r={};t={}", self.remaining, seconds(used));
        for (name, value) in [(POLICY, policy), (LIMIT, limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Lets a key ask as often as it may.
pub(crate) async fn limit(
    rates: web::Data<Rates>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let key = state::key_of(&request);
    let Some((requests, key)) = rates.requests.as_ref().zip(key) else {
        return next.call(request).await;
    };
    let standing = requests.take(key);
    let mut answer = match standing.wait {
        None => next.call(request).await?,
        Some(wait) => {
            let problem = too_many(wait, "requests with this API key come too fast");
            request.error_response(problem)
        }
    };
    standing.tell(answer.headers_mut());
    Ok(answer)
}

fn too_many(wait: Duration, detail: &str) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::for_now(Kind::TooMany, seconds.max(1), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(requests_per_second: u32, request_burst: u32) -> Rates {
        Rates::new(&HttpSettings {
            requests_per_second,
            request_burst,
            ..HttpSettings::default()
        })
    }

    fn told(standing: &Standing) -> (String, String) {
        let mut headers = HeaderMap::new();
        standing.tell(&mut headers);
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let text = |name| text(name).unwrap_or_default().to_owned();
        (text(POLICY), text(LIMIT))
    }

    #[test]
    fn a_key_has_a_burst_and_learns_what_is_left_of_it() {
        let rates = rates(1, 3);
        let requests = rates.requests.expect("a limit");
        let first = told(&requests.take(7));
        assert_eq!(first.0, r#""key";q=3;w=3"#);
        assert_eq!(first.1, r#""key";r=2;t=1"#);
        let standings: Vec<_> = (0..30).map(|_| requests.take(7)).collect();
        let refused = standings.iter().rfind(|standing| standing.wait.is_some());
        let refused = told(refused.expect("too many at once"));
        assert_eq!(refused.1, r#""key";r=0;t=3"#);
        assert!(requests.take(8).wait.is_none(), "another key has its own");
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let rates = rates(0, 3);
        assert!(rates.requests.is_none());
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        for (milliseconds, seconds) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2")] {
            use actix_web::ResponseError;
            let answer = too_many(Duration::from_millis(milliseconds), "no").error_response();
            let header = answer.headers().get("retry-after").cloned();
            assert_eq!(header, Some(HeaderValue::from_static(seconds)));
        }
    }
}
