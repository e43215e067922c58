//! Settling: the outcomes of submits become rows.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDateTime;
use clarion_domain::message::MessageStatus;
use clarion_domain::receipt::canonical_id;
use diesel::prelude::*;

use super::receipts::{self, receipt_key};
use super::state::{Key, News, State, Tally, end_of_part};
use super::{Settled, Settlement};
use crate::schema::{messages, outstanding_parts};
use crate::{Conn, StoreError, dialect, stored};

/// A message about to be stored.
#[derive(Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub(crate) struct NewMessage<'a> {
    campaign_id: i64,
    seq: i32,
    status: i16,
    attempt: i16,
    parts: i16,
    parts_ended: i64,
    worst: Option<i16>,
    reference: i32,
    price: Option<i64>,
    gateway: &'a str,
    sender: &'a str,
    text: &'a str,
    error: Option<&'a str>,
    sent_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    received_at: Option<NaiveDateTime>,
    handed_over: bool,
}

/// A part that awaits its receipt.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = outstanding_parts, treat_none_as_default_value = false)]
pub(crate) struct OutstandingPart {
    pub(crate) receipt_key: String,
    pub(crate) campaign_id: i64,
    pub(crate) seq: i32,
    pub(crate) attempt: i16,
    pub(crate) part: i16,
    pub(crate) destination: i64,
    pub(crate) sent_at: NaiveDateTime,
}

impl OutstandingPart {
    pub(super) fn key(&self) -> Key {
        (self.campaign_id, self.seq)
    }

    /// The end of waiting for its receipt.
    pub(super) fn given_up(&self, at: NaiveDateTime) -> News {
        News {
            key: self.key(),
            attempt: self.attempt,
            part: self.part,
            status: MessageStatus::Unknown,
            error: None,
            at,
            received: false,
        }
    }
}

/// Writes the outcomes of submits, and joins the receipts that came before them.
///
/// An outcome of an attempt whose message stands further along already changes nothing.
///
/// # Errors
/// The database's.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> Result<Settled, StoreError> {
    let mut batch = Batch::default();
    let keys: Vec<Key> = sorted(settlements.iter().map(key_of));
    let known = by_key(dialect::lock_messages(conn, &keys)?);
    let replaced = batch.take_in(settlements, &known)?;
    let early = receipts::stored_for(conn, &batch.parts)?;
    let stored = batch.rows.len();
    batch.write(conn, &replaced)?;
    let joined = receipts::join(conn, &early)?;
    Ok(Settled { stored, joined })
}

/// What a batch of outcomes comes to.
#[derive(Default)]
struct Batch<'a> {
    rows: BTreeMap<Key, NewMessage<'a>>,
    parts: Vec<OutstandingPart>,
    /// Messages that are settled again for the same attempt.
    corrected: Vec<Key>,
    tally: Tally,
}

impl<'a> Batch<'a> {
    /// Takes in each outcome that is news; the messages that they replace.
    fn take_in(
        &mut self,
        settlements: &'a [Settlement],
        known: &HashMap<Key, State>,
    ) -> Result<Vec<Key>, StoreError> {
        let mut replaced = Vec::new();
        for settlement in settlements {
            let key = key_of(settlement);
            if self.rows.contains_key(&key) || !is_news(settlement, known.get(&key))? {
                continue;
            }
            if let Some(old) = known.get(&key) {
                self.tally.leave(key, old.status)?;
                replaced.push(key);
                if old.attempt == settlement.attempt {
                    self.corrected.push(key);
                }
            }
            let row = self.row(settlement);
            self.tally.enter(key, row.status)?;
            self.rows.insert(key, row);
        }
        Ok(replaced)
    }

    fn row(&mut self, settlement: &'a Settlement) -> NewMessage<'a> {
        let at = stored::shown_moment(settlement.at);
        let (campaign_id, seq) = key_of(settlement);
        let parts_ended = self.await_receipts(settlement, at);
        let parts = i16::try_from(settlement.parts.len()).unwrap_or(i16::MAX);
        let without_id = settlement
            .parts
            .iter()
            .any(|part| part.provider_id.is_none());
        NewMessage {
            campaign_id,
            seq,
            status: outcome(settlement).number(),
            attempt: settlement.attempt,
            parts,
            parts_ended,
            worst: without_id.then(|| MessageStatus::Unknown.number()),
            reference: i32::from(settlement.reference),
            price: Some(settlement.price.millionths),
            gateway: &settlement.gateway,
            sender: &settlement.sender,
            text: &settlement.text,
            error: settlement.error.as_deref(),
            sent_at: at,
            updated_at: at,
            received_at: None,
            handed_over: false,
        }
    }

    /// Notes the parts that a receipt can come for; the bits of the others, whose end is not waited for. Of parts under
    /// one id only the first is, as they have one receipt.
    fn await_receipts(&mut self, settlement: &Settlement, at: NaiveDateTime) -> i64 {
        let (campaign_id, seq) = key_of(settlement);
        let own = self.parts.len();
        let mut ended = 0;
        for (part, given) in (0..).zip(&settlement.parts) {
            let id = given.provider_id.as_deref().map(canonical_id);
            let key = id.map(|id| receipt_key(&settlement.gateway, &id));
            let is_new = |key: &String| {
                self.parts[own..]
                    .iter()
                    .all(|part| part.receipt_key != *key)
            };
            match key.filter(is_new) {
                Some(receipt_key) if end_of_part(part) != 0 => self.parts.push(OutstandingPart {
                    receipt_key,
                    campaign_id,
                    seq,
                    attempt: settlement.attempt,
                    part,
                    destination: stored::count(settlement.destination.digits()),
                    sent_at: at,
                }),
                _ => ended |= end_of_part(part),
            }
        }
        ended
    }

    fn write(self, conn: &mut Conn, replaced: &[Key]) -> Result<(), StoreError> {
        self.forget_corrected(conn)?;
        dialect::delete_messages(conn, replaced)?;
        let rows: Vec<NewMessage<'_>> = self.rows.into_values().collect();
        dialect::insert_messages(conn, &rows)?;
        dialect::insert_outstanding(conn, &self.parts)?;
        dialect::add_to_units(conn, &self.tally.into_changes())
    }

    /// A part that waits under the same id already would be in the way.
    fn forget_corrected(&self, conn: &mut Conn) -> Result<(), StoreError> {
        for key in &self.corrected {
            let own = self.parts.iter().filter(|part| part.key() == *key);
            let ids = own.map(|part| &part.receipt_key);
            diesel::delete(
                outstanding_parts::table
                    .filter(outstanding_parts::receipt_key.eq_any(ids))
                    .filter(outstanding_parts::campaign_id.eq(key.0))
                    .filter(outstanding_parts::seq.eq(key.1)),
            )
            .execute(conn)?;
        }
        Ok(())
    }
}

/// What a message begins as. Sent under no id at all is Unknown: nothing will ever be heard of it.
fn outcome(settlement: &Settlement) -> MessageStatus {
    let mut parts = settlement.parts.iter();
    match settlement.status {
        MessageStatus::Sent if parts.all(|part| part.provider_id.is_none()) => {
            MessageStatus::Unknown
        }
        status => status,
    }
}

/// Whether an outcome says more than is known.
fn is_news(settlement: &Settlement, known: Option<&State>) -> Result<bool, StoreError> {
    let Some(known) = known else {
        return Ok(true);
    };
    let rank = stored::message_status(known.status)?.rank();
    // What is handed over waits for just this; a lost one is settled without knowing which attempt it was.
    Ok(known.handed_over
        || settlement.attempt > known.attempt
        || (settlement.attempt == known.attempt && outcome(settlement).rank() > rank))
}

fn key_of(settlement: &Settlement) -> Key {
    let recipient = settlement.recipient;
    (recipient.campaign.0, stored::seq(recipient.seq))
}

pub(super) fn sorted<T: Ord>(keys: impl Iterator<Item = T>) -> Vec<T> {
    let mut keys: Vec<T> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

pub(super) fn by_key(states: Vec<State>) -> HashMap<Key, State> {
    states
        .into_iter()
        .map(|state| (state.key(), state))
        .collect()
}
