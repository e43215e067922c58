//! Requests that must have their effect once: who carries one out, and what was answered.
//!
//! A request is reserved in a transaction of its own before anything is done for it. Its answer is recorded in the very
//! transaction that makes its effect last, and only by whoever still holds the reservation: so there is one effect, and a
//! crash leaves either both or neither. What a request must look like, and what is done with an answer, is not decided here.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use clarion_domain::client::ClientId;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamp};

use crate::conn::on_each_backend;
use crate::schema::idempotency_keys::{self, dsl};
use crate::{Conn, StoreError, dialect, stored};

/// How long a key counts after its first request.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// The right to carry a request out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Whose request.
    pub client: ClientId,
    /// The key by which the client knows it.
    pub key: String,
    /// Unlike that of any other attempt.
    pub owner: String,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The scope that the request needed.
    pub scope: String,
    /// What the request was: an answer is for the same request again, and for no other.
    pub fingerprint: Vec<u8>,
    /// The answer's status.
    pub status: u16,
    /// The headers that matter, one a line.
    pub headers: String,
    /// The answer's body.
    pub body: String,
}

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// Nothing stood there, or what was left of a dead attempt: the request is the asker's to carry out.
    Ours,
    /// Another attempt is under way.
    UnderWay,
    /// It was carried out.
    Answered(Answered),
}

/// Reserves a request, unless it is under way or was carried out. Who is alive is judged by the database's clock where nodes
/// share it, and by `now` where one process has it.
///
/// # Errors
/// The database's.
pub fn reserve(
    conn: &mut Conn,
    wanted: &Reservation,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Reserved, StoreError> {
    if insert(conn, wanted, lease, now)? {
        return Ok(Reserved::Ours);
    }
    let clock = dialect::shared_clock(conn, now);
    let leased = sql::<Bool>("lease_until > ").bind::<Timestamp, _>(clock);
    // Whoever stood in the way of the insert may be gone by now: then the whole is run again.
    let (row, is_leased): (Row, bool) = dsl::idempotency_keys
        .find((wanted.client.0, &wanted.key))
        .select((Row::as_select(), leased))
        .first(conn)
        .optional()?
        .ok_or_else(moved)?;
    let is_old = row.created_at <= stored::moment(now) - KEPT;
    match row.answered()? {
        Some(answered) if !is_old => Ok(Reserved::Answered(answered)),
        None if is_leased => Ok(Reserved::UnderWay),
        _ => take_over(conn, wanted, &row.owner, lease, now),
    }
}

fn insert(
    conn: &mut Conn,
    wanted: &Reservation,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let lease_until = dialect::shared_lease_end(conn, lease, now);
    let inserted = on_each_backend!(conn, inner => diesel::insert_into(idempotency_keys::table)
        .values((
            dsl::client_id.eq(wanted.client.0),
            dsl::key.eq(&wanted.key),
            dsl::owner.eq(&wanted.owner),
            dsl::lease_until.eq(lease_until),
            dsl::created_at.eq(stored::moment(now)),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(inserted > 0)
}

/// Begins anew where an attempt died, or its answer is no longer kept.
fn take_over(
    conn: &mut Conn,
    wanted: &Reservation,
    from: &str,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Reserved, StoreError> {
    let lease_until = dialect::shared_lease_end(conn, lease, now);
    let now = stored::moment(now);
    let taken = diesel::update(dsl::idempotency_keys.find((wanted.client.0, &wanted.key)))
        .filter(dsl::owner.eq(from))
        .filter(dsl::status.is_null().or(dsl::created_at.le(now - KEPT)))
        .set((
            dsl::owner.eq(&wanted.owner),
            dsl::lease_until.eq(lease_until),
            dsl::created_at.eq(now),
            dsl::scope.eq(None::<String>),
            dsl::fingerprint.eq(None::<Vec<u8>>),
            dsl::status.eq(None::<i16>),
            dsl::headers.eq(None::<String>),
            dsl::body.eq(None::<String>),
        ))
        .execute(conn)?;
    match taken {
        0 => Err(moved()),
        _ => Ok(Reserved::Ours),
    }
}

fn moved() -> StoreError {
    StoreError::Conflict("the idempotency key has moved".to_owned())
}

/// Keeps a reservation alive.
///
/// # Errors
/// The database's.
pub fn renew(
    conn: &mut Conn,
    held: &Reservation,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let lease_until = dialect::shared_lease_end(conn, lease, now);
    diesel::update(dsl::idempotency_keys.find((held.client.0, &held.key)))
        .filter(dsl::owner.eq(&held.owner))
        .filter(dsl::status.is_null())
        .set(dsl::lease_until.eq(lease_until))
        .execute(conn)?;
    Ok(())
}

/// Records the answer to a request, in the transaction of its effect.
///
/// # Errors
/// [`StoreError::TakenOver`] where the reservation is no longer held: the effect must not last then. The database's.
pub fn record(conn: &mut Conn, held: &Reservation, answered: &Answered) -> Result<(), StoreError> {
    let recorded = diesel::update(dsl::idempotency_keys.find((held.client.0, &held.key)))
        .filter(dsl::owner.eq(&held.owner))
        .filter(dsl::status.is_null())
        .set((
            dsl::scope.eq(&answered.scope),
            dsl::fingerprint.eq(&answered.fingerprint),
            dsl::status.eq(i16::try_from(answered.status).unwrap_or(i16::MAX)),
            dsl::headers.eq(&answered.headers),
            dsl::body.eq(&answered.body),
        ))
        .execute(conn)?;
    match recorded {
        0 => Err(StoreError::TakenOver),
        _ => Ok(()),
    }
}

/// Gives up a reservation whose request had no effect, so that it can be made again at once.
///
/// # Errors
/// The database's.
pub fn release(conn: &mut Conn, held: &Reservation) -> Result<(), StoreError> {
    diesel::delete(dsl::idempotency_keys.find((held.client.0, &held.key)))
        .filter(dsl::owner.eq(&held.owner))
        .filter(dsl::status.is_null())
        .execute(conn)?;
    Ok(())
}

/// Gives up the reservations of former processes, where no other process can be alive: on SQLite, whose file one process has.
/// On PostgreSQL their leases run out, and nothing is done. How many.
///
/// # Errors
/// The database's.
pub fn release_of_former(conn: &mut Conn) -> Result<usize, StoreError> {
    if !dialect::is_alone(conn) {
        return Ok(0);
    }
    let released = diesel::delete(dsl::idempotency_keys)
        .filter(dsl::status.is_null())
        .execute(conn)?;
    Ok(released)
}

/// Forgets what is no longer kept; how many.
///
/// # Errors
/// The database's.
pub fn sweep(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let old = stored::moment(now) - KEPT;
    let clock = dialect::shared_clock(conn, now);
    let swept = diesel::delete(dsl::idempotency_keys)
        .filter(dsl::created_at.le(old))
        .filter(dsl::status.is_not_null().or(dsl::lease_until.le(clock)))
        .execute(conn)?;
    Ok(swept)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    owner: String,
    created_at: NaiveDateTime,
    scope: Option<String>,
    fingerprint: Option<Vec<u8>>,
    status: Option<i16>,
    headers: Option<String>,
    body: Option<String>,
}

impl Row {
    /// The answer, where there is one.
    fn answered(&self) -> Result<Option<Answered>, StoreError> {
        let Some(status) = self.status else {
            return Ok(None);
        };
        Ok(Some(Answered {
            scope: self.scope.clone().unwrap_or_default(),
            fingerprint: self.fingerprint.clone().unwrap_or_default(),
            status: stored::unsigned::<u16>("status of an answer", status)?,
            headers: self.headers.clone().unwrap_or_default(),
            body: self.body.clone().unwrap_or_default(),
        }))
    }
}
