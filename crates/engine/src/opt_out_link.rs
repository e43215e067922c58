//! Whether a campaign's opt-out link is one of its client's.

use clarion_domain::client::ClientId;
use clarion_domain::fault::Faults;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_persistence::{Conn, StoreError, opt_out_links};

/// What is wrong with it.
///
/// # Errors
/// The database's.
pub(crate) fn check(
    conn: &mut Conn,
    client: ClientId,
    link: OptOutLinkId,
) -> Result<Faults, StoreError> {
    let mut faults = Faults::default();
    if opt_out_links::find(conn, client, link)?.is_none() {
        faults.add("optOutLinkId", "names no opt-out link of this client");
    }
    Ok(faults)
}
