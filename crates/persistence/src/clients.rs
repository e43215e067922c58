//! Clients: the tenants.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::OnUnknown;
use clarion_domain::client::{ClientId, FIRST_CLIENT};
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::page::Page;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::conn::on_each_backend;
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text};
use crate::schema::clients;
use crate::{Conn, StoreError, stored};

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// What it is called.
    pub name: String,
    /// What becomes of its messages of unknown outcome where their campaign does not say; `None`: as the setting has it.
    pub on_unknown: Option<OnUnknown>,
    /// How many messages it may send to one person; `None`: as many as it likes.
    pub max_per_person: Option<FrequencyCap>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

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

/// Makes a client under a number that is chosen for it.
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

/// Makes a client under the next number.
///
/// # Errors
/// The database's.
pub fn create(conn: &mut Conn, name: &str, now: DateTime<Utc>) -> Result<ClientId, StoreError> {
    // PostgreSQL's own numbering knows nothing of numbers that were chosen.
    let last: Option<i64> = clients::table
        .select(diesel::dsl::max(clients::id))
        .get_result(conn)?;
    let id = ClientId(last.unwrap_or_default() + 1);
    match insert(conn, id, name, now) {
        // Somebody else has made one at the same moment.
        Err(StoreError::Query(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info))) => {
            Err(StoreError::Conflict(info.message().to_owned()))
        }
        made => made.map(|()| id),
    }
}

/// What clients can be filtered and sorted by.
pub static PROPERTIES: [Property; 5] = [
    integer("id", "clients.id"),
    text("name", "clients.name"),
    // By the names of `OnUnknown`.
    nullable(text(
        "onUnknown",
        "(CASE clients.on_unknown WHEN 0 THEN 'hold' WHEN 1 THEN 'resend' END)",
    )),
    // As in `3 in 24h`.
    nullable(text(
        "maxPerPerson",
        "(clients.max_per_person || ' in ' || clients.max_per_person_hours || 'h')",
    )),
    date_time("createdAt", "clients.created_at"),
];

const OWN_ORDER: &str = "clients.id";

/// A page of clients: of all, or of one alone.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    one: Option<ClientId>,
    request: &ListRequest,
) -> Result<Page<Client>, StoreError> {
    let first = one.map_or(i64::MIN, |client| client.0);
    let last = one.map_or(i64::MAX, |client| client.0);
    let wanted = clients::table
        .filter(clients::id.between(first, last))
        .filter(listing::passing(conn, &request.filter));
    listing::page!(conn, request, wanted, Row => Client, (OWN_ORDER, &PROPERTIES[0]))
}

/// A client.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: ClientId) -> Result<Option<Client>, StoreError> {
    let row: Option<Row> = clients::table
        .find(id.0)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Client::try_from).transpose()
}

/// Calls a client something else; whether there is one.
///
/// # Errors
/// The database's.
pub fn rename(conn: &mut Conn, id: ClientId, name: &str) -> Result<bool, StoreError> {
    let renamed = diesel::update(clients::table.find(id.0))
        .set(clients::name.eq(name))
        .execute(conn)?;
    Ok(renamed > 0)
}

/// Says what becomes of a client's messages of unknown outcome where their campaign does not say; whether there is one.
///
/// # Errors
/// The database's.
pub fn set_on_unknown(
    conn: &mut Conn,
    id: ClientId,
    policy: Option<OnUnknown>,
) -> Result<bool, StoreError> {
    let set = diesel::update(clients::table.find(id.0))
        .set(clients::on_unknown.eq(policy.map(OnUnknown::number)))
        .execute(conn)?;
    Ok(set > 0)
}

/// Says how many messages a client may send to one person, from the next unit of messages on; whether there is one.
///
/// # Errors
/// The database's.
pub fn set_max_per_person(
    conn: &mut Conn,
    id: ClientId,
    cap: Option<FrequencyCap>,
) -> Result<bool, StoreError> {
    let set = diesel::update(clients::table.find(id.0))
        .set((
            clients::max_per_person.eq(cap.map(|cap| cap.count().cast_signed())),
            clients::max_per_person_hours.eq(cap.map(|cap| cap.hours().cast_signed())),
        ))
        .execute(conn)?;
    Ok(set > 0)
}

/// Keeps others that do the same from a client until the transaction ends; whether there is one.
///
/// # Errors
/// The database's.
pub(crate) fn lock(conn: &mut Conn, id: ClientId) -> Result<bool, StoreError> {
    let locked = diesel::update(clients::table.find(id.0))
        .set(clients::name.eq(clients::name))
        .execute(conn)?;
    Ok(locked > 0)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct Row {
    id: i64,
    name: String,
    created_at: NaiveDateTime,
    on_unknown: Option<i16>,
    #[diesel(embed)]
    max_per_person: CapRow,
}

/// A client's frequency cap, as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
pub(crate) struct CapRow {
    max_per_person: Option<i32>,
    max_per_person_hours: Option<i32>,
}

impl TryFrom<CapRow> for Option<FrequencyCap> {
    type Error = StoreError;

    fn try_from(row: CapRow) -> Result<Self, StoreError> {
        let (Some(count), Some(hours)) = (row.max_per_person, row.max_per_person_hours) else {
            return Ok(None);
        };
        let of = |number: i32| u32::try_from(number).unwrap_or_default();
        let cap = FrequencyCap::new(of(count), of(hours));
        cap.map(Some)
            .ok_or_else(|| stored::corrupt("frequency cap", format!("{count} in {hours} h")))
    }
}

impl TryFrom<Row> for Client {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ClientId(row.id),
            name: row.name,
            on_unknown: row.on_unknown.map(stored::on_unknown).transpose()?,
            max_per_person: row.max_per_person.try_into()?,
            created_at: row.created_at.and_utc(),
        })
    }
}
