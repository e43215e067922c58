//! Contacts that were left out of a campaign because they were invalid, with the reason.

use clarion_domain::page::{Page, PageRequest};
use clarion_domain::recipient::CampaignKey;

use crate::{Conn, StoreError};

/// The longest given number that is kept, in characters.
const MAX_GIVEN_NUMBER: usize = 64;

/// A contact that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidContact {
    /// Its index in the request, from 0.
    pub position: u64,
    /// The number as it was given; stored cut to 64 characters.
    pub phone_number: String,
    /// The property at fault, as the API names it.
    pub property: String,
    /// Why; reads after the property's name.
    pub reason: String,
}

/// Stores contacts that were left out of a campaign in loading.
///
/// # Errors
/// The database's.
pub fn insert_batch(
    conn: &mut Conn,
    key: CampaignKey,
    contacts: &[InvalidContact],
) -> Result<(), StoreError> {
    let _ = (conn, key, contacts);
    Err(crate::stored::corrupt("unfinished", 0))
}

/// A page of them, in the order they came.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    key: CampaignKey,
    request: PageRequest,
) -> Result<Page<InvalidContact>, StoreError> {
    let _ = (conn, key, request);
    Err(crate::stored::corrupt("unfinished", 0))
}
