//! Many opt-outs at once, of people who have opted out elsewhere.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::opt_out::{Consent, NewOptOut, OptOutScope};
use diesel::prelude::*;

use super::scope;
use crate::conn::on_each_backend;
use crate::schema::{consents, opt_outs};
use crate::{Conn, StoreError, dialect, stored};

/// Rows of one statement, each of nine values: a statement has room for 32,766 on SQLite.
const ROWS_AT_ONCE: usize = 1_000;

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// They were not in force before.
    pub added: u64,
    /// They were, or stand among these twice.
    pub known: u64,
}

/// A number as it is stored, and what it has opted out of.
type Key = (String, OptOutScope);

/// Records opt-outs. Those that are in force already stay as they are.
///
/// # Errors
/// The database's.
pub fn import(
    conn: &mut Conn,
    client: ClientId,
    new: &[NewOptOut],
    at: DateTime<Utc>,
) -> Result<Imported, StoreError> {
    dialect::lock_consent(conn, client.0)?;
    let mut imported = Imported::default();
    for some in new.chunks(ROWS_AT_ONCE) {
        let mut known = known_among(conn, client, some)?;
        let fresh: Vec<&NewOptOut> = some
            .iter()
            .filter(|one| known.insert((one.number.to_string(), one.scope.clone())))
            .collect();
        imported.added += fresh.len() as u64;
        imported.known += (some.len() - fresh.len()) as u64;
        insert(conn, client, &fresh, at)?;
    }
    Ok(imported)
}

/// What is in force for any of these numbers.
fn known_among(
    conn: &mut Conn,
    client: ClientId,
    some: &[NewOptOut],
) -> Result<HashSet<Key>, StoreError> {
    let numbers: HashSet<String> = some.iter().map(|one| one.number.to_string()).collect();
    let rows: Vec<(String, String, String)> = opt_outs::table
        .filter(opt_outs::client_id.eq(client.0))
        .filter(opt_outs::number.eq_any(numbers))
        .select((opt_outs::number, opt_outs::scope, opt_outs::scope_value))
        .load(conn)?;
    rows.into_iter()
        .map(|(number, kind, value)| Ok((number, scope(&kind, &value)?)))
        .collect()
}

fn insert(
    conn: &mut Conn,
    client: ClientId,
    fresh: &[&NewOptOut],
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let at = stored::shown_moment(at);
    let evidence = |new: &NewOptOut| new.evidence.as_deref().map(stored::without_nul);
    let rows = fresh.iter().map(|new| {
        (
            opt_outs::client_id.eq(client.0),
            opt_outs::number.eq(new.number.to_string()),
            opt_outs::scope.eq(new.scope.kind().name()),
            opt_outs::scope_value.eq(new.scope.value()),
            opt_outs::source.eq(new.source.name()),
            opt_outs::probable.eq(false),
            opt_outs::evidence.eq(evidence(new)),
            opt_outs::created_at.eq(at),
        )
    });
    let rows: Vec<_> = rows.collect();
    on_each_backend!(&mut *conn, inner => diesel::insert_into(opt_outs::table)
        .values(&rows)
        .execute(inner))?;
    let lines = fresh.iter().map(|new| {
        (
            consents::client_id.eq(client.0),
            consents::number.eq(new.number.to_string()),
            consents::consent.eq(Consent::OptOut.name()),
            consents::scope.eq(new.scope.kind().name()),
            consents::scope_value.eq(new.scope.value()),
            consents::source.eq(new.source.name()),
            consents::probable.eq(false),
            consents::evidence.eq(evidence(new)),
            consents::created_at.eq(at),
        )
    });
    let lines: Vec<_> = lines.collect();
    on_each_backend!(conn, inner => diesel::insert_into(consents::table)
        .values(&lines)
        .execute(inner))?;
    Ok(())
}
