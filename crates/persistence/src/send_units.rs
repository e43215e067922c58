//! Send units: runs of at most [`UNIT_SIZE`] recipients, the pieces that nodes lease. The mark of a unit says up to where
//! its messages may have been written to a socket.

use chrono::{DateTime, Utc};
use clarion_domain::recipient::CampaignKey;

use crate::{Conn, StoreError};

/// Recipients of a unit; only a campaign's last unit has fewer. Unit n of a campaign begins at `n * UNIT_SIZE + 1`.
pub const UNIT_SIZE: u32 = 1_000;

/// A unit under lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The campaign.
    pub campaign: CampaignKey,
    /// Its first recipient.
    pub first_seq: u32,
    /// Its last recipient.
    pub last_seq: u32,
    /// Who holds it.
    pub owner: String,
    /// Counts its leases: who holds an older one has lost it.
    pub epoch: i64,
    /// Up to where its messages may have been sent, as of the claim; one less than `first_seq` where nothing is marked.
    pub marked_upto: u32,
}

/// What became of the wish to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The messages may be written.
    Marked,
    /// The lease has run out or is another's.
    LeaseLost,
    /// The campaign is not in Sending any more.
    NotSending,
}

/// A message known not to be written, that waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// The recipient.
    pub seq: u32,
    /// The attempt that did not come about.
    pub attempt: i16,
    /// The reference to use again.
    pub reference: u16,
}

/// Leases up to `limit` units of a campaign that are not finished and in nobody's hands.
///
/// # Errors
/// The database's.
pub fn claim(
    conn: &mut Conn,
    campaign: CampaignKey,
    owner: &str,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Unit>, StoreError> {
    let _ = (conn, campaign, owner, now, lease_until, limit);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Prolongs every lease of this owner that has not run out; how many.
///
/// # Errors
/// The database's.
pub fn renew(
    conn: &mut Conn,
    owner: &str,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let _ = (conn, owner, now, lease_until);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Moves a unit's mark to `upto`: only what is marked may be written to a socket.
///
/// # Errors
/// The database's.
pub fn mark(
    conn: &mut Conn,
    unit: &Unit,
    upto: u32,
    now: DateTime<Utc>,
) -> Result<Mark, StoreError> {
    let _ = (conn, unit, upto, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Recipients up to the mark without a message: what became of them is not known.
///
/// # Errors
/// The database's.
pub fn unsettled(conn: &mut Conn, unit: &Unit) -> Result<Vec<u32>, StoreError> {
    let _ = (conn, unit);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Messages of a unit that are known not to be written.
///
/// # Errors
/// The database's.
pub fn queued(conn: &mut Conn, unit: &Unit) -> Result<Vec<Queued>, StoreError> {
    let _ = (conn, unit);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Marks messages that were queued: their rows go, so that a crash leaves them unsettled like any marked one.
///
/// # Errors
/// The database's.
pub fn mark_queued(
    conn: &mut Conn,
    unit: &Unit,
    seqs: &[u32],
    now: DateTime<Utc>,
) -> Result<Mark, StoreError> {
    let _ = (conn, unit, seqs, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Gives a lease back; the unit is finished where all its messages are settled and none is queued. Whether it is.
///
/// # Errors
/// The database's.
pub fn release(conn: &mut Conn, unit: &Unit, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let _ = (conn, unit, now);
    Err(crate::stored::corrupt("unfinished", 0))
}
