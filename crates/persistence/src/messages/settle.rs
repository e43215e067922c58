//! Settling: the outcomes of submits become rows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDateTime;
use clarion_domain::message::MessageStatus;
use clarion_domain::receipt::canonical_id;
use clarion_domain::web_hook::Change;
use diesel::prelude::*;

use super::matching::Age;
use super::receipts::{self, Receipt, receipt_key};
use super::refusals::{self, Refusal};
use super::state::{Key, News, State, Tally, end_of_part};
use super::{Settled, Settlement, breakages};
use crate::schema::{messages, outstanding_parts};
use crate::web_hooks::outbox;
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
    unknown_since: Option<NaiveDateTime>,
    resends: i16,
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

#[cfg(test)]
impl NewMessage<'_> {
    /// Where the message stands once it is stored.
    pub(super) fn state(&self) -> State {
        State {
            campaign_id: self.campaign_id,
            seq: self.seq,
            status: self.status,
            attempt: self.attempt,
            parts: self.parts,
            parts_ended: self.parts_ended,
            worst: self.worst,
            error: None,
            updated_at: self.updated_at,
            received_at: self.received_at,
            handed_over: self.handed_over,
            unknown_since: self.unknown_since,
            resends: self.resends,
            price: self.price,
            sent_at: self.sent_at,
        }
    }
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

/// Writes the outcomes of submits with what their clients are to be told of them, and joins the receipts that came before.
///
/// An outcome of an attempt whose message stands further along already changes nothing, but for the ids of its parts: their
/// receipts may still come.
///
/// # Errors
/// The database's.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> Result<Settled, StoreError> {
    let breaks = |settlement: &Settlement| settlement.status == MessageStatus::Parked;
    if settlements.iter().any(breaks) {
        let judged = breakages::judged(conn, settlements)?;
        return settle_judged(conn, &judged);
    }
    settle_judged(conn, settlements)
}

fn settle_judged(conn: &mut Conn, settlements: &[Settlement]) -> Result<Settled, StoreError> {
    let mut settled = Settled::default();
    let mut rest: Vec<&Settlement> = settlements.iter().collect();
    while !rest.is_empty() {
        let mut taken = HashSet::new();
        let (first, others): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|settlement| taken.insert(key_of(settlement)));
        settle_each(conn, &first, &mut settled)?;
        rest = others;
    }
    Ok(settled)
}

/// Writes outcomes of different messages.
fn settle_each(
    conn: &mut Conn,
    settlements: &[&Settlement],
    settled: &mut Settled,
) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    let early = receipts::stored_for(conn, &receipt_keys(settlements))?;
    lock_consent(conn, settlements, &early)?;
    let keys: Vec<Key> = sorted(settlements.iter().map(|settlement| key_of(settlement)));
    let known = by_key(dialect::lock_messages(conn, &keys)?);
    let replaced = batch.take_in(settlements, &known)?;
    settled.stored += batch.rows.len();
    let told = std::mem::take(&mut batch.told);
    refusals::record(conn, std::mem::take(&mut batch.refusals))?;
    batch.write(conn, &replaced)?;
    // Before the receipts, which change what is told here.
    outbox::tell(conn, &told)?;
    for (gateway, joined) in receipts::join(conn, &early, Age::Any)? {
        *settled.joined.entry(gateway).or_default() += joined;
    }
    Ok(())
}

/// What the receipts of all parts that were taken are found by.
fn receipt_keys(settlements: &[&Settlement]) -> Vec<String> {
    let keys = settlements.iter().flat_map(|settlement| {
        let ids = settlement.parts.iter();
        let ids = ids.filter_map(|part| part.provider_id.as_deref().map(canonical_id));
        ids.map(|id| receipt_key(&settlement.gateway, &id))
    });
    sorted(keys)
}

/// Before any message is locked, and only where somebody turns out to have opted out.
fn lock_consent(
    conn: &mut Conn,
    settlements: &[&Settlement],
    early: &[Receipt],
) -> Result<(), StoreError> {
    let by_receipt = early.iter().any(Receipt::is_refusal);
    let concerned = settlements
        .iter()
        .filter(|settlement| by_receipt || Refusal::by_answer(settlement).is_some());
    refusals::lock(
        conn,
        concerned.map(|settlement| settlement.recipient.campaign.0),
    )
}

/// What a batch of outcomes comes to.
#[derive(Default)]
pub(super) struct Batch<'a> {
    rows: BTreeMap<Key, NewMessage<'a>>,
    parts: Vec<OutstandingPart>,
    /// Messages whose parts may be known under the same ids already.
    corrected: Vec<Key>,
    /// What their clients are to be told.
    told: Vec<Change>,
    /// Those whose recipients have opted out at the provider.
    refusals: Vec<Refusal>,
    tally: Tally,
}

impl<'a> Batch<'a> {
    /// Takes in each outcome that is news; the messages that they replace.
    fn take_in(
        &mut self,
        settlements: &[&'a Settlement],
        known: &HashMap<Key, State>,
    ) -> Result<Vec<Key>, StoreError> {
        let mut replaced = Vec::new();
        for &settlement in settlements {
            let key = key_of(settlement);
            let known = known.get(&key);
            if !is_news(settlement, known)? {
                self.await_receipts_of_other(settlement, known);
                continue;
            }
            if let Some(old) = known {
                self.tally.leave(key, old.status)?;
                replaced.push(key);
                self.corrected.push(key);
            }
            let row = self.row(settlement, known);
            self.tally.enter(key, row.status)?;
            if known.map(|old| (old.status, old.attempt)) != Some((row.status, row.attempt)) {
                self.told.push(change(settlement));
            }
            self.refusals.extend(Refusal::by_answer(settlement));
            self.rows.insert(key, row);
        }
        Ok(replaced)
    }

    pub(super) fn row(
        &mut self,
        settlement: &'a Settlement,
        known: Option<&State>,
    ) -> NewMessage<'a> {
        let at = stored::shown_moment(settlement.at);
        let (campaign_id, seq) = key_of(settlement);
        // Where only some parts were in doubt, the others may have come to their ends meanwhile.
        let kept = known.filter(|known| known.is_in_doubt() && known.attempt == settlement.attempt);
        let parts_ended = self.await_receipts(settlement, at);
        let parts = i16::try_from(settlement.parts.len()).unwrap_or(i16::MAX);
        let is_in_doubt = settlement.status == MessageStatus::Unknown;
        let mut ids = settlement.parts.iter().map(|part| &part.provider_id);
        let without_id = !is_in_doubt && ids.any(Option::is_none);
        NewMessage {
            campaign_id,
            seq,
            status: outcome(settlement).number(),
            attempt: settlement.attempt,
            parts,
            parts_ended: parts_ended | kept.map_or(0, |known| known.parts_ended),
            worst: without_id
                .then(|| MessageStatus::Unknown.number())
                .or(kept.and_then(|known| known.worst)),
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
            unknown_since: is_in_doubt.then_some(at),
            resends: known.map_or(0, |known| known.resends),
        }
    }

    /// Where the message stands further along by another attempt, receipts of this one's parts may still come.
    fn await_receipts_of_other(&mut self, settlement: &Settlement, known: Option<&State>) {
        if known.is_some_and(|known| known.attempt != settlement.attempt) {
            self.await_receipts(settlement, stored::shown_moment(settlement.at));
            self.corrected.push(key_of(settlement));
        }
    }

    /// Notes the parts that a receipt can come for; the bits of the others, whose end is not waited for. Of parts under
    /// one id only the first is, as they have one receipt. Those of which nothing is known may yet come to an end.
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
                None if settlement.status == MessageStatus::Unknown => {}
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

/// What has become of the message, for those who are told.
fn change(settlement: &Settlement) -> Change {
    Change {
        recipient: settlement.recipient,
        attempt: settlement.attempt,
        status: outcome(settlement),
        parts: i16::try_from(settlement.parts.len()).unwrap_or(i16::MAX),
        price: Some(settlement.price),
        created_at: settlement.at,
        updated_at: settlement.at,
    }
}

/// Whether an outcome says more than is known.
///
/// What has ended stays as it has. That a provider took the message counts whichever attempt it was; what else became of an
/// earlier attempt says nothing about the current one, and a later one's failure does not undo that the message was taken.
pub(super) fn is_news(settlement: &Settlement, known: Option<&State>) -> Result<bool, StoreError> {
    let Some(known) = known else {
        return Ok(true);
    };
    let (said, rank) = (rank_of(settlement), known.rank()?);
    let was_taken = rank >= MessageStatus::Sent.rank();
    Ok(match settlement.attempt.cmp(&known.current_attempt()) {
        Ordering::Less => settlement.status == MessageStatus::Sent && said > rank,
        // One that is queued again stays so until somebody knows better.
        Ordering::Equal => {
            let beyond_doubt = said > rank.max(MessageStatus::Unknown.rank());
            !was_taken && (known.handed_over || beyond_doubt)
        }
        Ordering::Greater => !was_taken,
    })
}

/// How far along an outcome brings its message. One that was sent under no id has ended.
fn rank_of(settlement: &Settlement) -> u8 {
    match (settlement.status, outcome(settlement)) {
        (MessageStatus::Sent, MessageStatus::Unknown) => MessageStatus::Delivered.rank(),
        (_, status) => status.rank(),
    }
}

pub(super) fn key_of(settlement: &Settlement) -> Key {
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
