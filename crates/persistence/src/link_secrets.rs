//! The secrets that the codes in links are made from: drawn once, shared by all nodes, never removed by the service.

use chrono::{DateTime, Utc};
use clarion_domain::link::LinkSecret;
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::schema::link_secrets;
use crate::{Conn, StoreError, stored};

/// The first version.
const FIRST: i64 = 1;

/// The secrets in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSecrets {
    /// Codes are made with it.
    pub newest: LinkSecret,
    /// Codes that were made with it go on working.
    pub former: Option<LinkSecret>,
}

/// The secrets in use; where there are none yet, `drawn` is the first. Whoever comes second gets the other's.
///
/// # Errors
/// The database's.
pub fn ensure(
    conn: &mut Conn,
    drawn: [u8; 32],
    now: DateTime<Utc>,
) -> Result<LinkSecrets, StoreError> {
    if let Some(secrets) = newest(conn)? {
        return Ok(secrets);
    }
    insert(conn, FIRST, &drawn, now)?;
    newest(conn)?.ok_or_else(|| StoreError::Corrupt("no secret of links".to_owned()))
}

/// Makes `drawn` the newest secret: nodes make codes with it from their next start on, and go on reading those of the one
/// before. Codes that are older still stop working.
///
/// # Errors
/// The database's.
pub fn rotate(conn: &mut Conn, drawn: [u8; 32], now: DateTime<Utc>) -> Result<(), StoreError> {
    let last: Option<i64> = link_secrets::table
        .select(diesel::dsl::max(link_secrets::version))
        .get_result(conn)?;
    insert(conn, last.unwrap_or_default() + 1, &drawn, now)
}

fn newest(conn: &mut Conn) -> Result<Option<LinkSecrets>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = link_secrets::table
        .order(link_secrets::version.desc())
        .limit(2)
        .select((link_secrets::version, link_secrets::secret))
        .load(conn)?;
    let mut secrets = rows.into_iter().map(read);
    let Some(newest) = secrets.next().transpose()? else {
        return Ok(None);
    };
    let former = secrets.next().transpose()?;
    Ok(Some(LinkSecrets { newest, former }))
}

fn insert(
    conn: &mut Conn,
    version: i64,
    secret: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_each_backend!(conn, inner => diesel::insert_into(link_secrets::table)
        .values((
            link_secrets::version.eq(version),
            link_secrets::secret.eq(secret.as_slice()),
            link_secrets::created_at.eq(stored::moment(now)),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

fn read((version, bytes): (i64, Vec<u8>)) -> Result<LinkSecret, StoreError> {
    let bytes = bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt("length of a secret of links".to_owned()))?;
    Ok(LinkSecret { version, bytes })
}
