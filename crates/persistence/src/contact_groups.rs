//! Contact groups. Their contacts are in `group_contacts`.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::contact_group::{ContactGroupId, ContactGroupKey};
use clarion_domain::page::Page;
use diesel::prelude::*;
use uuid::Uuid;

use crate::listing::{self, ListRequest, Property, date_time, integer, text, uuid};
use crate::schema::{contact_groups, group_contacts};
use crate::{Conn, StoreError, stored};

/// A contact group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactGroup {
    /// The database's own number.
    pub key: ContactGroupKey,
    /// Its public id.
    pub id: ContactGroupId,
    /// Whose it is.
    pub client: ClientId,
    /// What it is called; several may be called the same.
    pub name: String,
    /// How many contacts it has.
    pub contact_count: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Makes an empty group.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    client: ClientId,
    id: ContactGroupId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::insert_into(contact_groups::table)
        .values((
            contact_groups::public_id.eq(id.0.to_string()),
            contact_groups::client_id.eq(client.0),
            contact_groups::name.eq(name),
            contact_groups::contact_count.eq(0),
            contact_groups::last_seq.eq(0),
            contact_groups::created_at.eq(stored::shown_moment(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// A client's group.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    id: ContactGroupId,
) -> Result<Option<ContactGroup>, StoreError> {
    let row: Option<Row> = contact_groups::table
        .filter(contact_groups::public_id.eq(id.0.to_string()))
        .filter(contact_groups::client_id.eq(client.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(ContactGroup::try_from).transpose()
}

/// What groups can be filtered and sorted by.
pub static PROPERTIES: [Property; 4] = [
    uuid("id", "contact_groups.public_id"),
    text("name", "contact_groups.name"),
    integer("contactCount", "contact_groups.contact_count"),
    date_time("createdAt", "contact_groups.created_at"),
];

/// The newest first.
const OWN_ORDER: &str = "contact_groups.id DESC";

/// A page of a client's groups.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<ContactGroup>, StoreError> {
    let wanted = contact_groups::table
        .filter(contact_groups::client_id.eq(client.0))
        .filter(listing::passing(conn, &request.filter));
    listing::page!(conn, request, wanted, Row => ContactGroup, (OWN_ORDER, &PROPERTIES[0]))
}

/// Calls a client's group something else; whether there is one.
///
/// # Errors
/// The database's.
pub fn rename(
    conn: &mut Conn,
    client: ClientId,
    id: ContactGroupId,
    name: &str,
) -> Result<bool, StoreError> {
    let renamed = diesel::update(contact_groups::table)
        .filter(contact_groups::public_id.eq(id.0.to_string()))
        .filter(contact_groups::client_id.eq(client.0))
        .set(contact_groups::name.eq(name))
        .execute(conn)?;
    Ok(renamed > 0)
}

/// Removes a client's group with its contacts; whether there was one.
///
/// # Errors
/// The database's.
pub fn delete(conn: &mut Conn, client: ClientId, id: ContactGroupId) -> Result<bool, StoreError> {
    let Some(group) = find(conn, client, id)? else {
        return Ok(false);
    };
    if !lock(conn, group.key)? {
        return Ok(false);
    }
    crate::group_contacts::remove_all(conn, group.key)?;
    diesel::delete(contact_groups::table.find(group.key.0)).execute(conn)?;
    Ok(true)
}

/// Keeps others that change its contacts from a group until the transaction ends; whether there is one.
pub(crate) fn lock(conn: &mut Conn, key: ContactGroupKey) -> Result<bool, StoreError> {
    reserve(conn, key, 0).map(|last| last.is_some())
}

/// Locks a group and takes so many numbers for new contacts; the number before the first of them, `None` where there is no
/// such group.
pub(crate) fn reserve(
    conn: &mut Conn,
    key: ContactGroupKey,
    count: u32,
) -> Result<Option<i32>, StoreError> {
    let count = stored::seq(count);
    let raised = diesel::update(contact_groups::table.find(key.0))
        .set(contact_groups::last_seq.eq(contact_groups::last_seq + count))
        .execute(conn)?;
    if raised == 0 {
        return Ok(None);
    }
    let last: i32 = contact_groups::table
        .find(key.0)
        .select(contact_groups::last_seq)
        .first(conn)?;
    Ok(Some(last - count))
}

/// Counts the contacts that came in under numbers above `before`, and gives the numbers back that were not used; how many came.
pub(crate) fn settle(
    conn: &mut Conn,
    key: ContactGroupKey,
    before: i32,
) -> Result<u64, StoreError> {
    let added = group_contacts::table
        .filter(group_contacts::group_id.eq(key.0))
        .filter(group_contacts::seq.gt(before));
    let count: i64 = added.count().get_result(conn)?;
    let last: Option<i32> = added
        .select(diesel::dsl::max(group_contacts::seq))
        .get_result(conn)?;
    diesel::update(contact_groups::table.find(key.0))
        .set((
            contact_groups::contact_count.eq(contact_groups::contact_count + count),
            contact_groups::last_seq.eq(last.unwrap_or(before)),
        ))
        .execute(conn)?;
    stored::unsigned("count of contacts", count)
}

/// The ids of all groups of a client.
///
/// # Errors
/// The database's.
pub fn ids(conn: &mut Conn, client: ClientId) -> Result<Vec<(Uuid, ContactGroupKey)>, StoreError> {
    let rows: Vec<(String, i64)> = contact_groups::table
        .filter(contact_groups::client_id.eq(client.0))
        .select((contact_groups::public_id, contact_groups::id))
        .load(conn)?;
    rows.iter()
        .map(|(id, key)| {
            let id = Uuid::parse_str(id).map_err(|_| stored::corrupt("contact group id", id))?;
            Ok((id, ContactGroupKey(*key)))
        })
        .collect()
}

/// Keeps the count of a group's contacts.
pub(crate) fn count(conn: &mut Conn, key: ContactGroupKey, change: i64) -> Result<(), StoreError> {
    diesel::update(contact_groups::table.find(key.0))
        .set(contact_groups::contact_count.eq(contact_groups::contact_count + change))
        .execute(conn)?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = contact_groups)]
struct Row {
    id: i64,
    public_id: String,
    client_id: i64,
    name: String,
    contact_count: i64,
    created_at: NaiveDateTime,
}

impl TryFrom<Row> for ContactGroup {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = Uuid::parse_str(&row.public_id)
            .map_err(|_| stored::corrupt("contact group id", &row.public_id))?;
        Ok(Self {
            key: ContactGroupKey(row.id),
            id: ContactGroupId(id),
            client: ClientId(row.client_id),
            name: row.name,
            contact_count: stored::unsigned("count of contacts", row.contact_count)?,
            created_at: row.created_at.and_utc(),
        })
    }
}
