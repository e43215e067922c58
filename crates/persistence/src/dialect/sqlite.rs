//! What only SQLite does.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::pool::Pool;
use crate::{Conn, DatabaseSettings, StoreError};

/// Takes the lock file beside the database, making the directory where there is none.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|error| unusable(Path::new(&name), &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

/// The pool of readers, and that of the one writer.
pub(crate) fn pools(path: &Path, settings: &DatabaseSettings) -> Result<(Pool, Pool), StoreError> {
    let path = std::path::absolute(path).map_err(|error| unusable(path, &error))?;
    let path = path
        .into_os_string()
        .into_string()
        .map_err(|path| StoreError::Url(format!("names a path that is not UTF-8: {path:?}")))?;
    let busy = settings.statement_timeout_ms;
    let pool = |size, set_up: String| {
        let path = path.clone();
        let connect = move || connect(&path, &set_up);
        Pool::new(size, settings.acquire_timeout(), Box::new(connect))
    };
    let reader = format!("PRAGMA busy_timeout = {busy}; PRAGMA query_only = ON;");
    // FULL: a commit that was answered survives a loss of power.
    let writer = format!(
        "PRAGMA busy_timeout = {busy}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
    );
    Ok((pool(settings.connections, reader), pool(1, writer)))
}

fn connect(path: &str, set_up: &str) -> Result<Conn, StoreError> {
    let mut conn = SqliteConnection::establish(path)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    conn.batch_execute(set_up)?;
    Ok(Conn::Sqlite(conn))
}

fn unusable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Url(format!(
        "names {}, which cannot be used: {error}",
        path.display()
    ))
}
