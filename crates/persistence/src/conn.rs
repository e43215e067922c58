//! A connection to either database, behind one type.

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// The server.
    Postgres(PgConnection),
}

/// The same query expanded for each backend: for the few things that the enum cannot express, such as ON CONFLICT and
/// inserts of several rows.
macro_rules! on_each_backend {
    ($conn:expr, $inner:ident => $work:expr) => {
        match $conn {
            $crate::Conn::Sqlite($inner) => $work,
            $crate::Conn::Postgres($inner) => $work,
        }
    };
}
pub(crate) use on_each_backend;
