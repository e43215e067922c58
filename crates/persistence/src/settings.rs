//! The settings of the database, and what its URL means.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::StoreError;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// The embedded database: one file, one process.
    Sqlite,
    /// The server: any number of nodes.
    Postgres,
}

/// Where the database is, and how it is used.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
    /// SQLite: connections for reading, beside the one that writes. PostgreSQL: connections in all.
    pub connections: u32,
    /// The longest that one statement may take, in milliseconds.
    pub statement_timeout_ms: u64,
    /// The longest wait for a free connection, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// Prepared statements; to be switched off behind a pooler that cannot keep them.
    pub prepared_statements: bool,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: "sqlite://data/clarion.db".to_owned(),
            connections: 6,
            statement_timeout_ms: 30_000,
            acquire_timeout_ms: 10_000,
            prepared_statements: true,
        }
    }
}

/// Without the URL, which may hold a password.
impl std::fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("connections", &self.connections)
            .field("statement_timeout_ms", &self.statement_timeout_ms)
            .field("acquire_timeout_ms", &self.acquire_timeout_ms)
            .field("prepared_statements", &self.prepared_statements)
            .finish_non_exhaustive()
    }
}

impl DatabaseSettings {
    /// The defaults, with this URL.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }

    pub(crate) fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    pub(crate) fn address(&self) -> Result<Address, StoreError> {
        Address::parse(&self.url)
    }
}

/// What a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Address {
    /// Reads the scheme itself: diesel's own `establish` would take any unknown URL for the path of a SQLite file, and
    /// create it.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let refuse = |why: &str| Err(StoreError::Url(why.to_owned()));
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            Some(("sqlite", "")) => refuse("names no file: write sqlite://path/to/file.db"),
            Some(("sqlite", path)) if path.contains(['?', '#']) => {
                refuse("has parameters behind the path, and SQLite's takes none")
            }
            Some(("sqlite", path)) if path.starts_with(':') || path.ends_with('/') => {
                refuse("names no file: write sqlite://path/to/file.db")
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => refuse("must begin with sqlite:// or postgres://"),
        }
    }
}
