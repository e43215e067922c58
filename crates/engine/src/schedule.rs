//! When a campaign starts: at once if it is due when it comes in, else at its moment, and by polling if a wake is missed.

use std::sync::Arc;
use std::time::Duration;

use clarion_persistence::{StoreError, campaigns, send_units};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::core::{Core, earlier};
use crate::journal;
use crate::retry::until_done;

/// Why a campaign that was due long before the service came up is held back.
const TOO_LATE: &str =
    "its start was missed, since the service was not running; resume it to send it now";

/// Starts campaigns until told to stop, once those are held back whose start was missed by too much.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    let begun = stop.run_until_cancelled(async {
        journal::replay(&core).await;
        take_from_former(&core).await;
        hold_back_late(&core).await;
    });
    if begun.await.is_none() {
        return;
    }
    let mut work = core.work.subscribe();
    loop {
        work.mark_unchanged();
        let wait = start_due(&core).await.unwrap_or_else(|error| {
            warn!(%error, "no campaign could be started");
            core.settings.poll_interval
        });
        tokio::select! {
            () = stop.cancelled() => return,
            _ = work.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Takes up at once what a former process of this SQLite file held; on PostgreSQL its leases have to run out.
async fn take_from_former(core: &Core) {
    let released = until_done("taking up what a former process held", || {
        let owner = core.settings.node.clone();
        core.store
            .write(move |conn| send_units::release_of_others(conn, &owner))
    })
    .await;
    if released > 0 {
        info!(units = released, "taken up from a process that is gone");
        core.wake();
    }
}

/// What should have gone out at noon is not wanted at midnight: whoever made it decides. Nothing starts before this is
/// done.
async fn hold_back_late(core: &Core) {
    let now = core.now();
    let due_before = earlier(now, core.settings.max_lateness);
    let held_back = until_done("holding back late campaigns", || {
        core.store
            .write(move |conn| campaigns::hold_back_late(conn, due_before, TOO_LATE, now))
    })
    .await;
    if held_back > 0 {
        warn!(campaigns = held_back, "held back: their start was missed");
    }
}

/// Starts what is due, and tells how long to wait for the next.
///
/// It reads before it writes, since most times nothing is due and a write would keep others waiting.
async fn start_due(core: &Core) -> Result<Duration, StoreError> {
    let next = core.store.read(campaigns::next_start).await?;
    let now = core.now();
    if next.is_some_and(|next| next <= now) {
        let started = core
            .store
            .write(move |conn| campaigns::start_due(conn, now))
            .await?;
        info!(campaigns = started.len(), "started");
        core.wake();
        return Ok(Duration::ZERO);
    }
    let until_next = next.and_then(|next| (next - now).to_std().ok());
    Ok(until_next.map_or(core.settings.poll_interval, |wait| {
        wait.min(core.settings.poll_interval)
    }))
}
