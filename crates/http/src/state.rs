//! What requests are answered with: the database, the engine, the phone rules, the clock. The fields are private to this
//! module, so that a handler reaches a client's data only through a [`Caller`].

mod authenticate;
mod caller;
mod clicks;
mod idempotency;
mod key;
mod once;
mod opt_out_page;
mod origin;
mod targets;
mod upkeep;
mod uses;
mod writer;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::click::{Click, ClickRules};
use clarion_domain::clock::Clock;
use clarion_domain::gateway::GatewayState;
use clarion_domain::network::Network;
use clarion_domain::phone::PhoneRules;
use clarion_engine::{Alarms, Engine};
use clarion_persistence::{Store, StoreError};

use crate::HttpSettings;
use clicks::Clicks;
use targets::Targets;
use uses::Uses;

pub(crate) use authenticate::{authenticate, key_of};
pub(crate) use caller::{
    Admin, Caller, CampaignsRead, CampaignsWrite, ContactsRead, ContactsWrite, MessagesSend,
};
pub(crate) use idempotency::once;
pub(crate) use once::Once;
pub(crate) use opt_out_page::PageConsent;
pub(crate) use upkeep::run as keep_up;
pub(crate) use writer::Writer;

/// What requests are answered with. Clones share it.
#[derive(Clone)]
pub struct State {
    store: Store,
    engine: Engine,
    phones: Arc<PhoneRules>,
    clock: Arc<dyn Clock>,
    uses: Arc<Uses>,
    targets: Targets,
    clicks: Arc<Clicks>,
    click_rules: Arc<ClickRules>,
    trusted_proxies: Arc<[Network]>,
    max_live_keys: u32,
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
            uses: Arc::default(),
            targets: targets::targets(),
            clicks: Arc::default(),
            click_rules: Arc::default(),
            trusted_proxies: Arc::default(),
            max_live_keys: HttpSettings::default().max_live_keys,
        }
    }

    /// The same, with clicks judged by these rules; without any, only what is asked for tells them apart.
    #[must_use]
    pub fn judging_by(self, rules: ClickRules) -> Self {
        Self {
            click_rules: Arc::new(rules),
            ..self
        }
    }

    /// The same within the limits of these settings.
    pub(crate) fn within(self, settings: &HttpSettings) -> Self {
        Self {
            max_live_keys: settings.max_live_keys,
            trusted_proxies: settings.trusted_proxies.clone().into(),
            ..self
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Remembers that a link was followed.
    pub(crate) fn note_click(&self, click: Click) {
        self.clicks.note(click);
    }

    /// What an operator has to see to.
    pub(crate) fn alarms(&self) -> Alarms {
        self.engine.alarms()
    }

    /// What the gateways say of themselves, each with the receipts that have found their message.
    pub(crate) fn gateway_states(&self) -> Vec<(GatewayState, u64)> {
        self.engine.gateway_states()
    }

    /// Clicks that were lost since the start, for want of room.
    pub(crate) fn lost_clicks(&self) -> u64 {
        self.clicks.lost()
    }

    /// Whether the database takes what is written.
    pub(crate) async fn check_database(&self) -> Result<(), StoreError> {
        self.engine.check_database().await
    }
}
