//! A request that must have its effect once: the right to carry it out, what it is, and the answer that is recorded together
//! with its effect.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use clarion_domain::api_key::Scope;
use clarion_persistence::idempotency::{self, Answered, Reservation};
use clarion_persistence::{Conn, StoreError};
use sha2::{Digest, Sha256};

use super::key;
use crate::reply::Reply;

/// A request that must have its effect once, where it has an idempotency key; else any request.
#[derive(Clone, Default)]
pub(crate) struct Once(Option<Arc<Attempt>>);

/// The attempt to carry a request out.
pub(super) struct Attempt {
    pub(super) reservation: Reservation,
    pub(super) fingerprint: Fingerprint,
    /// What the request needs; known when a handler has its caller.
    scope: OnceLock<Scope>,
    recorded: AtomicBool,
}

impl Once {
    pub(super) fn new(attempt: &Arc<Attempt>) -> Self {
        Self(Some(Arc::clone(attempt)))
    }

    pub(super) fn needs(&self, scope: Scope) {
        if let Some(attempt) = &self.0 {
            attempt.scope.get_or_init(|| scope);
        }
    }

    /// Records the answer in the transaction of what it tells.
    ///
    /// # Errors
    /// The database's; another attempt has taken this one's place, and the effect must not last.
    pub(crate) fn record(&self, conn: &mut Conn, reply: &Reply) -> Result<(), StoreError> {
        match &self.0 {
            Some(attempt) => attempt.record(conn, reply),
            None => Ok(()),
        }
    }
}

impl Attempt {
    pub(super) fn new(reservation: Reservation, fingerprint: Fingerprint) -> Self {
        Self {
            reservation,
            fingerprint,
            scope: OnceLock::new(),
            recorded: AtomicBool::new(false),
        }
    }

    /// Whether an answer was recorded, in a transaction that may not have lasted.
    pub(super) fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Acquire)
    }

    pub(super) fn record(&self, conn: &mut Conn, reply: &Reply) -> Result<(), StoreError> {
        // Where nobody said what the request needs, nothing less than everything is enough to see its answer again.
        let scope = self.scope.get().copied().unwrap_or(Scope::Admin);
        let answered = Answered {
            scope: scope.name().to_owned(),
            fingerprint: self.fingerprint.so_far(),
            status: reply.status(),
            headers: reply.headers(),
            body: reply.body().to_owned(),
        };
        idempotency::record(conn, &self.reservation, &answered)?;
        self.recorded.store(true, Ordering::Release);
        Ok(())
    }
}

/// What a POST is: its path with its parameters, and its body as far as it has been read.
pub(super) struct Fingerprint(Mutex<Sha256>);

impl Fingerprint {
    pub(super) fn of(path: &str, query: &str) -> Self {
        let mut begun = Sha256::new().chain_update(path);
        for parameter in query.split('&').filter(|text| !key::is_given_by(text)) {
            begun.update([b'&']);
            begun.update(parameter);
        }
        begun.update([b'\n']);
        Self(Mutex::new(begun))
    }

    /// The body goes on with these bytes.
    pub(super) fn add(&self, bytes: &[u8]) {
        self.digest().update(bytes);
    }

    pub(super) fn so_far(&self) -> Vec<u8> {
        self.digest().clone().finalize().to_vec()
    }

    fn digest(&self) -> MutexGuard<'_, Sha256> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
