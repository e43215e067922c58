//! API keys: at rest there is only the SHA-256 of a key.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::page::Page;
use diesel::prelude::*;

use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text};
use crate::schema::api_keys;
use crate::{Conn, StoreError, clients, stored};

/// How much older a noted use must be for another one to be noted: a key in use costs no write with every request.
pub const TOUCH_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// A key about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Whose it is.
    pub client: ClientId,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// The key's first characters, to tell it from others.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// From when on it is no longer good; `None`: it stays good until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub client: ClientId,
    /// What its owner calls it.
    pub name: String,
    /// The key's first characters.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// From when on it is no longer good.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Whether it opens anything at this moment.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What became of a key that is one of a limited number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    /// It is stored.
    Stored(ApiKey),
    /// There is no such client.
    NoClient,
    /// The client has as many live keys as it may have.
    TooMany,
}

/// Stores a key; its number.
///
/// # Errors
/// The database's; a hash that is stored already.
pub fn insert(conn: &mut Conn, key: &NewApiKey, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let id = diesel::insert_into(api_keys::table)
        .values((
            api_keys::client_id.eq(key.client.0),
            api_keys::name.eq(&key.name),
            api_keys::hash.eq(key.hash.as_slice()),
            api_keys::prefix.eq(&key.prefix),
            api_keys::scopes.eq(key.scopes.join(" ")),
            api_keys::created_at.eq(stored::moment(now)),
            api_keys::expires_at.eq(key.expires_at.map(stored::moment)),
        ))
        .returning(api_keys::id)
        .get_result(conn)?;
    Ok(id)
}

/// Stores a key, unless its client has `most` live ones already.
///
/// # Errors
/// The database's; a hash that is stored already.
pub fn issue(
    conn: &mut Conn,
    key: &NewApiKey,
    most: u32,
    now: DateTime<Utc>,
) -> Result<Issued, StoreError> {
    // One after the other: of two that count at the same time, both would find room for one.
    if !clients::lock(conn, key.client)? {
        return Ok(Issued::NoClient);
    }
    if count_live(conn, key.client, now)? >= i64::from(most) {
        return Ok(Issued::TooMany);
    }
    let id = insert(conn, key, now)?;
    let stored = find(conn, key.client, id)?;
    Ok(stored.map_or(Issued::NoClient, Issued::Stored))
}

fn count_live(conn: &mut Conn, client: ClientId, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let expires_at = api_keys::expires_at;
    let is_live = expires_at.is_null().or(expires_at.gt(stored::moment(now)));
    let count = api_keys::table
        .filter(api_keys::client_id.eq(client.0))
        .filter(api_keys::revoked_at.is_null())
        .filter(is_live)
        .count()
        .get_result(conn)?;
    Ok(count)
}

/// A key of a client, revoked ones too.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, client: ClientId, id: i64) -> Result<Option<ApiKey>, StoreError> {
    let row: Option<Row> = api_keys::table
        .find(id)
        .filter(api_keys::client_id.eq(client.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(ApiKey::from))
}

/// The key of a hash, unless it is revoked; it may have expired.
///
/// # Errors
/// The database's.
pub fn find_by_hash(conn: &mut Conn, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
    let row: Option<Row> = api_keys::table
        .filter(api_keys::hash.eq(hash.as_slice()))
        .filter(api_keys::revoked_at.is_null())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(ApiKey::from))
}

/// Notes that a key was used, to the minute.
///
/// # Errors
/// The database's.
pub fn touch(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    let now = stored::moment(now);
    diesel::update(api_keys::table.find(id))
        .filter(
            api_keys::last_used_at
                .is_null()
                .or(api_keys::last_used_at.lt(now - TOUCH_INTERVAL)),
        )
        .set(api_keys::last_used_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// What keys can be filtered and sorted by.
pub static PROPERTIES: [Property; 9] = [
    integer("id", "api_keys.id"),
    integer("clientId", "api_keys.client_id"),
    text("name", "api_keys.name"),
    text("prefix", "api_keys.prefix"),
    text("scopes", "api_keys.scopes"),
    date_time("createdAt", "api_keys.created_at"),
    nullable(date_time("expiresAt", "api_keys.expires_at")),
    nullable(date_time("lastUsedAt", "api_keys.last_used_at")),
    nullable(date_time("revokedAt", "api_keys.revoked_at")),
];

/// The newest first.
const OWN_ORDER: &str = "api_keys.id DESC";

/// A page of a client's keys, revoked ones too.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<ApiKey>, StoreError> {
    let wanted = api_keys::table
        .filter(api_keys::client_id.eq(client.0))
        .filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let sorts = listing::ordered(conn, &request.sorts, OWN_ORDER, &PROPERTIES[0]);
    let rows: Vec<Row> = wanted
        .order(sorts)
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let items = rows.into_iter().map(ApiKey::from).collect();
    let total = stored::unsigned("count of keys", total)?;
    Ok(Page::new(request.page, total, items))
}

/// Every key of a client, revoked ones too, oldest first.
///
/// # Errors
/// The database's.
pub fn of_client(conn: &mut Conn, client: ClientId) -> Result<Vec<ApiKey>, StoreError> {
    let rows: Vec<Row> = api_keys::table
        .filter(api_keys::client_id.eq(client.0))
        .order(api_keys::id)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// Revokes a key of a client; whether there was one that was not revoked.
///
/// # Errors
/// The database's.
pub fn revoke(
    conn: &mut Conn,
    client: ClientId,
    id: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let revoked = diesel::update(api_keys::table.find(id))
        .filter(api_keys::client_id.eq(client.0))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::revoked_at.eq(stored::moment(now)))
        .execute(conn)?;
    Ok(revoked > 0)
}

/// Whether there is any key at all.
///
/// # Errors
/// The database's.
pub fn any(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(
        diesel::select(diesel::dsl::exists(api_keys::table.select(api_keys::id)))
            .get_result(conn)?,
    )
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
struct Row {
    id: i64,
    client_id: i64,
    name: String,
    prefix: String,
    scopes: String,
    created_at: NaiveDateTime,
    last_used_at: Option<NaiveDateTime>,
    revoked_at: Option<NaiveDateTime>,
    expires_at: Option<NaiveDateTime>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            client: ClientId(row.client_id),
            name: row.name,
            prefix: row.prefix,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: row.created_at.and_utc(),
            last_used_at: row.last_used_at.map(|at| at.and_utc()),
            revoked_at: row.revoked_at.map(|at| at.and_utc()),
            expires_at: row.expires_at.map(|at| at.and_utc()),
        }
    }
}
