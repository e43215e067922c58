//! This node among the others: it says that it is there, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use clarion_persistence::StoreError;
use clarion_persistence::nodes::{self, Profile};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::core::Core;
use crate::trouble;

/// A lease however short is not renewed more often than this; a timer needs some interval.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// How often a node says that it is there: often enough that others notice its end when its lease ends.
pub(crate) fn beat_interval(core: &Core) -> Duration {
    (core.settings.lease / 10).max(SHORTEST_INTERVAL)
}

/// A node that says that it is there.
pub struct Attendance {
    core: Arc<Core>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Attendance {
    pub(crate) async fn begin(core: Arc<Core>, profile: Profile) -> Result<Self, StoreError> {
        core.profile.set(profile).ok();
        beat(&core).await?;
        let stop = CancellationToken::new();
        let every = beat_interval(&core);
        let task = tokio::spawn(trouble::watch(Arc::clone(&core), every, stop.clone()));
        Ok(Self { core, stop, task })
    }

    /// Says that the node ends, once everything else of it has.
    pub async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            warn!(%error, "the node did not say to the end that it is there");
        }
        let (id, now) = (self.core.settings.node.clone(), self.core.now());
        let left = self
            .core
            .store
            .write(move |conn| nodes::leave(conn, &id, now))
            .await;
        if let Err(error) = left {
            warn!(%error, "the node could not say that it ends; others notice when its lease has run out");
        }
    }
}

/// Says once that this node is there; where nobody was told so before, only whether it could.
pub(crate) async fn beat(core: &Core) -> Result<(), StoreError> {
    let (profile, lease, now) = (core.profile.get().cloned(), core.settings.lease, core.now());
    let beat = move |conn: &mut _| match &profile {
        Some(profile) => nodes::beat(conn, profile, lease, now),
        None => Ok(()),
    };
    core.store.write(beat).await
}
