//! What requests are answered with: the database, the engine, the phone rules, the clock. The fields are private to this
//! module, so that a handler reaches a client's data only through a [`Caller`].

mod authenticate;
mod caller;
mod key;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::clock::Clock;
use clarion_domain::phone::PhoneRules;
use clarion_engine::Engine;
use clarion_persistence::{Store, StoreError};

pub(crate) use authenticate::authenticate;
pub(crate) use caller::{Caller, CampaignsRead, CampaignsWrite, MessagesSend};

/// What requests are answered with. Clones share it.
#[derive(Clone)]
pub struct State {
    store: Store,
    engine: Engine,
    phones: Arc<PhoneRules>,
    clock: Arc<dyn Clock>,
}

impl State {
    /// The parts of a service.
    #[must_use]
    pub fn new(
        store: Store,
        engine: Engine,
        phones: Arc<PhoneRules>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            engine,
            phones,
            clock,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}
