//! Web hooks: where clients are told what becomes of their messages. What they are to be told is written by `outbox`, taken
//! up by `delivering`, and read by `deliveries`.

pub mod deliveries;
pub mod delivering;
pub(crate) mod outbox;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::page::Page;
use clarion_domain::web_hook::{MAX_WEB_HOOKS, Secret, WebHookId, WebHookKey, WebHookTerms};
use diesel::prelude::*;
use uuid::Uuid;

use crate::listing::{self, ListRequest, Property, boolean, date_time, nullable, text, uuid};
use crate::schema::{web_hook_deliveries, web_hooks};
use crate::{Conn, FORGOTTEN_AT_ONCE, StoreError, clients, stored};

/// A web hook, but for its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebHook {
    /// The database's own number.
    pub key: WebHookKey,
    /// Its public id.
    pub id: WebHookId,
    /// What it is.
    pub terms: WebHookTerms,
    /// Why the service has disabled it; `None`: it is enabled, or its owner has disabled it.
    pub disabled_reason: Option<String>,
    /// Until when the secret before the present one signs as well; that moment may be over.
    pub former_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What became of a web hook that is one of a limited number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It is stored.
    Stored(WebHook),
    /// The client has as many as it may have.
    TooMany,
}

/// Makes a web hook, unless its client has as many as it may have.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    client: ClientId,
    id: WebHookId,
    terms: &WebHookTerms,
    secret: &Secret,
    now: DateTime<Utc>,
) -> Result<Made, StoreError> {
    // One after the other: of two that count at the same time, both would find room for one.
    clients::lock(conn, client)?;
    let count: i64 = of_client(client).count().get_result(conn)?;
    if count >= i64::from(MAX_WEB_HOOKS) {
        return Ok(Made::TooMany);
    }
    diesel::insert_into(web_hooks::table)
        .values((
            web_hooks::public_id.eq(id.0.to_string()),
            web_hooks::client_id.eq(client.0),
            web_hooks::url.eq(&terms.url),
            web_hooks::enabled.eq(terms.enabled),
            web_hooks::secret.eq(secret.bytes()),
            web_hooks::created_at.eq(stored::shown_moment(now)),
        ))
        .execute(conn)?;
    let stored = find(conn, client, id)?;
    stored
        .map(Made::Stored)
        .ok_or_else(|| stored::corrupt("web hook", id.0))
}

/// A client's web hook.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    id: WebHookId,
) -> Result<Option<WebHook>, StoreError> {
    let row: Option<Row> = of_client(client)
        .filter(web_hooks::public_id.eq(id.0.to_string()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(WebHook::try_from).transpose()
}

/// What web hooks can be filtered and sorted by.
pub static PROPERTIES: [Property; 6] = [
    uuid("id", "web_hooks.public_id"),
    text("url", "web_hooks.url"),
    boolean("enabled", "web_hooks.enabled"),
    nullable(text("disabledReason", "web_hooks.disabled_reason")),
    nullable(date_time("formerSecretUntil", "web_hooks.former_until")),
    date_time("createdAt", "web_hooks.created_at"),
];

/// The newest first.
const OWN_ORDER: &str = "web_hooks.id DESC";

/// A page of a client's web hooks.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<WebHook>, StoreError> {
    let wanted = of_client(client).filter(listing::passing(conn, &request.filter));
    listing::page!(conn, request, wanted, Row => WebHook, (OWN_ORDER, &PROPERTIES[0]))
}

/// Makes a client's web hook something else; whether there is one. Whoever enables it has seen why it was disabled.
///
/// # Errors
/// The database's.
pub fn replace(
    conn: &mut Conn,
    client: ClientId,
    id: WebHookId,
    terms: &WebHookTerms,
) -> Result<bool, StoreError> {
    let replaced = diesel::update(web_hooks::table)
        .filter(web_hooks::public_id.eq(id.0.to_string()))
        .filter(web_hooks::client_id.eq(client.0))
        .filter(web_hooks::deleted_at.is_null())
        .set((
            web_hooks::url.eq(&terms.url),
            web_hooks::enabled.eq(terms.enabled),
            web_hooks::disabled_reason.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(replaced > 0)
}

/// Gives a client's web hook another secret, beside which the one before signs until then; `None`: there is no such web
/// hook.
///
/// # Errors
/// The database's.
pub fn rotate(
    conn: &mut Conn,
    client: ClientId,
    id: WebHookId,
    secret: &Secret,
    former_until: DateTime<Utc>,
) -> Result<Option<WebHook>, StoreError> {
    let rotated = diesel::update(web_hooks::table)
        .filter(web_hooks::public_id.eq(id.0.to_string()))
        .filter(web_hooks::client_id.eq(client.0))
        .filter(web_hooks::deleted_at.is_null())
        .set((
            // What stands on the right is the row as it was.
            web_hooks::former_secret.eq(web_hooks::secret.nullable()),
            web_hooks::former_until.eq(stored::shown_moment(former_until)),
            web_hooks::secret.eq(secret.bytes()),
        ))
        .execute(conn)?;
    match rotated {
        0 => Ok(None),
        _ => find(conn, client, id),
    }
}

/// Removes a client's web hook; whether there was one. Nothing more goes out from that moment on, and its deliveries are
/// cleared away by [`clear_deleted`].
///
/// # Errors
/// The database's.
pub fn delete(
    conn: &mut Conn,
    client: ClientId,
    id: WebHookId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let deleted = diesel::update(web_hooks::table)
        .filter(web_hooks::public_id.eq(id.0.to_string()))
        .filter(web_hooks::client_id.eq(client.0))
        .filter(web_hooks::deleted_at.is_null())
        .set((
            web_hooks::deleted_at.eq(stored::moment(now)),
            web_hooks::enabled.eq(false),
        ))
        .execute(conn)?;
    Ok(deleted > 0)
}

/// Clears away what deleted web hooks leave behind, some at once: to be called until nothing is left. How many rows.
///
/// # Errors
/// The database's.
pub fn clear_deleted(conn: &mut Conn) -> Result<usize, StoreError> {
    let deleted: Option<i64> = web_hooks::table
        .filter(web_hooks::deleted_at.is_not_null())
        .select(web_hooks::id)
        .first(conn)
        .optional()?;
    let Some(key) = deleted else {
        return Ok(0);
    };
    let some: Vec<i64> = web_hook_deliveries::table
        .filter(web_hook_deliveries::web_hook_id.eq(key))
        .limit(FORGOTTEN_AT_ONCE)
        .select(web_hook_deliveries::id)
        .load(conn)?;
    if some.is_empty() {
        return Ok(diesel::delete(web_hooks::table.find(key)).execute(conn)?);
    }
    let cleared = diesel::delete(web_hook_deliveries::table)
        .filter(web_hook_deliveries::id.eq_any(some))
        .execute(conn)?;
    Ok(cleared)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_client(client: ClientId) -> _ {
    let client: i64 = client.0;
    web_hooks::table
        .filter(web_hooks::client_id.eq(client))
        .filter(web_hooks::deleted_at.is_null())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = web_hooks)]
struct Row {
    id: i64,
    public_id: String,
    url: String,
    enabled: bool,
    disabled_reason: Option<String>,
    former_until: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
}

impl TryFrom<Row> for WebHook {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = Uuid::parse_str(&row.public_id)
            .map_err(|_| stored::corrupt("web hook id", &row.public_id))?;
        Ok(Self {
            key: WebHookKey(row.id),
            id: WebHookId(id),
            terms: WebHookTerms {
                url: row.url,
                enabled: row.enabled,
            },
            disabled_reason: row.disabled_reason,
            former_until: row.former_until.map(|until| until.and_utc()),
            created_at: row.created_at.and_utc(),
        })
    }
}
