//! Clients: the tenants.

use chrono::{DateTime, Utc};
use clarion_domain::client::{ClientId, FIRST_CLIENT};
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::schema::clients;
use crate::{Conn, StoreError, stored};

/// Makes the first client where it does not exist.
///
/// # Errors
/// The database's.
pub fn ensure_first(conn: &mut Conn, now: DateTime<Utc>) -> Result<(), StoreError> {
    on_each_backend!(conn, inner => diesel::insert_into(clients::table)
        .values((
            clients::id.eq(FIRST_CLIENT.0),
            clients::name.eq("default"),
            clients::created_at.eq(stored::moment(now)),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

/// Makes a client.
///
/// # Errors
/// The database's; an id that is taken.
pub fn insert(
    conn: &mut Conn,
    id: ClientId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(id.0),
            clients::name.eq(name),
            clients::created_at.eq(stored::moment(now)),
        ))
        .execute(conn)?;
    Ok(())
}
