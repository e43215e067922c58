//! Receipts find their parts, and move their messages on.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::matching::{Age, Awaiting, Fate};
use super::refusals;
use super::settle::{OutstandingPart, by_key, sorted};
use super::state::{Key, State, Tally};
use super::{Expiry, Joined, Receipts};
use crate::conn::on_each_backend;
use crate::schema::{outstanding_parts, unmatched_receipts};
use crate::web_hooks::outbox;
use crate::{Conn, StoreError, dialect, stored};

/// Keys or rows of one statement: it has room for 32,766 values on SQLite.
pub(super) const AT_ONCE: usize = 1_000;

/// Parts whose waiting ends in one call of [`expire_outstanding`].
const EXPIRED_AT_ONCE: i64 = 1_000;

/// A receipt, on its way to its part.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = unmatched_receipts)]
pub(super) struct Receipt {
    id: i64,
    pub(super) gateway: String,
    pub(super) receipt_key: String,
    pub(super) status: Option<i16>,
    pub(super) error: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) received_at: NaiveDateTime,
}

impl Receipt {
    /// Whether it says that the recipient has opted out at the provider.
    pub(super) fn is_refusal(&self) -> bool {
        self.status == Some(MessageStatus::OptedOut.number())
    }
}

/// The longest id that parts are found by, in characters. Nobody's is longer than 65, but a receipt may say anything, and
/// PostgreSQL refuses to index a long text.
const LONGEST_ID: usize = 256;

/// What a part is found by: the gateway, and the canonical form of the id in its submit response.
pub(super) fn receipt_key(gateway: &str, response_id: &str) -> String {
    let id: String = response_id.chars().take(LONGEST_ID).collect();
    format!("{gateway}:{id}")
}

/// Applies receipts: a message is delivered when all its parts are, and never goes back.
///
/// One whose part is not known for certain is stored: it may have come before the submit response.
///
/// # Errors
/// The database's.
pub fn apply_receipts(
    conn: &mut Conn,
    gateway: &str,
    receipts: &[DeliveryReceipt],
) -> Result<Receipts, StoreError> {
    let incoming: Vec<Receipt> = receipts
        .iter()
        .map(|receipt| Receipt {
            id: 0,
            gateway: gateway.to_owned(),
            receipt_key: receipt_key(gateway, &receipt.response_id),
            status: receipt.status.map(MessageStatus::number),
            error: receipt.error.clone(),
            destination: receipt.destination.clone(),
            received_at: stored::shown_moment(receipt.received_at),
        })
        .collect();
    let fates = receive(conn, &incoming, Age::Young)?;
    let came_to = |fate| fates.iter().filter(|found| **found == fate).count();
    let unmatched = fates
        .iter()
        .zip(incoming.iter().zip(receipts))
        .filter(|(fate, _)| **fate == Fate::Unmatched);
    store(conn, unmatched.map(|(_, receipt)| receipt))?;
    Ok(Receipts {
        matched: came_to(Fate::Matched),
        repeated: came_to(Fate::Repeated),
        unmatched: came_to(Fate::Unmatched),
    })
}

/// Joins stored receipts that crossed the settling of their message, of those that came `since` a moment ago.
///
/// On PostgreSQL the two transactions may not see each other, and each then leaves its half.
///
/// # Errors
/// The database's.
pub fn rematch(conn: &mut Conn, since: DateTime<Utc>, limit: u32) -> Result<Joined, StoreError> {
    let parts = outstanding_parts::table
        .filter(outstanding_parts::receipt_key.eq(unmatched_receipts::receipt_key));
    let receipts: Vec<Receipt> = unmatched_receipts::table
        .filter(unmatched_receipts::received_at.ge(stored::moment(since)))
        .filter(exists(parts))
        .order(unmatched_receipts::id)
        .limit(i64::from(limit))
        .select(Receipt::as_select())
        .load(conn)?;
    join(conn, &receipts, Age::Young)
}

/// Gives up waiting for receipts of messages sent before then: those without an end become Unknown. To be called until
/// nothing is removed any more.
///
/// # Errors
/// The database's.
pub fn expire_outstanding(
    conn: &mut Conn,
    sent_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Expiry, StoreError> {
    let expired = outstanding_parts::sent_at.lt(stored::moment(sent_before));
    let keys: Vec<String> = outstanding_parts::table
        .filter(expired)
        .order(outstanding_parts::sent_at)
        .limit(EXPIRED_AT_ONCE)
        .select(outstanding_parts::receipt_key)
        .load(conn)?;
    // Other messages' parts of the same age, under the same ids, may have been beyond the limit: they go, too.
    let parts: Vec<OutstandingPart> = outstanding_parts::table
        .filter(outstanding_parts::receipt_key.eq_any(&keys))
        .filter(expired)
        .select(OutstandingPart::as_select())
        .load(conn)?;
    let given_up = give_up(conn, &parts, stored::shown_moment(now))?;
    let removed = diesel::delete(
        outstanding_parts::table
            .filter(outstanding_parts::receipt_key.eq_any(&keys))
            .filter(expired),
    )
    .execute(conn)?;
    Ok(Expiry { removed, given_up })
}

fn give_up(
    conn: &mut Conn,
    parts: &[OutstandingPart],
    now: NaiveDateTime,
) -> Result<usize, StoreError> {
    let keys = sorted(parts.iter().map(OutstandingPart::key));
    let before = by_key(dialect::lock_messages(conn, &keys)?);
    let mut after = before.clone();
    let mut given_up = 0;
    for part in parts {
        if let Some(state) = after.get_mut(&part.key())
            && state.hear(&part.given_up(now))?
        {
            given_up += 1;
        }
    }
    write(conn, &before, after)?;
    Ok(given_up)
}

/// Receipts stored for parts that are only being settled now, by what these are found by.
pub(super) fn stored_for(conn: &mut Conn, keys: &[String]) -> Result<Vec<Receipt>, StoreError> {
    let mut found = Vec::new();
    for some in keys.chunks(AT_ONCE) {
        let receipts: Vec<Receipt> = unmatched_receipts::table
            .filter(unmatched_receipts::receipt_key.eq_any(some))
            .order(unmatched_receipts::id)
            .select(Receipt::as_select())
            .load(conn)?;
        found.extend(receipts);
    }
    Ok(found)
}

/// Applies stored receipts, and takes those off the shelf that find their part now.
pub(super) fn join(conn: &mut Conn, receipts: &[Receipt], age: Age) -> Result<Joined, StoreError> {
    let mut joined = Joined::new();
    if receipts.is_empty() {
        return Ok(joined);
    }
    let fates = receive(conn, receipts, age)?;
    let mut found = Vec::new();
    for (receipt, fate) in receipts.iter().zip(fates) {
        if fate != Fate::Unmatched {
            found.push(receipt.id);
            *joined.entry(receipt.gateway.clone()).or_default() += 1;
        }
    }
    for some in found.chunks(AT_ONCE) {
        diesel::delete(unmatched_receipts::table.filter(unmatched_receipts::id.eq_any(some)))
            .execute(conn)?;
    }
    Ok(joined)
}

fn receive(conn: &mut Conn, receipts: &[Receipt], age: Age) -> Result<Vec<Fate>, StoreError> {
    let mut awaiting = Awaiting::of(conn, receipts)?;
    let before = awaiting.states.clone();
    let fates = receipts
        .iter()
        .map(|receipt| awaiting.hear(receipt, age))
        .collect::<Result<_, _>>()?;
    write(conn, &before, awaiting.states)?;
    refusals::record(conn, awaiting.refusals)?;
    Ok(fates)
}

/// Writes how messages have moved on, their units' counters with them, and what their clients are to be told of it.
fn write(
    conn: &mut Conn,
    before: &HashMap<Key, State>,
    after: HashMap<Key, State>,
) -> Result<(), StoreError> {
    let mut tally = Tally::default();
    let mut changed = Vec::new();
    let mut told = Vec::new();
    for (key, state) in after {
        let old = &before[&key];
        if state != *old {
            tally.leave(key, old.status)?;
            tally.enter(key, state.status)?;
            if state.status != old.status {
                told.push(state.change()?);
            }
            changed.push(state);
        }
    }
    dialect::update_messages(conn, &changed)?;
    outbox::tell(conn, &told)?;
    dialect::add_to_units(conn, &tally.into_changes())
}

fn store<'a>(
    conn: &mut Conn,
    unmatched: impl Iterator<Item = (&'a Receipt, &'a DeliveryReceipt)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = unmatched
        .map(|(receipt, given)| {
            (
                unmatched_receipts::receipt_key.eq(&receipt.receipt_key),
                unmatched_receipts::gateway.eq(&receipt.gateway),
                unmatched_receipts::provider_id.eq(&given.provider_id),
                unmatched_receipts::status.eq(receipt.status),
                unmatched_receipts::error.eq(&receipt.error),
                unmatched_receipts::destination.eq(&given.destination),
                unmatched_receipts::received_at.eq(receipt.received_at),
            )
        })
        .collect();
    for some in rows.chunks(AT_ONCE) {
        on_each_backend!(conn, inner => diesel::insert_into(unmatched_receipts::table)
            .values(some)
            .execute(inner))?;
    }
    Ok(())
}
