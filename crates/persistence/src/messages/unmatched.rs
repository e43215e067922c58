//! Receipts that found no message, for the operator, each with what would help it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::message::MessageStatus;
use clarion_domain::page::Page;
use clarion_domain::receipt::{IdForm, fitting_form, id_candidates};
use diesel::prelude::*;

use super::matching::outstanding;
use super::receipts::receipt_key;
use super::settle::sorted;
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text};
use crate::schema::unmatched_receipts;
use crate::{Conn, FORGOTTEN_AT_ONCE, StoreError, stored};

/// A receipt that found no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedReceipt {
    /// Its number.
    pub id: i64,
    /// The id that it names, as the provider wrote it.
    pub provider_id: String,
    /// What it says; `None`: nothing that changes a status.
    pub status: Option<MessageStatus>,
    /// The provider's error code, if any.
    pub error: Option<String>,
    /// The number that it names, if any.
    pub destination: Option<String>,
    /// When it came in.
    pub received_at: DateTime<Utc>,
    /// Why it found none, where that can be seen.
    pub hint: Option<Hint>,
}

/// Why a receipt finds no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Its id would be a message's if the gateway wrote ids in this form.
    Form(IdForm),
    /// The message with its id went to another number, or at another time.
    OtherMessage,
    /// So many messages have its id, and it does not tell which is meant.
    Ambiguous(usize),
}

/// Forgets receipts that came before then and found no message, some at once: to be called until none is left.
///
/// # Errors
/// The database's.
pub fn forget_unmatched(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize, StoreError> {
    let old: Vec<i64> = unmatched_receipts::table
        .filter(unmatched_receipts::received_at.lt(stored::moment(before)))
        .order(unmatched_receipts::received_at)
        .limit(FORGOTTEN_AT_ONCE)
        .select(unmatched_receipts::id)
        .load(conn)?;
    let forgotten = diesel::delete(unmatched_receipts::table)
        .filter(unmatched_receipts::id.eq_any(&old))
        .execute(conn)?;
    Ok(forgotten)
}

/// How many receipts of each gateway have found no message.
///
/// # Errors
/// The database's.
pub fn unmatched_counts(conn: &mut Conn) -> Result<HashMap<String, u64>, StoreError> {
    let counts: Vec<(String, i64)> = unmatched_receipts::table
        .group_by(unmatched_receipts::gateway)
        .select((unmatched_receipts::gateway, diesel::dsl::count_star()))
        .load(conn)?;
    counts
        .into_iter()
        .map(|(gateway, count)| Ok((gateway, stored::unsigned("count", count)?)))
        .collect()
}

/// What receipts without a message can be filtered and sorted by.
pub static UNMATCHED_PROPERTIES: [Property; 6] = [
    integer("id", "unmatched_receipts.id"),
    text("providerId", "unmatched_receipts.provider_id"),
    nullable(integer("status", "unmatched_receipts.status")),
    nullable(text("error", "unmatched_receipts.error")),
    nullable(text("phoneNumber", "unmatched_receipts.destination")),
    date_time("receivedDateTime", "unmatched_receipts.received_at"),
];

/// The newest first.
const OWN_ORDER: &str = "unmatched_receipts.id DESC";

/// A page of a gateway's receipts that have found no message.
///
/// # Errors
/// The database's.
pub fn unmatched(
    conn: &mut Conn,
    gateway: &str,
    request: &ListRequest,
) -> Result<Page<UnmatchedReceipt>, StoreError> {
    let wanted = unmatched_receipts::table
        .filter(unmatched_receipts::gateway.eq(gateway))
        .filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let rows: Vec<Row> = wanted
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &UNMATCHED_PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let messages = messages_by_key(conn, gateway, &rows)?;
    let items = rows
        .into_iter()
        .map(|row| row.into_receipt(gateway, &messages))
        .collect::<Result<_, _>>()?;
    Ok(Page::new(
        request.page,
        stored::unsigned("count", total)?,
        items,
    ))
}

/// How many messages there are under each key that a receipt could mean.
fn messages_by_key(
    conn: &mut Conn,
    gateway: &str,
    rows: &[Row],
) -> Result<HashMap<String, usize>, StoreError> {
    let meant = rows.iter().flat_map(|row| {
        let ids = id_candidates(&row.provider_id).into_iter();
        let keys = ids.map(|id| receipt_key(gateway, &id));
        keys.chain([row.receipt_key.clone()])
    });
    let mut messages = HashMap::new();
    for part in outstanding(conn, &sorted(meant))? {
        *messages.entry(part.receipt_key).or_default() += 1;
    }
    Ok(messages)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = unmatched_receipts)]
struct Row {
    id: i64,
    receipt_key: String,
    provider_id: String,
    status: Option<i16>,
    error: Option<String>,
    destination: Option<String>,
    received_at: NaiveDateTime,
}

impl Row {
    fn hint(&self, gateway: &str, messages: &HashMap<String, usize>) -> Option<Hint> {
        match messages.get(&self.receipt_key) {
            Some(1) => Some(Hint::OtherMessage),
            Some(several) => Some(Hint::Ambiguous(*several)),
            None => fitting_form(&self.provider_id, |id| {
                messages.contains_key(&receipt_key(gateway, id))
            })
            .map(Hint::Form),
        }
    }

    fn into_receipt(
        self,
        gateway: &str,
        messages: &HashMap<String, usize>,
    ) -> Result<UnmatchedReceipt, StoreError> {
        Ok(UnmatchedReceipt {
            hint: self.hint(gateway, messages),
            id: self.id,
            provider_id: self.provider_id,
            status: self.status.map(stored::message_status).transpose()?,
            error: self.error,
            destination: self.destination,
            received_at: self.received_at.and_utc(),
        })
    }
}
