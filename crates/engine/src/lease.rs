//! The units this node holds: kept by renewing their leases, given back once nothing of them is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_persistence::send_units::{self, Unit};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::core::Core;
use crate::retry::until_done;

/// Most units given back in one transaction.
const RELEASE_BATCH: usize = 500;
/// A lease however short is not renewed more often than this; a timer needs some interval.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// The units that this node knows to be in its hands: only their leases are renewed.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<BTreeSet<Place>>);

/// Which unit, by which of its leases.
type Place = (CampaignKey, u32, i64);

impl Held {
    /// The first recipients of its units, by campaign.
    fn units(&self) -> BTreeMap<CampaignKey, Vec<u32>> {
        let mut units: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (campaign, first_seq, _) in &*self.lock() {
            units.entry(*campaign).or_default().push(*first_seq);
        }
        units
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(unit: &Unit) -> Place {
    (unit.campaign, unit.first_seq, unit.epoch)
}

/// A unit that this node holds.
///
/// It is given back only when its sender is done with it *and* the outcome of each of its messages is written down:
/// whoever takes it next reads from the ledger which messages are still open, and would take one that is merely under
/// way for one of unknown outcome.
pub(crate) struct Lease {
    unit: Unit,
    /// Messages without a written outcome, and one more while the sender holds on.
    open: AtomicUsize,
    done: mpsc::UnboundedSender<Unit>,
    held: Arc<Held>,
}

impl Lease {
    pub(crate) fn new(
        unit: Unit,
        held: &Arc<Held>,
        done: mpsc::UnboundedSender<Unit>,
    ) -> Arc<Self> {
        held.lock().insert(place(&unit));
        Arc::new(Self {
            unit,
            held: Arc::clone(held),
            open: AtomicUsize::new(1),
            done,
        })
    }

    pub(crate) fn unit(&self) -> &Unit {
        &self.unit
    }

    pub(crate) fn covers(&self, recipient: RecipientKey) -> bool {
        self.unit.campaign == recipient.campaign
            && (self.unit.first_seq..=self.unit.last_seq).contains(&recipient.seq)
    }

    /// So many messages of it are about to be handed to a gateway.
    pub(crate) fn opened(&self, messages: usize) {
        self.open.fetch_add(messages, Ordering::Relaxed);
    }

    /// The outcome of one of its messages is written down.
    pub(crate) fn settled(&self) {
        self.close_one();
    }

    /// The sender takes nothing more from it.
    pub(crate) fn let_go(&self) {
        self.close_one();
    }

    fn close_one(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Nobody listens only when the engine has been torn down: then the lease runs out.
            let _ = self.done.send(self.unit.clone());
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.held.lock().remove(&place(&self.unit));
    }
}

/// Renews this node's leases until told to stop.
pub(crate) async fn renew(core: Arc<Core>, stop: CancellationToken) {
    let mut timer = tokio::time::interval((core.settings.lease / 3).max(SHORTEST_INTERVAL));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(timer.tick()).await.is_some() {
        let (owner, units) = (core.settings.node.clone(), core.held.units());
        if units.is_empty() {
            continue;
        }
        let lease = core.settings.lease;
        let renewed = core
            .store
            .write(move |conn| send_units::renew(conn, &owner, &units, lease))
            .await;
        if let Err(error) = renewed {
            warn!(%error, "the leases could not be renewed");
        }
    }
}

/// Gives back units that are done with until told that no more come, and then those that still wait.
pub(crate) async fn release(
    core: Arc<Core>,
    mut done: mpsc::UnboundedReceiver<Unit>,
    stop: CancellationToken,
) {
    let mut units = Vec::new();
    loop {
        let received = tokio::select! {
            received = done.recv_many(&mut units, RELEASE_BATCH) => received,
            () = stop.cancelled(), if !done.is_closed() => {
                done.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        if give_back(&core, units.drain(..).collect()).await {
            core.wake();
        }
        core.moved.notify_one();
    }
}

/// Gives units back; whether one of them is not finished, so that somebody may take it up again.
async fn give_back(core: &Core, units: Arc<[Unit]>) -> bool {
    let now = core.now();
    until_done("giving back leases", || {
        let units = Arc::clone(&units);
        core.store.write(move |conn| {
            let mut unfinished = false;
            for unit in &*units {
                unfinished |= !send_units::release(conn, unit, now)?;
            }
            Ok(unfinished)
        })
    })
    .await
}
