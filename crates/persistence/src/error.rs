//! What can go wrong with the database, as far as a caller treats it differently.
//!
//! A rule that forbids something is no error here: functions return such an outcome inside `Ok`.

use clarion_domain::campaign::Forbidden;
use diesel::result::{DatabaseErrorKind, Error};

/// Why a unit of work has not been done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or the connection was lost; later it may work.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Every connection was in use for too long, or other writers were in the way each time it was tried.
    #[error("the database is busy")]
    Busy,
    /// Another transaction was in the way; [`Store::write`](crate::Store::write) runs the work again.
    #[error("another transaction was in the way: {0}")]
    Conflict(String),
    /// Somebody else has taken the work over in the meantime; nothing of it is stored.
    #[error("the work was taken over by another request")]
    TakenOver,
    /// A stored value that no version of this program writes.
    #[error("the database holds what it should not: {0}")]
    Corrupt(String),
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Query(#[source] Error),
    /// The schema could not be brought to this version.
    #[error("the schema cannot be migrated: {0}")]
    Migration(String),
    /// The address of the database cannot be used.
    #[error("the database's URL {0}")]
    Url(String),
    /// Another process has this SQLite file open.
    #[error(
        "{path} is in use by another process{process}: stop it first, or use PostgreSQL to run several nodes"
    )]
    InUse {
        /// The database.
        path: String,
        /// Which process it is, as in ` (42)`; empty where that is not known.
        process: String,
    },
    /// The work itself failed by a panic.
    #[error("the work on the database failed: {0}")]
    Panicked(String),
}

/// What became of a change that a rule may forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Done.
    Done,
    /// No such thing of this client.
    NotFound,
    /// A rule forbids it now.
    Forbidden(Forbidden),
}

impl StoreError {
    /// Whether the database takes nothing at present, be it that it is away, read-only or without room, so that other work
    /// would fare no better.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Busy => true,
            Self::Query(Error::DatabaseError(kind, _)) => {
                matches!(
                    kind,
                    DatabaseErrorKind::Unknown | DatabaseErrorKind::UnableToSendCommand
                )
            }
            _ => false,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match &error {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Conflict(info.message().to_owned())
            }
            // A server that has become a standby: the next connection may find the one that takes writes.
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            // diesel has no kind for a deadlock and keeps the SQLSTATE to itself.
            Error::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message() == "deadlock detected" =>
            {
                Self::Conflict(info.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message() == "database is locked" =>
            {
                Self::Busy
            }
            _ => Self::Query(error),
        }
    }
}
