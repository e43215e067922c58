//! What every task of the engine shares.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::clock::Clock;
use clarion_persistence::Store;
use clarion_persistence::nodes::Profile;
use tokio::sync::{Notify, watch};

use crate::EngineSettings;
use crate::lease::Held;
use crate::pace::Paces;
use crate::receipts::Inbox;
use crate::replies::ReplyRules;
use crate::share::Share;
use crate::traffic::Traffic;
use crate::trouble::Trouble;

pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: EngineSettings,
    /// What replies bring about.
    pub(crate) replies: Arc<ReplyRules>,
    /// Changes when there may be something to send that was not there before.
    pub(crate) work: watch::Sender<()>,
    /// The units that this node knows to be in its hands.
    pub(crate) held: Arc<Held>,
    /// Told when messages have moved, so that their campaigns may have to.
    pub(crate) moved: Notify,
    /// Where the gateways put what comes in.
    pub(crate) inbox: Arc<Inbox>,
    /// The gateways, and what is counted of them.
    pub(crate) traffic: Traffic,
    /// What this node may send of limits that hold for the whole cluster.
    pub(crate) share: Share,
    /// How fast this node may send the campaigns that have a pace.
    pub(crate) paces: Paces,
    /// Whether the database takes what is written.
    pub(crate) trouble: Trouble,
    /// What the other nodes are told of this one, once they are.
    pub(crate) profile: OnceLock<Profile>,
}

impl Core {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, settings: EngineSettings) -> Self {
        Self {
            store,
            clock,
            replies: Arc::new(ReplyRules::of(Arc::clone(&settings.keywords))),
            settings,
            work: watch::Sender::new(()),
            held: Arc::default(),
            moved: Notify::new(),
            inbox: Arc::new(Inbox::new()),
            traffic: Traffic::default(),
            share: Share::default(),
            paces: Paces::default(),
            trouble: Trouble::new(),
            profile: OnceLock::new(),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// There may be something to send.
    pub(crate) fn wake(&self) {
        self.work.send_replace(());
    }
}

/// A moment `by` before another; the beginning of time where there is no such moment.
pub(crate) fn earlier(moment: DateTime<Utc>, by: std::time::Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| moment.checked_sub_signed(by))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}
