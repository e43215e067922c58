//! Receipts find their parts, and move their messages on.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus;
use clarion_domain::receipt::canonical_id;
use diesel::prelude::*;

use super::Receipts;
use super::settle::{EARLIEST_RECEIPT, OutstandingPart, by_key, sorted};
use super::state::{News, Tally, ends_part};
use crate::conn::on_each_backend;
use crate::schema::{outstanding_parts, unmatched_receipts};
use crate::{Conn, StoreError, dialect, stored};

/// Keys or rows of one statement: it has room for 32,766 values on SQLite.
const AT_ONCE: usize = 1_000;

/// Parts whose waiting ends in one call of [`expire_outstanding`].
const EXPIRED_AT_ONCE: i64 = 1_000;

/// A receipt, on its way to its part.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = unmatched_receipts)]
pub(super) struct Receipt {
    id: i64,
    receipt_key: String,
    status: Option<i16>,
    error: Option<String>,
    received_at: NaiveDateTime,
}

/// What a part is found by: the gateway, and the provider's id in its canonical form.
pub(super) fn receipt_key(gateway: &str, provider_id: &str) -> String {
    format!("{gateway}:{}", canonical_id(provider_id))
}

/// Applies receipts: a message is delivered when all its parts are, and never goes back.
///
/// One whose part is not known is stored: it may have come before the submit response, or be a second one.
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
            receipt_key: receipt_key(gateway, &receipt.response_id),
            status: receipt.status.map(MessageStatus::number),
            error: receipt.error.clone(),
            received_at: stored::shown_moment(receipt.received_at),
        })
        .collect();
    let unmatched = receive(conn, &incoming)?;
    store(
        conn,
        gateway,
        unmatched
            .iter()
            .map(|index| (&incoming[*index], &receipts[*index])),
    )?;
    Ok(Receipts {
        matched: receipts.len() - unmatched.len(),
        unmatched: unmatched.len(),
    })
}

/// Joins stored receipts that crossed the settling of their message; how many.
///
/// On PostgreSQL the two transactions may not see each other, and each then leaves its half.
///
/// # Errors
/// The database's.
pub fn rematch(conn: &mut Conn, since: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
    let rows: Vec<(Receipt, NaiveDateTime)> = unmatched_receipts::table
        .inner_join(
            outstanding_parts::table
                .on(outstanding_parts::receipt_key.eq(unmatched_receipts::receipt_key)),
        )
        .filter(unmatched_receipts::received_at.ge(stored::moment(since)))
        .order(unmatched_receipts::id)
        .limit(i64::from(limit))
        .select((Receipt::as_select(), outstanding_parts::sent_at))
        .load(conn)?;
    let early: Vec<Receipt> = rows
        .into_iter()
        .filter(|(receipt, sent_at)| receipt.received_at >= *sent_at - EARLIEST_RECEIPT)
        .map(|(receipt, _)| receipt)
        .collect();
    join(conn, &early)?;
    Ok(early.len())
}

/// Gives up waiting for receipts of messages sent before then: they end as Unknown. How many parts; to be called until
/// there are none.
///
/// # Errors
/// The database's.
pub fn expire_outstanding(
    conn: &mut Conn,
    sent_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let ids: Vec<String> = outstanding_parts::table
        .filter(outstanding_parts::sent_at.lt(stored::moment(sent_before)))
        .order(outstanding_parts::sent_at)
        .limit(EXPIRED_AT_ONCE)
        .select(outstanding_parts::receipt_key)
        .load(conn)?;
    let parts = dialect::lock_outstanding(conn, &ids)?;
    let now = stored::shown_moment(now);
    let given_up: Vec<News> = parts.iter().map(|part| part.given_up(now)).collect();
    apply(conn, &given_up)?;
    dialect::delete_outstanding(conn, &ids)?;
    Ok(parts.len())
}

/// Receipts stored for parts that are only being settled now.
pub(super) fn stored_for(
    conn: &mut Conn,
    parts: &BTreeMap<String, OutstandingPart>,
) -> Result<Vec<Receipt>, StoreError> {
    let ids: Vec<&String> = parts.keys().collect();
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let receipts: Vec<Receipt> = unmatched_receipts::table
            .filter(unmatched_receipts::receipt_key.eq_any(some.iter().copied()))
            .order(unmatched_receipts::id)
            .select(Receipt::as_select())
            .load(conn)?;
        found.extend(receipts.into_iter().filter(|receipt| {
            receipt.received_at >= parts[&receipt.receipt_key].sent_at - EARLIEST_RECEIPT
        }));
    }
    Ok(found)
}

/// Takes stored receipts off the shelf and applies them.
pub(super) fn join(conn: &mut Conn, receipts: &[Receipt]) -> Result<(), StoreError> {
    if receipts.is_empty() {
        return Ok(());
    }
    for some in receipts.chunks(AT_ONCE) {
        let ids = some.iter().map(|receipt| receipt.id);
        diesel::delete(unmatched_receipts::table.filter(unmatched_receipts::id.eq_any(ids)))
            .execute(conn)?;
    }
    receive(conn, receipts)?;
    Ok(())
}

/// Applies each receipt whose part is outstanding; the places of the others.
fn receive(conn: &mut Conn, receipts: &[Receipt]) -> Result<Vec<usize>, StoreError> {
    let ids = sorted(receipts.iter().map(|receipt| receipt.receipt_key.clone()));
    let parts: HashMap<String, OutstandingPart> = dialect::lock_outstanding(conn, &ids)?
        .into_iter()
        .map(|part| (part.receipt_key.clone(), part))
        .collect();
    let mut unmatched = Vec::new();
    let mut ended = HashSet::new();
    let mut news = Vec::new();
    for (index, receipt) in receipts.iter().enumerate() {
        let Some(part) = parts.get(&receipt.receipt_key) else {
            unmatched.push(index);
            continue;
        };
        let Some(status) = receipt.status.map(stored::message_status).transpose()? else {
            continue;
        };
        if ended.contains(&part.receipt_key) {
            continue;
        }
        if ends_part(status) {
            ended.insert(part.receipt_key.clone());
        }
        news.push(receipt.news_of(part, status));
    }
    apply(conn, &news)?;
    let ended: Vec<String> = ended.into_iter().collect();
    dialect::delete_outstanding(conn, &ended)?;
    Ok(unmatched)
}

/// Moves messages on by what has become known of their parts, and their units' counters with them.
pub(super) fn apply(conn: &mut Conn, news: &[News]) -> Result<(), StoreError> {
    let keys = sorted(news.iter().map(|news| news.key));
    let before = by_key(dialect::lock_messages(conn, &keys)?);
    let mut after = before.clone();
    for news in news {
        if let Some(state) = after.get_mut(&news.key) {
            state.hear(news)?;
        }
    }
    let mut tally = Tally::default();
    let mut changed = Vec::new();
    for (key, state) in after {
        let old = &before[&key];
        if state != *old {
            tally.leave(key, old.status)?;
            tally.enter(key, state.status)?;
            changed.push(state);
        }
    }
    dialect::update_messages(conn, &changed)?;
    dialect::add_to_units(conn, &tally.into_changes())
}

fn store<'a>(
    conn: &mut Conn,
    gateway: &str,
    unmatched: impl Iterator<Item = (&'a Receipt, &'a DeliveryReceipt)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = unmatched
        .map(|(receipt, given)| {
            (
                unmatched_receipts::receipt_key.eq(&receipt.receipt_key),
                unmatched_receipts::gateway.eq(gateway),
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

impl Receipt {
    fn news_of(&self, part: &OutstandingPart, status: MessageStatus) -> News {
        News {
            key: part.key(),
            attempt: part.attempt,
            status,
            error: self.error.clone(),
            at: self.received_at,
            received: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::receipt_key;

    #[test]
    fn an_id_counts_in_its_canonical_form_and_within_its_gateway() {
        assert_eq!(receipt_key("main", "00A1"), receipt_key("main", "a1"));
        assert_ne!(receipt_key("main", "1"), receipt_key("other", "1"));
    }
}
