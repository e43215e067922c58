//! Which part a receipt is about. Its id alone does not always tell: some providers give the same ids again. Then the
//! number decides, and the time; where they leave a doubt, the receipt is about none.

use std::collections::HashMap;

use chrono::{NaiveDateTime, TimeDelta};
use clarion_domain::receipt::names_number;
use diesel::prelude::*;

use super::receipts::{AT_ONCE, Receipt};
use super::refusals::{self, Refusal};
use super::settle::{OutstandingPart, by_key, sorted};
use super::state::{Key, News, State};
use crate::schema::{campaigns, outstanding_parts};
use crate::{Conn, StoreError, dialect, stored};

/// How much older than the settling of its message a stored receipt may be: an older one belongs to another message.
const EARLIEST_RECEIPT: TimeDelta = TimeDelta::minutes(10);

/// What is known of when receipts came, other than by a clock that may have been set since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Lately: each part that is found was settled before, or at the same time.
    Young,
    /// At any time, be it long before the message was sent.
    Any,
}

/// What came of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It found its part.
    Matched,
    /// It found its part, which had come to its end already.
    Repeated,
    /// It found none, or more than one.
    Unmatched,
}

/// The parts under the ids of some receipts, and where their messages stand, kept from others until the transaction ends.
pub(super) struct Awaiting {
    parts: HashMap<String, Vec<OutstandingPart>>,
    /// Senders of campaigns to which a receipt's number does not seem to belong.
    senders: HashMap<i64, String>,
    pub(super) states: HashMap<Key, State>,
    /// Those whose recipients have opted out at the provider.
    pub(super) refusals: Vec<Refusal>,
}

impl Awaiting {
    pub(super) fn of(conn: &mut Conn, receipts: &[Receipt]) -> Result<Self, StoreError> {
        let keys = sorted(receipts.iter().map(|receipt| receipt.receipt_key.clone()));
        let mut parts: HashMap<String, Vec<OutstandingPart>> = HashMap::new();
        for part in outstanding(conn, &keys)? {
            parts
                .entry(part.receipt_key.clone())
                .or_default()
                .push(part);
        }
        let refused = receipts.iter().filter(|receipt| receipt.is_refusal());
        let refused = refused.filter_map(|receipt| parts.get(&receipt.receipt_key));
        refusals::lock(conn, refused.flatten().map(|part| part.campaign_id))?;
        let messages = sorted(parts.values().flatten().map(OutstandingPart::key));
        Ok(Self {
            states: by_key(dialect::lock_messages(conn, &messages)?),
            senders: senders_in_doubt(conn, receipts, &parts)?,
            parts,
            refusals: Vec::new(),
        })
    }

    /// Moves the message that a receipt is about on.
    pub(super) fn hear(&mut self, receipt: &Receipt, age: Age) -> Result<Fate, StoreError> {
        let Some(part) = self.part_of(receipt, age) else {
            return Ok(Fate::Unmatched);
        };
        let (key, attempt, part) = (part.key(), part.attempt, part.part);
        let Some(state) = self.states.get_mut(&key) else {
            return Ok(Fate::Matched);
        };
        if state.current_attempt() == attempt && state.has_ended(part) {
            return Ok(Fate::Repeated);
        }
        self.refusals.extend(Refusal::by_receipt(receipt, key));
        if let Some(status) = receipt.status.map(stored::message_status).transpose()? {
            state.hear(&News {
                key,
                attempt,
                part,
                status,
                error: receipt.error.clone(),
                at: receipt.received_at,
                received: true,
            })?;
        }
        Ok(Fate::Matched)
    }

    /// A part that awaits its end goes before one that has come to it, which awaits nothing.
    fn part_of(&self, receipt: &Receipt, age: Age) -> Option<&OutstandingPart> {
        let fitting: Vec<&OutstandingPart> = self
            .parts
            .get(&receipt.receipt_key)?
            .iter()
            .filter(|part| age == Age::Young || came_in_time(part.sent_at, receipt.received_at))
            .filter(|part| self.names_recipient(receipt, part) != Some(false))
            .collect();
        let mut open = fitting.clone();
        open.retain(|part| self.is_open(part));
        match *open {
            [] => fitting.first().copied(),
            [part] => Some(part),
            _ => {
                open.retain(|part| self.names_recipient(receipt, part) == Some(true));
                <[_; 1]>::try_from(open).ok().map(|[part]| part)
            }
        }
    }

    fn is_open(&self, part: &OutstandingPart) -> bool {
        self.states
            .get(&part.key())
            .is_some_and(|state| !state.has_ended(part.part))
    }

    /// Whether a receipt names the number that a part went to; `None`: it does not tell, as with providers that give the
    /// sender there.
    fn names_recipient(&self, receipt: &Receipt, part: &OutstandingPart) -> Option<bool> {
        let address = receipt.destination.as_deref()?;
        let named = part.is_named_by(address)?;
        let sender = self.senders.get(&part.campaign_id);
        let is_sender = !named && sender.is_some_and(|sender| is_same_address(sender, address));
        (!is_sender).then_some(named)
    }
}

fn came_in_time(sent_at: NaiveDateTime, received_at: NaiveDateTime) -> bool {
    received_at >= sent_at - EARLIEST_RECEIPT
}

fn is_same_address(one: &str, other: &str) -> bool {
    one.trim_start_matches('+') == other.trim_start_matches('+')
}

impl OutstandingPart {
    fn is_named_by(&self, address: &str) -> Option<bool> {
        let number = u64::try_from(self.destination).ok()?;
        names_number(address, number)
    }
}

/// The parts under these ids.
pub(super) fn outstanding(
    conn: &mut Conn,
    keys: &[String],
) -> Result<Vec<OutstandingPart>, StoreError> {
    let mut parts = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        let found: Vec<OutstandingPart> = outstanding_parts::table
            .filter(outstanding_parts::receipt_key.eq_any(some))
            .order((
                outstanding_parts::receipt_key,
                outstanding_parts::sent_at.desc(),
            ))
            .select(OutstandingPart::as_select())
            .load(conn)?;
        parts.extend(found);
    }
    Ok(parts)
}

fn senders_in_doubt(
    conn: &mut Conn,
    receipts: &[Receipt],
    parts: &HashMap<String, Vec<OutstandingPart>>,
) -> Result<HashMap<i64, String>, StoreError> {
    let in_doubt = receipts.iter().flat_map(|receipt| {
        let address = receipt.destination.as_deref().unwrap_or_default();
        let parts = parts.get(&receipt.receipt_key).into_iter().flatten();
        parts
            .filter(move |part| part.is_named_by(address) == Some(false))
            .map(|part| part.campaign_id)
    });
    let in_doubt = sorted(in_doubt);
    if in_doubt.is_empty() {
        return Ok(HashMap::new());
    }
    let senders: Vec<(i64, String)> = campaigns::table
        .filter(campaigns::id.eq_any(&in_doubt))
        .select((campaigns::id, campaigns::sender))
        .load(conn)?;
    Ok(senders.into_iter().collect())
}
