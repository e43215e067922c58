//! A clock that stands still until it is told to go on.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::clock::Clock;

pub(crate) struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(
            DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        ))
    }

    pub(crate) fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap() = now;
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
