//! Which keys were used: remembered here by the requests, and written down together from time to time, so that no request
//! waits for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use clarion_persistence::api_keys::{ApiKey, TOUCH_INTERVAL};

/// Uses that are not written down yet.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<i64, DateTime<Utc>>>);

impl Uses {
    /// A key was used. A use within a minute of the last one that is written down is not worth another write.
    pub(super) fn note(&self, key: &ApiKey, now: DateTime<Utc>) {
        let is_news = |at: DateTime<Utc>| now - at > TOUCH_INTERVAL;
        if key.last_used_at.is_none_or(is_news) {
            self.noted().insert(key.id, now);
        }
    }

    /// Takes what is to be written down.
    pub(super) fn take(&self) -> Vec<(i64, DateTime<Utc>)> {
        let mut uses: Vec<_> = std::mem::take(&mut *self.noted()).into_iter().collect();
        // In one order everywhere, so that nodes do not wait for each other's rows.
        uses.sort_unstable();
        uses
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, HashMap<i64, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
