//! Connections kept open for use again.
//!
//! A permit is taken before a blocking thread is, so there are never more blocking threads than connections. Nothing is
//! tested on check-out: a connection that turns out to be lost takes the idle ones with it, and they are made anew.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Conn, StoreError};

/// How a pool makes a connection.
pub(crate) type Connect = Box<dyn Fn() -> Result<Conn, StoreError> + Send + Sync>;

/// At most so many connections.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    connect: Connect,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Conn>>,
    acquire_timeout: Duration,
}

/// The right to use one connection.
pub(crate) struct Permit {
    pool: Pool,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(size: u32, acquire_timeout: Duration, connect: Connect) -> Self {
        let size = usize::try_from(size.max(1)).unwrap_or(1);
        Self(Arc::new(Shared {
            connect,
            permits: Arc::new(Semaphore::new(size)),
            idle: Mutex::new(Vec::with_capacity(size)),
            acquire_timeout,
        }))
    }

    /// Waits for the right to use a connection.
    pub(crate) async fn acquire(&self) -> Result<Permit, StoreError> {
        let permits = Arc::clone(&self.0.permits);
        match tokio::time::timeout(self.0.acquire_timeout, permits.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Permit {
                pool: self.clone(),
                _permit: permit,
            }),
            Ok(Err(_)) | Err(_) => Err(StoreError::Busy),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Conn>> {
        // Whoever panicked held no more than a push or a pop.
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Runs `work` on a connection, and keeps the connection unless it is lost. A panic drops it as well.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.pool.idle().pop();
        let mut conn = match kept {
            Some(conn) => conn,
            None => (self.pool.0.connect)()?,
        };
        let result = work(&mut conn);
        if matches!(result, Err(StoreError::Unavailable(_))) {
            self.pool.idle().clear();
        } else {
            self.pool.idle().push(conn);
        }
        result
    }
}
