//! A campaign moves on when its messages have: Sending to Submitted, Submitted to Completed.

use std::sync::Arc;
use std::time::Duration;

use clarion_persistence::campaigns;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::core::Core;

/// Shortest time between two looks: messages move thousands of times a second, campaigns a few times in their life.
const REST: Duration = Duration::from_millis(200);

/// Moves campaigns on until told to stop, and once more then.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        advance(&core).await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = changes(&core) => {}
        }
    }
    advance(&core).await;
}

async fn changes(core: &Core) {
    tokio::time::sleep(REST).await;
    tokio::select! {
        () = core.moved.notified() => {}
        () = tokio::time::sleep(core.settings.poll_interval) => {}
    }
}

async fn advance(core: &Core) {
    let (now, usual) = (core.now(), core.settings.on_unknown);
    let advanced = core
        .store
        .write(move |conn| campaigns::advance(conn, usual, now))
        .await;
    match advanced {
        Ok(advanced) if !advanced.sent_again.is_empty() => core.wake(),
        Ok(_) => {}
        Err(error) => warn!(%error, "campaigns could not be moved on"),
    }
}
