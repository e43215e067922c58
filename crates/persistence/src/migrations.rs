//! The embedded migrations, which live at the top of the repository.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::{Conn, StoreError};

pub(crate) const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
pub(crate) const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Runs those that are missing.
pub(crate) fn run(conn: &mut Conn) -> Result<(), StoreError> {
    let _ = (conn, &SQLITE, &POSTGRES);
    Err(StoreError::Migration("not yet".to_owned()))
}
