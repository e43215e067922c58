//! Until when messages are tried that were refused for now and then handed back: they come again, on any bind of the
//! gateway, and their time must not begin anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clarion_domain::recipient::RecipientKey;
use tokio::time::Instant;

/// So many are kept before it is looked whether some can be forgotten.
const MANY: usize = 10_000;
/// One that has not come again so long after its time was over does not come.
const FORGOTTEN: Duration = Duration::from_secs(3_600);

/// The tries of a gateway's messages that were handed back.
#[derive(Default)]
pub(in crate::smpp) struct Tries(Mutex<HashMap<RecipientKey, Try>>);

/// How a message has been tried so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Try {
    /// After this it is not tried again: a span from its first try, whatever becomes of the clock on the wall. How long it
    /// waited for its turn before does not count.
    pub(super) until: Instant,
    /// The code of its last refusal for now.
    pub(super) deferred_by: Option<u32>,
}

impl Tries {
    /// The message is handed back.
    pub(super) fn keep(&self, recipient: RecipientKey, tried: Try) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MANY {
            let now = Instant::now();
            tries.retain(|_, tried| tried.until + FORGOTTEN > now);
        }
        tries.insert(recipient, tried);
    }

    /// The message has come again, or for the first time.
    pub(super) fn take(&self, recipient: RecipientKey) -> Option<Try> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&recipient)
    }
}
