//! Opt-outs that providers tell of: an answer to a submit, or a receipt, by which a message ends as OptedOut.
//!
//! The consent of the clients in question is locked before any message is, since whoever marks locks in this order, too.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus;
use clarion_domain::opt_out::{NewOptOut, OptOutScope, OptOutSource};
use clarion_domain::phone::PhoneNumber;
use diesel::prelude::*;

use super::Settlement;
use super::matching::outstanding;
use super::receipts::{AT_ONCE, Receipt, receipt_key};
use super::settle::{key_of, sorted};
use super::state::Key;
use crate::schema::{campaigns, recipients};
use crate::{Conn, StoreError, dialect, opt_outs};

/// A message that a provider refused since its recipient has opted out there.
pub(super) struct Refusal {
    key: Key,
    evidence: String,
    at: DateTime<Utc>,
}

impl Refusal {
    /// Of a submit; the provider's code tells it from a message that was held back here.
    pub(super) fn by_answer(settlement: &Settlement) -> Option<Self> {
        let code = settlement.error.as_deref();
        let code = code.filter(|_| settlement.status == MessageStatus::OptedOut)?;
        Some(Self {
            key: key_of(settlement),
            evidence: format!("gateway {}, answer {code}", settlement.gateway),
            at: settlement.at,
        })
    }

    /// Told of this message by a receipt.
    pub(super) fn by_receipt(receipt: &Receipt, key: Key) -> Option<Self> {
        receipt.is_refusal().then(|| Self {
            key,
            evidence: format!(
                "gateway {}, receipt with error {}",
                receipt.gateway,
                receipt.error.as_deref().unwrap_or_default()
            ),
            at: receipt.received_at.and_utc(),
        })
    }
}

/// Locks what [`record`] will change because of receipts, for who changes anything else before they are applied.
///
/// # Errors
/// The database's.
pub fn lock_for_receipts(
    conn: &mut Conn,
    gateway: &str,
    receipts: &[DeliveryReceipt],
) -> Result<(), StoreError> {
    let refusals = receipts
        .iter()
        .filter(|receipt| receipt.status == Some(MessageStatus::OptedOut));
    let keys = sorted(refusals.map(|receipt| receipt_key(gateway, &receipt.response_id)));
    let parts = outstanding(conn, &keys)?;
    lock(conn, parts.iter().map(|part| part.campaign_id))
}

/// Locks the consent of the clients of these campaigns, always in the same order.
pub(super) fn lock(
    conn: &mut Conn,
    campaigns: impl Iterator<Item = i64>,
) -> Result<(), StoreError> {
    let campaigns = sorted(campaigns);
    if campaigns.is_empty() {
        return Ok(());
    }
    let clients: Vec<i64> = campaigns::table
        .filter(campaigns::id.eq_any(&campaigns))
        .select(campaigns::client_id)
        .distinct()
        .order(campaigns::client_id)
        .load(conn)?;
    clients
        .into_iter()
        .try_for_each(|client| dialect::lock_consent(conn, client))
}

/// Records that these recipients have opted out of everything that the client sends; who had before, has still.
pub(super) fn record(conn: &mut Conn, refusals: Vec<Refusal>) -> Result<(), StoreError> {
    let mut by_campaign: BTreeMap<i64, Vec<Refusal>> = BTreeMap::new();
    for refusal in refusals {
        by_campaign.entry(refusal.key.0).or_default().push(refusal);
    }
    for (campaign, refusals) in by_campaign {
        record_of(conn, campaign, refusals)?;
    }
    Ok(())
}

fn record_of(conn: &mut Conn, campaign: i64, refusals: Vec<Refusal>) -> Result<(), StoreError> {
    let client: Option<i64> = campaigns::table
        .find(campaign)
        .select(campaigns::client_id)
        .first(conn)
        .optional()?;
    let (Some(client), Some(at)) = (client, refusals.iter().map(|refusal| refusal.at).max()) else {
        return Ok(());
    };
    let numbers = numbers(conn, campaign, &refusals)?;
    let new = refusals.into_iter().filter_map(|refusal| {
        Some(NewOptOut {
            number: *numbers.get(&refusal.key.1)?,
            scope: OptOutScope::Client,
            source: OptOutSource::Provider,
            evidence: Some(refusal.evidence),
        })
    });
    let new: Vec<NewOptOut> = new.collect();
    opt_outs::import(conn, ClientId(client), &new, at)?;
    Ok(())
}

fn numbers(
    conn: &mut Conn,
    campaign: i64,
    refusals: &[Refusal],
) -> Result<HashMap<i32, PhoneNumber>, StoreError> {
    let mut numbers = HashMap::new();
    for some in refusals.chunks(AT_ONCE) {
        let rows: Vec<(i32, String, String)> = recipients::table
            .filter(recipients::campaign_id.eq(campaign))
            .filter(recipients::seq.eq_any(some.iter().map(|refusal| refusal.key.1)))
            .select((recipients::seq, recipients::phone, recipients::region))
            .load(conn)?;
        for (seq, phone, region) in rows {
            numbers.insert(seq, crate::recipients::phone(&phone, &region)?);
        }
    }
    Ok(numbers)
}
