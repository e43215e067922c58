//! Whether a campaign's opt-out link is one of its client's.

use clarion_domain::client::ClientId;
use clarion_domain::fault::Faults;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_persistence::{Conn, StoreError, opt_out_links};

/// What is wrong with it, if it has one.
///
/// # Errors
/// The database's.
pub(crate) fn check(
    conn: &mut Conn,
    client: ClientId,
    link: Option<OptOutLinkId>,
) -> Result<Faults, StoreError> {
    let mut faults = Faults::default();
    if let Some(id) = link
        && opt_out_links::find(conn, client, id)?.is_none()
    {
        faults.add("optOutLinkId", "names no opt-out link of this client");
    }
    Ok(faults)
}
