//! This node among the others: it says that it is there, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use clarion_persistence::StoreError;
use clarion_persistence::nodes::{self, Profile};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::core::Core;

/// A lease however short is not renewed more often than this; a timer needs some interval.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// How often a node says that it is there: often enough that others notice its end when its lease ends.
pub(crate) fn beat_interval(core: &Core) -> Duration {
    (core.settings.lease / 10).max(SHORTEST_INTERVAL)
}

/// A node that says that it is there.
pub struct Attendance {
    core: Arc<Core>,
    profile: Profile,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Attendance {
    pub(crate) async fn begin(core: Arc<Core>, profile: Profile) -> Result<Self, StoreError> {
        beat(&core, &profile).await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(attend(Arc::clone(&core), profile.clone(), stop.clone()));
        Ok(Self {
            core,
            profile,
            stop,
            task,
        })
    }

    /// Says that the node ends, once everything else of it has.
    pub async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            warn!(%error, "the node did not say to the end that it is there");
        }
        let (id, now) = (self.profile.id, self.core.now());
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

async fn attend(core: Arc<Core>, profile: Profile, stop: CancellationToken) {
    let mut timer = tokio::time::interval(beat_interval(&core));
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    timer.tick().await;
    while stop.run_until_cancelled(timer.tick()).await.is_some() {
        if let Err(error) = beat(&core, &profile).await {
            warn!(%error, "the node could not say that it is there");
        }
    }
}

async fn beat(core: &Core, profile: &Profile) -> Result<(), StoreError> {
    let (profile, lease, now) = (profile.clone(), core.settings.lease, core.now());
    core.store
        .write(move |conn| nodes::beat(conn, &profile, lease, now))
        .await
}
