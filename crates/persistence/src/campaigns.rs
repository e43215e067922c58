//! Campaigns: how they come to be, what can be read of them, and how they change. What a change may do is the domain's
//! to say.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Campaign, CampaignContent, CampaignId};
use clarion_domain::client::ClientId;
use clarion_domain::page::{Page, PageRequest};
use clarion_domain::recipient::CampaignKey;
use clarion_domain::sender::SenderId;

use crate::{Change, Conn, StoreError};

/// What a campaign is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum Kind {
    /// A campaign that is listed.
    Campaign = 0,
    /// The campaign of one that carries a direct message.
    Direct = 1,
}

/// What came of a campaign's contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Accepted, and stored as recipients 1 to this.
    pub recipients: u32,
    /// Left out because they were invalid.
    pub invalid: u64,
    /// Left out because their number stood there already.
    pub duplicates: u64,
}

/// A campaign that is being sent: what the sending needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The campaign.
    pub key: CampaignKey,
    /// Whose it is.
    pub client: ClientId,
    /// From whom.
    pub sender: SenderId,
    /// The message template as it was written.
    pub message: String,
    /// The opt-out link, if any.
    pub opt_out_link_id: Option<i32>,
    /// The URL to track, if any.
    pub track_link_url: Option<String>,
}

/// Campaigns that have moved on by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advanced {
    /// Every message is handed over.
    pub submitted: Vec<CampaignKey>,
    /// Every message has its final status.
    pub completed: Vec<CampaignKey>,
}

/// Makes a campaign in loading: nobody sees it before [`finish_loading`].
///
/// # Errors
/// The database's.
pub fn insert_loading(
    conn: &mut Conn,
    id: CampaignId,
    client: ClientId,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<CampaignKey, StoreError> {
    let _ = (conn, id, client, kind, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Ends the loading: the campaign is Pending, and its recipients are cut into send units.
///
/// # Errors
/// The database's.
pub fn finish_loading(
    conn: &mut Conn,
    key: CampaignKey,
    content: &CampaignContent,
    loaded: Loaded,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let _ = (conn, key, content, loaded, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Removes a campaign in loading and all that was stored for it.
///
/// # Errors
/// The database's.
pub fn discard_loading(conn: &mut Conn, key: CampaignKey) -> Result<(), StoreError> {
    let _ = (conn, key);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Campaigns in loading that nothing was stored for since then: what a crash leaves behind.
///
/// # Errors
/// The database's.
pub fn abandoned_loading(
    conn: &mut Conn,
    untouched_since: DateTime<Utc>,
) -> Result<Vec<CampaignKey>, StoreError> {
    let _ = (conn, untouched_since);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// A listed campaign of a client.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
) -> Result<Option<Campaign>, StoreError> {
    let _ = (conn, client, id);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// A page of a client's campaigns, the newest start first.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: PageRequest,
) -> Result<Page<Campaign>, StoreError> {
    let _ = (conn, client, request);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Replaces what a campaign says; its contacts stay.
///
/// # Errors
/// The database's.
pub fn replace(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    content: &CampaignContent,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let _ = (conn, client, id, content, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Deletes a campaign: nothing more of it is sent, and it leaves every list. Its messages stay. Whether there was one.
///
/// # Errors
/// The database's.
pub fn delete(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let _ = (conn, client, id, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Holds a campaign back.
///
/// # Errors
/// The database's.
pub fn pause(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let _ = (conn, client, id, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Lets a paused campaign go on.
///
/// # Errors
/// The database's.
pub fn resume(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let _ = (conn, client, id, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Stops a campaign for good.
///
/// # Errors
/// The database's.
pub fn cancel(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let _ = (conn, client, id, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Lets every campaign whose start has come begin.
///
/// # Errors
/// The database's.
pub fn start_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<CampaignKey>, StoreError> {
    let _ = (conn, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// When the next campaign starts.
///
/// # Errors
/// The database's.
pub fn next_start(conn: &mut Conn) -> Result<Option<DateTime<Utc>>, StoreError> {
    let _ = (conn,);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Campaigns in Sending with units that are not handed over.
///
/// # Errors
/// The database's.
pub fn sending(conn: &mut Conn) -> Result<Vec<Outgoing>, StoreError> {
    let _ = (conn,);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Moves on the campaigns that are handed over (to Submitted) and those whose messages are all final (to Completed).
///
/// # Errors
/// The database's.
pub fn advance(conn: &mut Conn, now: DateTime<Utc>) -> Result<Advanced, StoreError> {
    let _ = (conn, now);
    Err(crate::stored::corrupt("unfinished", 0))
}
