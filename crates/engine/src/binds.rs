//! Which binds of the gateways this node keeps: leased, renewed, and given back once they are closed where others shall have
//! them. A gateway without binds is every node's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use clarion_domain::gateway::Gateway;
use clarion_persistence::gateway_binds::{self, Holding};
use clarion_persistence::{StoreError, nodes};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::core::Core;
use crate::node;

/// Keeps the binds that this node has leased until told to stop, which it is once the gateways have stopped.
pub(crate) async fn run(core: Arc<Core>, gateways: Vec<Arc<dyn Gateway>>, stop: CancellationToken) {
    let gateways = gateways
        .into_iter()
        .filter(|gateway| gateway.binds() > 0)
        .map(|gateway| (gateway.name().to_owned(), gateway))
        .collect();
    let mut keeper = Keeper {
        core,
        gateways,
        closing: BTreeSet::new(),
        closed: JoinSet::new(),
    };
    if !keeper.gateways.is_empty() {
        keeper.run(stop).await;
        keeper.give_all_back().await;
    }
}

/// A bind of a gateway by name.
type Place = (String, u16);

struct Keeper {
    core: Arc<Core>,
    /// By name, the order in which all nodes lock their rows.
    gateways: BTreeMap<String, Arc<dyn Gateway>>,
    /// Binds that are still leased, and are to be given back once they are closed.
    closing: BTreeSet<Place>,
    closed: JoinSet<Place>,
}

impl Keeper {
    async fn run(&mut self, stop: CancellationToken) {
        loop {
            let wait = self.balance().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                Some(Ok(place)) = self.closed.join_next() => self.release(place).await,
            }
        }
    }

    /// Renews what is kept and takes what is free; how long until the next time.
    async fn balance(&mut self) -> Duration {
        // From before the database is asked, and a little sooner than the lease ends: a connection takes a moment to close, and
        // whoever has the bind next opens its own at once.
        let asked = Instant::now();
        let holdings = match self.lease().await {
            Ok(holdings) => holdings,
            Err(error) => {
                self.core.trouble.heed(&error);
                warn!(%error, "the binds could not be leased");
                return self.core.settings.poll_interval;
            }
        };
        let until = self
            .core
            .store
            .is_shared()
            .then(|| asked + self.core.settings.lease * 9 / 10);
        let mut kept_in_all = Vec::new();
        let mut before = 0;
        for gateway in self.gateways.clone().into_values() {
            if let Some(holding) = holdings.get(gateway.name()) {
                let kept = self.keep(&gateway, holding, until).into_iter();
                kept_in_all.extend(kept.map(|number| before + usize::from(number)));
            }
            before += usize::from(gateway.binds());
        }
        self.core.share.set(kept_in_all, before, until);
        let wanting = holdings.values().any(|holding| holding.wanting > 0);
        let usual = node::beat_interval(&self.core);
        if wanting {
            usual.min(self.core.settings.poll_interval)
        } else {
            usual
        }
    }

    async fn lease(&self) -> Result<BTreeMap<String, Holding>, StoreError> {
        let wanted: Vec<_> = self
            .gateways
            .iter()
            .map(|(name, gateway)| (name.clone(), gateway.binds()))
            .collect();
        let (node, lease) = (self.core.settings.node.clone(), self.core.settings.lease);
        self.core
            .store
            .write(move |conn| {
                let mut holdings = BTreeMap::new();
                for (name, binds) in &wanted {
                    let holding = gateway_binds::balance(conn, name, &node, *binds, lease)?;
                    holdings.insert(name.clone(), holding);
                }
                Ok(holdings)
            })
            .await
    }

    /// Has a gateway keep what is leased and not about to be given back; which binds.
    fn keep(
        &mut self,
        gateway: &Arc<dyn Gateway>,
        holding: &Holding,
        until: Option<Instant>,
    ) -> BTreeSet<u16> {
        let name = gateway.name();
        let place = |number: &u16| (name.to_owned(), *number);
        let mut kept: BTreeSet<u16> = holding.kept.iter().copied().collect();
        kept.retain(|number| !self.closing.contains(&place(number)));
        gateway.keep(&kept, until.map(Instant::into_std));
        for number in &holding.excess {
            if self.closing.insert(place(number)) {
                info!(gateway = name, bind = number, "to be given to another node");
                let (gateway, place, number) = (Arc::clone(gateway), place(number), *number);
                self.closed.spawn(async move {
                    gateway.closed(number).await;
                    place
                });
            }
        }
        kept
    }

    /// Once: where that fails, their leases run out.
    async fn give_all_back(&self) {
        let node = self.core.settings.node.clone();
        let give_back = move |conn: &mut _| nodes::stop_sending(conn, &node);
        if let Err(error) = self.core.store.write(give_back).await {
            warn!(%error, "the binds could not be given back; their leases run out");
        }
    }

    async fn release(&mut self, place: Place) {
        self.closing.remove(&place);
        let (node, (name, number)) = (self.core.settings.node.clone(), place);
        let release = move |conn: &mut _| gateway_binds::release(conn, &name, number, &node);
        if let Err(error) = self.core.store.write(release).await {
            // It is found to be one too many again.
            warn!(%error, "a bind could not be given back");
        }
    }
}
