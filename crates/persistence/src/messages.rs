//! Messages: one for each recipient that was tried. Written when the outcome of the submit is known, changed by receipts.

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::{Page, PageRequest};
use clarion_domain::phone::PhoneNumber;
use clarion_domain::recipient::{CampaignKey, RecipientKey};

use crate::{Conn, StoreError};

/// The outcome of a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whose message it is.
    pub recipient: RecipientKey,
    /// From 1; a resend counts up.
    pub attempt: i16,
    /// What came of it: Sent, Unknown, Queued (never written), OptedOut, or a failure.
    pub status: MessageStatus,
    /// The gateway it went to; empty where it went to none.
    pub gateway: String,
    /// The text as rendered.
    pub text: String,
    /// The sender as shown.
    pub sender: String,
    /// The reference that ties the parts together.
    pub reference: u16,
    /// Its parts.
    pub parts: Vec<SettledPart>,
    /// The provider's code of a refusal.
    pub error: Option<String>,
    /// When the outcome was known.
    pub at: DateTime<Utc>,
}

/// The outcome of one part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettledPart {
    /// The id a receipt will name, as the provider wrote it; `None`: the provider gave none, and no receipt can come.
    pub provider_id: Option<String>,
}

/// What came of settling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Messages written.
    pub stored: usize,
    /// Receipts that had come before, and have been joined.
    pub joined: usize,
}

/// What came of a batch of receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Receipts {
    /// Found their message.
    pub matched: usize,
    /// Stored until their message turns up.
    pub unmatched: usize,
}

/// A message of a client, as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whose message it is.
    pub recipient: RecipientKey,
    /// Whose campaign it belongs to.
    pub client: ClientId,
    /// To whom.
    pub phone: PhoneNumber,
    /// Where it stands.
    pub status: MessageStatus,
    /// The attempt, from 1.
    pub attempt: i16,
    /// The gateway it went to.
    pub gateway: String,
    /// How many parts it has.
    pub parts: i16,
    /// Its price in millionths, where the provider tells one.
    pub price: Option<i64>,
    /// The text as rendered.
    pub text: String,
    /// The sender as shown.
    pub sender: String,
    /// The provider's error code, if any.
    pub error: Option<String>,
    /// When it was handed over, or failed to be.
    pub sent_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When the final receipt came.
    pub received_at: Option<DateTime<Utc>>,
}

/// Messages of a campaign by where they stand. Recipients that were not tried are in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Wait to be sent again.
    pub queued: u64,
    /// A provider has them.
    pub sent: u64,
    /// The network has them.
    pub accepted: u64,
    /// The handset has them.
    pub delivered: u64,
    /// Failed for good.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// The recipient had opted out.
    pub opted_out: u64,
}

/// Writes the outcomes of submits, and joins the receipts that came before them.
///
/// # Errors
/// The database's.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> Result<Settled, StoreError> {
    let _ = (conn, settlements);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Applies receipts: a message is delivered when all its parts are, and never goes back.
///
/// # Errors
/// The database's.
pub fn apply_receipts(
    conn: &mut Conn,
    gateway: &str,
    receipts: &[DeliveryReceipt],
) -> Result<Receipts, StoreError> {
    let _ = (conn, gateway, receipts);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Joins stored receipts that crossed the settling of their message; how many.
///
/// # Errors
/// The database's.
pub fn rematch(conn: &mut Conn, since: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
    let _ = (conn, since, limit);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Gives up waiting for receipts of messages sent before then: they end as Unknown. How many parts.
///
/// # Errors
/// The database's.
pub fn expire_outstanding(
    conn: &mut Conn,
    sent_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let _ = (conn, sent_before, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// A message of a client.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    recipient: RecipientKey,
) -> Result<Option<Message>, StoreError> {
    let _ = (conn, client, recipient);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// A page of a client's messages, the newest campaign first.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: PageRequest,
) -> Result<Page<Message>, StoreError> {
    let _ = (conn, client, request);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// How a campaign's messages stand.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, campaign: CampaignKey) -> Result<Counts, StoreError> {
    let _ = (conn, campaign);
    Err(crate::stored::corrupt("unfinished", 0))
}
