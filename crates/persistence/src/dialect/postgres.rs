//! What only PostgreSQL does.

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::{Connection, PgConnection};

use crate::pool::Pool;
use crate::{Conn, DatabaseSettings, StoreError};

/// The pool of all connections.
pub(crate) fn pool(url: String, settings: &DatabaseSettings) -> Pool {
    let statement_timeout = settings.statement_timeout().as_millis();
    let prepared_statements = settings.prepared_statements;
    let set_up = format!("SET statement_timeout = {statement_timeout}; SET timezone = 'UTC';");
    let connect = move || connect(&url, &set_up, prepared_statements);
    Pool::new(
        settings.connections,
        settings.acquire_timeout(),
        Box::new(connect),
    )
}

fn connect(url: &str, set_up: &str, prepared_statements: bool) -> Result<Conn, StoreError> {
    let mut conn =
        PgConnection::establish(url).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    if !prepared_statements {
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    conn.batch_execute(set_up)?;
    Ok(Conn::Postgres(conn))
}
