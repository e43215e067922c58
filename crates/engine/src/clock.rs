//! The system's clock: the one place that asks the machine for the time.

use chrono::{DateTime, Utc};
use clarion_domain::clock::Clock;

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "everything else takes a `Clock`; this is the one behind it"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
