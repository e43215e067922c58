//! The store: units of work on pooled connections, each on a blocking thread; every write is one transaction.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::runtime::Handle;

use crate::pool::{Permit, Pool};
use crate::settings::Address;
use crate::{Backend, Conn, DatabaseSettings, StoreError, dialect, migrations};

/// How often a write is tried where other transactions are in its way.
const ATTEMPTS: u32 = 8;

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    backend: Backend,
    readers: Pool,
    writers: Pool,
    /// For the callers that are on a blocking thread already.
    runtime: Handle,
    /// Held as long as the store lives: keeps a second process off a SQLite file.
    _lock: Option<File>,
}

impl Store {
    /// Connects, and makes a SQLite file with its directory where there is none.
    ///
    /// # Errors
    /// The URL is no usable one, another process has the SQLite file open, or the database cannot be reached.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        Self::open_as(settings, dialect::sqlite::lock).await
    }

    /// Connects beside the process that has the database, for a few short transactions: nothing that sends may do this on
    /// SQLite, since leases there count on the one process.
    ///
    /// # Errors
    /// The database cannot be reached, or has not this version's schema, which is not brought up here.
    pub async fn open_beside(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let store = Self::open_as(settings, |_| Ok(None)).await?;
        store.write(migrations::require_current).await?;
        Ok(store)
    }

    async fn open_as(
        settings: &DatabaseSettings,
        lock: impl FnOnce(&Path) -> Result<Option<File>, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let settings = settings.clone();
        let runtime = Handle::current();
        let store = on_blocking_thread(move || Self::assemble(&settings, lock, runtime)).await?;
        store.write(|_| Ok(())).await?;
        Ok(store)
    }

    fn assemble(
        settings: &DatabaseSettings,
        lock: impl FnOnce(&Path) -> Result<Option<File>, StoreError>,
        runtime: Handle,
    ) -> Result<Self, StoreError> {
        let (backend, readers, writers, lock) = match settings.address()? {
            Address::Sqlite(path) => {
                let lock = lock(&path)?;
                let (readers, writers) = dialect::sqlite::pools(&path, settings)?;
                (Backend::Sqlite, readers, writers, lock)
            }
            Address::Postgres(url) => {
                let pool = dialect::postgres::pool(url, settings);
                (Backend::Postgres, pool.clone(), pool, None)
            }
        };
        Ok(Self(Arc::new(Shared {
            backend,
            readers,
            writers,
            runtime,
            _lock: lock,
        })))
    }

    /// Brings the schema to this version.
    ///
    /// # Errors
    /// The database is newer than this program, or a migration fails.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.write(migrations::run).await
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.0.backend
    }

    /// Whether other nodes may share it: then what they lease runs out.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.backend == Backend::Postgres
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|conn| Ok(conn.batch_execute("SELECT 1")?)).await
    }

    /// Runs `work`, which only reads.
    ///
    /// # Errors
    /// Those of the work, or no connection.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.0.readers.acquire().await?;
        on_blocking_thread(move || read(&permit, work)).await
    }

    /// Runs `work` as one transaction, again where another one was in its way.
    ///
    /// # Errors
    /// Those of the work, which then leaves nothing behind, or no connection.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.0.writers.acquire().await?;
        on_blocking_thread(move || write(&permit, work)).await
    }

    /// [`Store::read`] for a caller on a blocking thread.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// On a thread of the asynchronous runtime.
    pub fn read_blocking<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let permit = self.0.runtime.block_on(self.0.readers.acquire())?;
        read(&permit, work)
    }

    /// [`Store::write`] for a caller on a blocking thread.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// On a thread of the asynchronous runtime.
    pub fn write_blocking<T>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let permit = self.0.runtime.block_on(self.0.writers.acquire())?;
        write(&permit, work)
    }
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Panicked(error.to_string())),
    }
}

fn read<T>(
    permit: &Permit,
    work: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    permit.run(|conn| {
        let result = work(conn);
        if let Err(StoreError::Query(error)) = &result
            && conn.batch_execute("SELECT 1").is_err()
        {
            // A server that goes down says so in an error of no particular kind.
            return Err(StoreError::Unavailable(error.to_string()));
        }
        result
    })
}

fn write<T>(
    permit: &Permit,
    mut work: impl FnMut(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    for attempt in 1..=ATTEMPTS {
        match permit.run(|conn| transaction(conn, &mut work)) {
            Err(StoreError::Conflict(reason)) => {
                tracing::debug!(attempt, reason, "a transaction is run again");
                std::thread::sleep(Duration::from_millis(1 << attempt));
            }
            result => return result,
        }
    }
    Err(StoreError::Busy)
}

fn transaction<T>(
    conn: &mut Conn,
    work: &mut impl FnMut(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    dialect::begin(conn)?;
    let result = work(conn).and_then(|value| {
        dialect::commit(conn)?;
        Ok(value)
    });
    if let Err(error) = &result
        && dialect::roll_back(conn).is_err()
    {
        // Without a working rollback the connection is lost, and the database has rolled back by itself.
        return Err(StoreError::Unavailable(error.to_string()));
    }
    result
}
