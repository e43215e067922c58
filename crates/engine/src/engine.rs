//! The engine's face: what the service makes, starts, wakes and stops.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clarion_domain::campaign::{Campaign, CampaignContent, OnUnknown, Timing};
use clarion_domain::client::ClientId;
use clarion_domain::clock::Clock;
use clarion_domain::contact_group::ContactGroupId;
use clarion_domain::gateway::{Gateway, GatewayState, InboundSink};
use clarion_domain::hours::HourRules;
use clarion_domain::link::Links;
use clarion_domain::message::MessageContent;
use clarion_domain::opt_out::KeywordRules;
use clarion_domain::phone::PhoneRules;
use clarion_domain::recipient::RecipientKey;
use clarion_domain::sender_policy::SenderPolicies;
use clarion_domain::tariff::Tariffs;
use clarion_domain::text::{DEFAULT_MAX_SEGMENTS, Reference, SegmentLimit};
use clarion_domain::web_hook::WebHookId;
use clarion_persistence::contact_groups::ContactGroup;
use clarion_persistence::nodes::Profile;
use clarion_persistence::{Conn, Store, StoreError, messages};
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::core::Core;
use crate::forecast::{self, CampaignSchedule};
use crate::intake::{
    self, Addition, GroupAddition, Intake, IntakeRefusal, InvalidContacts, PreviewLoad,
};
use crate::node::Attendance;
use crate::preview::{self, CampaignPreview};
use crate::send::Sender;
use crate::traffic::GatewayTraffic;
use crate::trouble::Alarms;
use crate::web_hooks::{self, Posting};
use crate::{binds, lease, progress, receipts, replacement, schedule, settle, trouble, upkeep};

/// How the engine goes about its work.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Who holds the leases: unlike that of any other process, and of an earlier start of this one.
    pub node: String,
    /// How long a lease lasts unless it is renewed.
    pub lease: Duration,
    /// The directory of the journal; `None`: there is none, and a message keeps its room in the window until it is settled.
    pub journal: Option<PathBuf>,
    /// How long outcomes are gathered before they are written down.
    pub settle_interval: Duration,
    /// Most outcomes written down in one transaction.
    pub settle_batch: usize,
    /// How often to look for work that nobody announced.
    pub poll_interval: Duration,
    /// How long before the start of the service a campaign may have been due and still start by itself.
    pub max_lateness: Duration,
    /// What becomes of messages of which it is not known whether they were sent, where neither their campaign nor its client
    /// says.
    pub on_unknown: OnUnknown,
    /// How long it is waited for what turns out about them, before that.
    pub unknown_wait: Duration,
    /// How long a receipt may take before the message's end is unknown.
    pub receipt_timeout: Duration,
    /// How long a receipt that found no message is kept; `None`: for ever.
    pub keep_unmatched_receipts: Option<Duration>,
    /// How long a message from a handset is kept; `None`: for ever.
    pub keep_inbound_messages: Option<Duration>,
    /// How long the log of deliveries to web hooks is kept; `None`: for ever.
    pub keep_web_hook_deliveries: Option<Duration>,
    /// What web hooks are told with; `None`: this node delivers nothing to them.
    pub posting: Option<Posting>,
    /// Most segments of one message.
    pub max_segments: u8,
    /// Most contacts of one campaign.
    pub max_contacts: u32,
    /// What messages cost.
    pub tariffs: Arc<Tariffs>,
    /// The words of replies that opt out and in, and what is answered.
    pub keywords: Arc<KeywordRules>,
    /// Which sender ids countries take.
    pub sender_policies: Arc<SenderPolicies>,
    /// What the links in messages are made with.
    pub links: Arc<Links>,
    /// The hours that the recipients' countries allow.
    pub hours: Arc<HourRules>,
    /// Which campaigns they bind.
    pub quiet_hours: QuietHours,
}

/// Which campaigns the hours of the recipients' countries bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuietHours {
    /// Those with a sending window.
    #[default]
    Windowed,
    /// All of them.
    Always,
}

impl EngineSettings {
    /// The usual settings for a node.
    #[must_use]
    pub fn of_node(node: impl Into<String>, links: Arc<Links>) -> Self {
        Self {
            node: node.into(),
            lease: Duration::from_secs(25),
            journal: None,
            settle_interval: Duration::from_millis(50),
            settle_batch: 2_000,
            poll_interval: Duration::from_secs(1),
            max_lateness: Duration::from_secs(6 * 3_600),
            on_unknown: OnUnknown::Hold,
            unknown_wait: Duration::from_secs(600),
            receipt_timeout: Duration::from_secs(72 * 3_600),
            keep_unmatched_receipts: Some(Duration::from_secs(30 * 86_400)),
            keep_inbound_messages: None,
            keep_web_hook_deliveries: Some(Duration::from_secs(30 * 86_400)),
            posting: None,
            max_segments: DEFAULT_MAX_SEGMENTS,
            max_contacts: 1_000_000,
            tariffs: Arc::default(),
            keywords: Arc::default(),
            sender_policies: Arc::default(),
            links,
            hours: Arc::default(),
            quiet_hours: QuietHours::default(),
        }
    }
}

impl EngineSettings {
    /// The rules that bind a campaign of this timing.
    pub(crate) fn hours_for(&self, timing: &Timing) -> Option<&Arc<HourRules>> {
        let binds = timing.window.is_some() || self.quiet_hours == QuietHours::Always;
        binds.then_some(&self.hours)
    }
}

/// What happens to campaigns. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    core: Arc<Core>,
}

impl Engine {
    /// An engine that takes campaigns in; it sends nothing before [`Engine::start`].
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, settings: EngineSettings) -> Self {
        Self {
            core: Arc::new(Core::new(store, clock, settings)),
        }
    }

    /// Where gateways put receipts and replies. What comes before the start waits.
    #[must_use]
    pub fn inbound_sink(&self) -> Arc<dyn InboundSink> {
        Arc::clone(&self.core.inbox) as Arc<dyn InboundSink>
    }

    /// Begins to send, on the runtime this is called from. An engine is started once.
    #[must_use]
    pub fn start(&self, gateways: Vec<Arc<dyn Gateway>>) -> RunningEngine {
        RunningEngine::start(Arc::clone(&self.core), gateways)
    }

    /// Says to the other nodes that this one is there, from now on until the end of what is returned. Before the start: a
    /// node that nobody knows of has no share of the binds.
    ///
    /// # Errors
    /// The store's.
    pub async fn attend(&self, profile: Profile) -> Result<Attendance, StoreError> {
        Attendance::begin(Arc::clone(&self.core), profile).await
    }

    /// Whether the database takes what is written, as of a second ago at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn check_database(&self) -> Result<(), StoreError> {
        trouble::ask(&self.core).await
    }

    /// What an operator has to see to, as far as this node knows without asking.
    #[must_use]
    pub fn alarms(&self) -> Alarms {
        self.core.trouble.alarms()
    }

    /// What the gateways of this node say of themselves, each with the receipts that have found their message. No database is
    /// asked.
    #[must_use]
    pub fn gateway_states(&self) -> Vec<(GatewayState, u64)> {
        self.core.traffic.states()
    }

    /// How much of a limit per second that holds for the whole cluster this node may use now: the share of the binds that
    /// it keeps. All nodes' together are never more than the limit.
    #[must_use]
    pub fn share(&self, limit: f64) -> f64 {
        self.core.share.of(limit)
    }

    /// What there is to see of the gateways that it was started with.
    ///
    /// # Errors
    /// The store's.
    pub async fn gateways(&self) -> Result<Vec<GatewayTraffic>, StoreError> {
        self.core.traffic.look(&self.core.store).await
    }

    /// There may be something to send at once: a campaign was made, or goes on.
    pub fn wake(&self) {
        self.core.wake();
    }

    /// Whether what a campaign shall say instead fits every contact that it has.
    ///
    /// # Errors
    /// The message is too long for one of them, or the store fails.
    pub async fn check_replacement(
        &self,
        campaign: &Campaign,
        content: &CampaignContent,
    ) -> Result<(), IntakeRefusal> {
        replacement::check(&self.core, campaign, content).await
    }

    /// What the links in messages are made with.
    #[must_use]
    pub fn links(&self) -> &Arc<Links> {
        &self.core.settings.links
    }

    /// The words and texts of replies, where a client has not its own.
    #[must_use]
    pub fn keyword_rules(&self) -> &KeywordRules {
        &self.core.settings.keywords
    }

    /// What prices are in, for people to read.
    #[must_use]
    pub fn currency(&self) -> String {
        self.core.settings.tariffs.currency.clone()
    }

    /// How long a message may be.
    #[must_use]
    pub fn segment_limit(&self) -> SegmentLimit {
        SegmentLimit {
            max: self.core.settings.max_segments,
            reference: Reference::default(),
        }
    }

    /// Sends one message at once: a campaign of one, which no list of campaigns shows.
    ///
    /// # Errors
    /// The store's; the message is not sent then.
    pub async fn send_direct(
        &self,
        client: ClientId,
        message: MessageContent,
    ) -> Result<RecipientKey, StoreError> {
        self.send_direct_with(client, message, |_, _| Ok(())).await
    }

    /// [`Engine::send_direct`] with something that is stored in the same transaction: both last, or neither. It may run
    /// more than once, as the transaction may.
    ///
    /// # Errors
    /// As there, and those of what is stored beside.
    pub async fn send_direct_with(
        &self,
        client: ClientId,
        message: MessageContent,
        mut beside: impl FnMut(&mut Conn, RecipientKey) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<RecipientKey, StoreError> {
        let now = self.core.now();
        let id = intake::new_id(now);
        let stored = self
            .core
            .store
            .write(move |conn| {
                let stored = messages::insert_direct(conn, id, client, &message, now)?;
                beside(conn, stored)?;
                Ok(stored)
            })
            .await?;
        self.wake();
        Ok(stored)
    }

    /// The way in for one campaign of a client.
    #[must_use]
    pub fn intake(
        &self,
        client: ClientId,
        phones: Arc<PhoneRules>,
        invalid: InvalidContacts,
    ) -> Intake {
        Intake::new(Arc::clone(&self.core), client, phones, invalid)
    }

    /// The way in for contacts of a client that are only counted.
    #[must_use]
    pub fn preview(&self, client: ClientId, phones: Arc<PhoneRules>) -> PreviewLoad {
        PreviewLoad::new(Arc::clone(&self.core), client, phones)
    }

    /// What a pending campaign would be.
    ///
    /// # Errors
    /// It is not pending, or the store's.
    pub async fn preview_stored(
        &self,
        campaign: &Campaign,
    ) -> Result<CampaignPreview, IntakeRefusal> {
        preview::stored(&self.core, campaign).await
    }

    /// When what is left of a campaign would be sent.
    ///
    /// # Errors
    /// The store's.
    pub async fn schedule(&self, campaign: &Campaign) -> Result<CampaignSchedule, IntakeRefusal> {
        forecast::schedule(&self.core, campaign).await
    }

    /// The way in for more contacts of a campaign, as it stands now.
    #[must_use]
    pub fn addition(
        &self,
        campaign: Campaign,
        phones: Arc<PhoneRules>,
        invalid: InvalidContacts,
    ) -> Addition {
        Addition::new(self.intake(campaign.client, phones, invalid), campaign)
    }

    /// The way in for contacts of a group.
    #[must_use]
    pub fn group_addition(
        &self,
        group: ContactGroup,
        phones: Arc<PhoneRules>,
        invalid: InvalidContacts,
    ) -> GroupAddition {
        GroupAddition::new(self.intake(group.client, phones, invalid), group)
    }

    /// The id of a new web hook.
    #[must_use]
    pub fn new_web_hook_id(&self) -> WebHookId {
        WebHookId(intake::new_id(self.core.now()).0)
    }

    /// The id of a new contact group.
    #[must_use]
    pub fn new_group_id(&self) -> ContactGroupId {
        ContactGroupId(intake::new_id(self.core.now()).0)
    }
}

/// An engine at work.
///
/// Each field is ended after those above it, since it writes down what they bring about.
pub struct RunningEngine {
    gateways: Vec<Arc<dyn Gateway>>,
    /// Start campaigns and send messages: end first.
    senders: Stage,
    /// Keeps the gateways' binds, and gives them back.
    binds: Stage,
    /// Notes outcomes at once.
    journal: Stage,
    /// Writes outcomes down.
    settler: Stage,
    /// Gives leases back.
    releaser: Stage,
    /// Store receipts, keep leases alive, move campaigns on, tell web hooks.
    bookkeepers: Stage,
}

/// Tasks that are ended together.
struct Stage {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Stage {
    fn new() -> Self {
        Self {
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    fn spawn<F>(&self, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task(self.stop.child_token()));
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl RunningEngine {
    fn start(core: Arc<Core>, gateways: Vec<Arc<dyn Gateway>>) -> Self {
        core.traffic.over(&gateways);
        let (desk, noting, settling) = settle::open(Arc::clone(&core));
        let (done, released) = mpsc::unbounded_channel();

        let bookkeepers = Stage::new();
        bookkeepers.spawn(|stop| receipts::run(Arc::clone(&core), stop));
        bookkeepers.spawn(|stop| lease::renew(Arc::clone(&core), stop));
        bookkeepers.spawn(|stop| progress::run(Arc::clone(&core), stop));
        bookkeepers.spawn(|stop| upkeep::run(Arc::clone(&core), stop));
        if let Some(posting) = core.settings.posting.clone() {
            bookkeepers.spawn(|stop| web_hooks::run(Arc::clone(&core), posting, stop));
        }

        let releaser = Stage::new();
        releaser.spawn(|stop| lease::release(Arc::clone(&core), released, stop));
        let settler = Stage::new();
        settler.spawn(|_| settling.run());
        let journal = Stage::new();
        journal.spawn(|stop| noting.run(stop));

        let binds = Stage::new();
        binds.spawn(|stop| binds::run(Arc::clone(&core), gateways.clone(), stop));

        let senders = Stage::new();
        senders.spawn(|stop| schedule::run(Arc::clone(&core), stop));
        for gateway in &gateways {
            senders.spawn(|stop| {
                let gateway = Arc::clone(gateway);
                Sender::new(Arc::clone(&core), gateway, desk.clone(), done.clone(), stop).run()
            });
        }
        Self {
            gateways,
            senders,
            binds,
            journal,
            settler,
            releaser,
            bookkeepers,
        }
    }

    /// Stops without leaving anything unknown: nothing more is marked, the gateways drain and close, what came of it is
    /// written down, leases are given back, receipts are stored. It waits for the store as long as that takes.
    pub async fn stop(self) {
        self.senders.end().await;
        join_all(self.gateways.iter().map(|gateway| gateway.stop())).await;
        self.binds.end().await;
        self.journal.end().await;
        self.settler.end().await;
        self.releaser.end().await;
        self.bookkeepers.end().await;
        info!("the engine has stopped");
    }
}
