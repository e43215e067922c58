//! Contacts that were left out of a campaign because they were invalid, with the reason.

use chrono::{DateTime, Utc};
use clarion_domain::page::Page;
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::listing::{self, ListRequest, Property, integer, text};
use crate::schema::{campaigns, invalid_contacts};
use crate::{Conn, StoreError, stored};

/// The longest given number that is kept, in characters.
const MAX_GIVEN_NUMBER: usize = 64;

/// Rows of one statement: a statement has room for 32,766 values on SQLite.
const ROWS_AT_ONCE: usize = 1_000;

/// A contact that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidContact {
    /// Its index in the request, from 0.
    pub position: u64,
    /// The number as it was given; stored cut to 64 characters.
    pub phone_number: String,
    /// The property at fault, as the API names it.
    pub property: String,
    /// Why; reads after the property's name.
    pub reason: String,
}

/// Stores contacts that were left out of a campaign in loading.
///
/// # Errors
/// The database's; [`StoreError::Query`] with `NotFound` where the campaign is not loading.
pub fn insert_batch(
    conn: &mut Conn,
    key: CampaignKey,
    contacts: &[InvalidContact],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    crate::campaigns::touch(conn, key, now)?;
    for some in contacts.chunks(ROWS_AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|contact| {
                let given: String = contact
                    .phone_number
                    .chars()
                    .take(MAX_GIVEN_NUMBER)
                    .collect();
                (
                    invalid_contacts::campaign_id.eq(key.0),
                    invalid_contacts::position.eq(stored::count(contact.position)),
                    // PostgreSQL's texts cannot hold a NUL.
                    invalid_contacts::phone_number.eq(given.replace('\0', "")),
                    invalid_contacts::property.eq(&contact.property),
                    invalid_contacts::reason.eq(&contact.reason),
                )
            })
            .collect();
        on_each_backend!(conn, inner => diesel::insert_into(invalid_contacts::table)
            .values(&rows)
            .execute(inner))?;
    }
    Ok(())
}

/// How many there are of a campaign, by the property at fault and what is wrong with it.
///
/// # Errors
/// The database's.
pub fn by_reason(
    conn: &mut Conn,
    key: CampaignKey,
) -> Result<Vec<(String, String, u64)>, StoreError> {
    let counted: Vec<(String, String, i64)> = invalid_contacts::table
        .filter(invalid_contacts::campaign_id.eq(key.0))
        .group_by((invalid_contacts::property, invalid_contacts::reason))
        .select((
            invalid_contacts::property,
            invalid_contacts::reason,
            diesel::dsl::count_star(),
        ))
        .load(conn)?;
    counted
        .into_iter()
        .map(|(property, reason, count)| Ok((property, reason, stored::unsigned("count", count)?)))
        .collect()
}

/// What invalid contacts can be filtered and sorted by.
pub static PROPERTIES: [Property; 4] = [
    integer("index", "invalid_contacts.position"),
    text("phoneNumber", "invalid_contacts.phone_number"),
    text("property", "invalid_contacts.property"),
    text("reason", "invalid_contacts.reason"),
];

/// The order they came in.
const OWN_ORDER: &str = "invalid_contacts.position";

/// A page of them.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    key: CampaignKey,
    request: &ListRequest,
) -> Result<Page<InvalidContact>, StoreError> {
    let wanted = invalid_contacts::table
        .filter(invalid_contacts::campaign_id.eq(key.0))
        .filter(listing::passing(conn, &request.filter));
    let total: Option<i64> = if request.takes_all() {
        campaigns::table
            .find(key.0)
            .select(campaigns::invalid_count)
            .first(conn)
            .optional()?
    } else {
        Some(wanted.clone().count().get_result(conn)?)
    };
    let rows: Vec<Row> = wanted
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(InvalidContact::try_from)
        .collect::<Result<_, _>>()?;
    let total = stored::unsigned("count of invalid contacts", total.unwrap_or_default())?;
    Ok(Page::new(request.page, total, items))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = invalid_contacts)]
struct Row {
    position: i64,
    phone_number: String,
    property: String,
    reason: String,
}

impl TryFrom<Row> for InvalidContact {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            position: stored::unsigned("position", row.position)?,
            phone_number: row.phone_number,
            property: row.property,
            reason: row.reason,
        })
    }
}
