//! A clock that stands still.

use chrono::{DateTime, Utc};
use clarion_domain::clock::Clock;

/// Always shows [`super::NOW`].
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        super::NOW.parse().expect("a moment")
    }
}
