//! The embedded migrations, which live at the top of the repository.

use diesel::backend::Backend;
use diesel::migration::{MigrationConnection, MigrationSource};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Conn, StoreError, dialect};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Runs those that are missing, all in the transaction that is open.
pub(crate) fn run(conn: &mut Conn) -> Result<(), StoreError> {
    conn.setup().map_err(|error| match error {
        // Another node is making the same table.
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            StoreError::Conflict(info.message().to_owned())
        }
        error => error.into(),
    })?;
    dialect::lock_migrations(conn)?;
    match conn {
        Conn::Sqlite(conn) => bring_up(conn, SQLITE),
        Conn::Postgres(conn) => bring_up(conn, POSTGRES),
    }
}

fn bring_up<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<(), StoreError> {
    let known: Vec<_> = MigrationSource::<DB>::migrations(&migrations)
        .map_err(failed)?
        .iter()
        .map(|migration| migration.name().version().as_owned())
        .collect();
    let applied = conn.applied_migrations().map_err(failed)?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
        return Err(StoreError::Migration(format!(
            "migration {newer} was made by a newer version of this program"
        )));
    }
    conn.run_pending_migrations(migrations).map_err(failed)?;
    Ok(())
}

/// Refuses a database that has not this version's schema.
pub(crate) fn require_current(conn: &mut Conn) -> Result<(), StoreError> {
    let pending = match conn {
        Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
        Conn::Postgres(conn) => conn.has_pending_migration(POSTGRES),
    };
    if pending.map_err(failed)? {
        return Err(StoreError::Migration(
            "another process of an older version has the database".to_owned(),
        ));
    }
    Ok(())
}

/// Takes all of them back, for the test that they can be.
#[cfg(feature = "testing")]
pub(crate) fn revert_all(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(conn) => conn.revert_all_migrations(SQLITE).map_err(failed)?,
        Conn::Postgres(conn) => conn.revert_all_migrations(POSTGRES).map_err(failed)?,
    };
    Ok(())
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Migration(error.to_string())
}
