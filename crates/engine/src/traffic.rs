//! What there is to see of the gateways.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clarion_domain::gateway::{Gateway, GatewayState};
use clarion_persistence::messages::{self, Joined};
use clarion_persistence::{Store, StoreError};

/// A gateway, and what has come in over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTraffic {
    /// What it says of itself.
    pub state: GatewayState,
    /// Receipts that have found their message since the start of this node.
    pub receipts_matched: u64,
    /// Receipts that are kept because they have found none.
    pub receipts_unmatched: u64,
}

/// The gateways of this node, and what is counted of them since its start.
#[derive(Default)]
pub(crate) struct Traffic {
    gateways: OnceLock<Vec<Arc<dyn Gateway>>>,
    matched: Mutex<HashMap<String, u64>>,
}

impl Traffic {
    /// The gateways are there. Only the first call counts: an engine is started once.
    pub(crate) fn over(&self, gateways: &[Arc<dyn Gateway>]) {
        let _ = self.gateways.set(gateways.to_vec());
    }

    /// Most parts per second of a sender by all gateways together; `None` where one has no limit, or there are none.
    pub(crate) fn limit(&self) -> Option<u32> {
        let gateways = self.gateways.get()?;
        let sum = gateways
            .iter()
            .map(|gateway| of_one_sender(&gateway.state()))
            .sum();
        Option::filter(sum, |sum: &u32| *sum > 0)
    }

    /// Receipts have found their message.
    pub(crate) fn matched(&self, gateway: &str, receipts: usize) {
        if receipts > 0 {
            let mut matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
            *matched.entry(gateway.to_owned()).or_default() += receipts as u64;
        }
    }

    /// Receipts that were stored have found their message.
    pub(crate) fn joined(&self, joined: &Joined) {
        for (gateway, receipts) in joined {
            self.matched(gateway, *receipts);
        }
    }

    /// What each says of itself, with the receipts that have found their message.
    pub(crate) fn states(&self) -> Vec<(GatewayState, u64)> {
        let matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
        let gateways = self.gateways.get().into_iter().flatten();
        let state = |gateway: &Arc<dyn Gateway>| {
            let receipts = matched.get(gateway.name()).copied();
            (gateway.state(), receipts.unwrap_or_default())
        };
        gateways.map(state).collect()
    }

    /// What there is to see now, in the order of the configuration.
    pub(crate) async fn look(&self, store: &Store) -> Result<Vec<GatewayTraffic>, StoreError> {
        let unmatched = store.read(messages::unmatched_counts).await?;
        let matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
        let gateways = self.gateways.get().into_iter().flatten();
        let look = |gateway: &Arc<dyn Gateway>| {
            let of = |counts: &HashMap<String, u64>| counts.get(gateway.name()).copied();
            GatewayTraffic {
                state: gateway.state(),
                receipts_matched: of(&matched).unwrap_or_default(),
                receipts_unmatched: of(&unmatched).unwrap_or_default(),
            }
        };
        Ok(gateways.map(look).collect())
    }
}

fn of_one_sender(gateway: &GatewayState) -> Option<u32> {
    let limits = [gateway.limit, gateway.sender_limit];
    limits.into_iter().filter(|limit| *limit > 0).min()
}
