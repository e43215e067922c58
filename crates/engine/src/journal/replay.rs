//! What the journals of processes that are gone tell is settled before anything is sent.

use std::sync::Arc;

use clarion_domain::client::FIRST_CLIENT;
use clarion_persistence::messages::{self, Settlement};
use clarion_persistence::{StoreError, clients};
use tokio::task::spawn_blocking;
use tracing::{error, info, warn};

use super::record::{self, Beginning};
use super::segment::Leftover;
use crate::core::Core;
use crate::retry::until_done;

/// Outcomes settled in one transaction.
const BATCH: usize = 1_000;

/// Settles what this machine's journals tell of processes that are gone.
///
/// An outcome that was noted is a fact, whoever holds its unit now: what is known already is left alone, and what another
/// node has written down as unknown becomes known.
pub(crate) async fn replay(core: &Core) {
    let Some(directory) = core.settings.journal.clone() else {
        return;
    };
    let found = spawn_blocking(move || Leftover::all_in(&directory)).await;
    let leftovers = match found {
        Ok(Ok(leftovers)) => leftovers,
        Ok(Err(error)) => return error!(%error, "the journal cannot be read"),
        Err(error) => return error!(%error, "the journal cannot be read"),
    };
    if leftovers.is_empty() {
        return;
    }
    let database = database(core).await;
    for leftover in leftovers {
        take_up(core, leftover, &database).await;
    }
}

/// What tells this database from others: when it was made.
pub(super) async fn database(core: &Core) -> String {
    until_done("reading when the database was made", || {
        core.store.read(|conn| {
            let client = clients::find(conn, FIRST_CLIENT)?;
            let made = client.map(|client| client.created_at.timestamp_micros());
            made.map(|made| made.to_string())
                .ok_or_else(|| StoreError::Corrupt("the first client is missing".to_owned()))
        })
    })
    .await
}

async fn take_up(core: &Core, leftover: Leftover, database: &str) {
    let path = leftover.path().display().to_string();
    let Some(outcomes) = outcomes(&leftover.bytes, database) else {
        return warn!(path, "a journal of another database is left alone");
    };
    let mut settled = 0;
    for some in outcomes.chunks(BATCH) {
        let some: Arc<[Settlement]> = some.into();
        let done = until_done("settling what the journal tells", || {
            let some = Arc::clone(&some);
            core.store
                .write(move |conn| messages::settle_noted(conn, &some))
        })
        .await;
        core.traffic.joined(&done.joined);
        settled += done.stored;
    }
    info!(
        noted = outcomes.len(),
        settled, "settled from the journal of a process that is gone"
    );
    core.moved.notify_one();
    if let Err(error) = leftover.remove() {
        warn!(%error, path, "a file of the journal cannot be removed");
    }
}

/// The outcomes in a file; `None` where they are about another database. One that was torn at its very beginning holds
/// none.
fn outcomes(bytes: &[u8], database: &str) -> Option<Vec<Settlement>> {
    let mut contents = record::contents(bytes).into_iter();
    let Some(beginning) = contents.next() else {
        return Some(Vec::new());
    };
    let beginning: Beginning = serde_json::from_slice(beginning).ok()?;
    (beginning.database == database).then(|| contents.filter_map(record::settlement).collect())
}
