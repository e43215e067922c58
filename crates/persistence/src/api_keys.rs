//! API keys: at rest there is only the SHA-256 of a key.

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;

use crate::{Conn, StoreError};

/// A key about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Whose it is.
    pub client: ClientId,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// The key's first characters, to tell it from others.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub client: ClientId,
    /// What its owner calls it.
    pub name: String,
    /// The key's first characters.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, roughly.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Stores a key; its number.
///
/// # Errors
/// The database's; a hash that is stored already.
pub fn insert(conn: &mut Conn, key: &NewApiKey, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let _ = (conn, key, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// The key of a hash, unless it is revoked.
///
/// # Errors
/// The database's.
pub fn find_by_hash(conn: &mut Conn, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
    let _ = (conn, hash);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Notes that a key was used.
///
/// # Errors
/// The database's.
pub fn touch(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    let _ = (conn, id, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Every key of a client, revoked ones too, oldest first.
///
/// # Errors
/// The database's.
pub fn of_client(conn: &mut Conn, client: ClientId) -> Result<Vec<ApiKey>, StoreError> {
    let _ = (conn, client);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Revokes a key of a client; whether there was one that was not revoked.
///
/// # Errors
/// The database's.
pub fn revoke(
    conn: &mut Conn,
    client: ClientId,
    id: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let _ = (conn, client, id, now);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// Whether there is any key at all.
///
/// # Errors
/// The database's.
pub fn any(conn: &mut Conn) -> Result<bool, StoreError> {
    let _ = conn;
    Err(crate::stored::corrupt("unfinished", 0))
}
