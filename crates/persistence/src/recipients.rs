//! Recipients: the accepted contacts of a campaign, numbered without gaps. Written once, never changed.

use chrono::{DateTime, Utc};
use clarion_domain::contact::Contact;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::{Page, PageRequest};
use clarion_domain::recipient::{CampaignKey, RecipientKey};

use crate::{Conn, StoreError};

/// A recipient, and what became of the message to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Its place.
    pub key: RecipientKey,
    /// The contact.
    pub contact: Contact,
    /// The status of its message; `None`: not tried.
    pub status: Option<MessageStatus>,
}

/// Stores contacts as the recipients from `first_seq` on of a campaign in loading.
///
/// # Errors
/// The database's.
pub fn insert_batch(
    conn: &mut Conn,
    key: CampaignKey,
    first_seq: u32,
    contacts: &[Contact],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let _ = (conn, key, first_seq, contacts, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// A page of a campaign's recipients, in the order they came.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    key: CampaignKey,
    request: PageRequest,
) -> Result<Page<Recipient>, StoreError> {
    let _ = (conn, key, request);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// The recipients of a run, both ends included.
///
/// # Errors
/// The database's.
pub fn range(
    conn: &mut Conn,
    key: CampaignKey,
    from_seq: u32,
    to_seq: u32,
) -> Result<Vec<Recipient>, StoreError> {
    let _ = (conn, key, from_seq, to_seq);
    Err(crate::stored::corrupt("unfinished", 0))
}
