//! A database, a clock and what the tests ask of them.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::campaign::{
    Campaign, CampaignContent, CampaignDraft, CampaignId, CampaignStatus,
};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::clock::Clock;
use clarion_domain::contact::ContactDraft;
use clarion_domain::gateway::{DeliveryReceipt, Inbound};
use clarion_domain::link::{LinkSecret, Links};
use clarion_domain::message::MessageStatus;
use clarion_domain::phone::{PhoneRules, Region};
use clarion_domain::receipt::canonical_id;
use clarion_engine::{Engine, EngineSettings, InvalidContacts, Load};
use clarion_persistence::testing::{self, TestDatabase};
use clarion_persistence::{Change, Conn, Store, StoreError, campaigns, clients, recipients};

use crate::clock::ManualClock;

pub(crate) static PHONES: LazyLock<Arc<PhoneRules>> =
    LazyLock::new(|| Arc::new(PhoneRules::new(Region::new("GB").unwrap(), false)));

/// How long the tests wait for something, on tokio's clock: it is paused, so waiting takes no time.
const PATIENCE: Duration = Duration::from_secs(60);

type Request = fn(
    &mut Conn,
    clarion_domain::client::ClientId,
    CampaignId,
    DateTime<Utc>,
) -> Result<Change, StoreError>;

/// Links with a secret that everyone knows.
pub(crate) fn links() -> Arc<Links> {
    let secret = LinkSecret {
        version: 1,
        bytes: [7; 32],
    };
    Arc::new(Links::new("https://c.example", &secret, None))
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    /// Removes it in the end.
    _database: TestDatabase,
}

impl World {
    /// From here on tokio's clock stands still while anything is at work, and jumps to the next timer when nothing is.
    pub(crate) async fn new(database: TestDatabase) -> Self {
        tokio::time::pause();
        let store = database.store();
        let clock = Arc::new(ManualClock::new());
        let now = clock.now();
        store
            .write(move |conn| clients::ensure_first(conn, now))
            .await
            .unwrap();
        Self {
            store,
            clock,
            _database: database,
        }
    }

    /// Campaigns in loading, however young.
    pub(crate) async fn in_loading(&self) -> usize {
        let later = self.now() + TimeDelta::days(1);
        self.store
            .read(move |conn| campaigns::abandoned_loading(conn, later))
            .await
            .unwrap()
            .len()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn engine(&self, node: &str) -> Engine {
        self.engine_with(EngineSettings::of_node(node, links()))
    }

    pub(crate) fn engine_with(&self, settings: EngineSettings) -> Engine {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Engine::new(self.store.clone(), clock, settings)
    }

    /// What a campaign says, starting at once.
    pub(crate) fn content(&self, message: &str) -> CampaignContent {
        let draft = CampaignDraft {
            sender: Some("ACME".to_owned()),
            message: Some(message.to_owned()),
            ..CampaignDraft::default()
        };
        draft.check(self.now()).unwrap()
    }

    /// Makes a campaign to so many different numbers.
    pub(crate) async fn create(&self, engine: &Engine, contacts: u32) -> CampaignId {
        self.create_saying(engine, contacts, self.content("Hello {Name}"))
            .await
    }

    pub(crate) async fn create_saying(
        &self,
        engine: &Engine,
        contacts: u32,
        content: CampaignContent,
    ) -> CampaignId {
        let contacts = (0..contacts).map(contact).collect();
        self.create_to(engine, contacts, content).await
    }

    /// Makes a campaign to these contacts.
    pub(crate) async fn create_to(
        &self,
        engine: &Engine,
        contacts: Vec<ContactDraft<'static>>,
        content: CampaignContent,
    ) -> CampaignId {
        let report = load(engine, InvalidContacts::Refuse, move |mut load| {
            load.content(content);
            for contact in contacts {
                load.contact(contact).unwrap();
            }
            load.finish().unwrap()
        })
        .await;
        engine.wake();
        report.id
    }

    pub(crate) async fn campaign(&self, id: CampaignId) -> Option<Campaign> {
        self.store
            .read(move |conn| campaigns::find(conn, FIRST_CLIENT, id))
            .await
            .unwrap()
    }

    /// Waits until a campaign stands there.
    pub(crate) async fn reaches(&self, id: CampaignId, status: CampaignStatus) {
        self.eventually(async || self.campaign(id).await.unwrap().status == status)
            .await;
    }

    pub(crate) async fn ask(&self, engine: &Engine, id: CampaignId, request: Request) {
        let now = self.now();
        let change = self
            .store
            .write(move |conn| request(conn, FIRST_CLIENT, id, now))
            .await
            .unwrap();
        assert_eq!(change, Change::Done);
        engine.wake();
    }

    /// The status of each recipient's message, in order.
    pub(crate) async fn statuses(&self, campaign: &Campaign) -> Vec<Option<MessageStatus>> {
        let (key, last) = (campaign.key, campaign.recipient_count as u32);
        self.store
            .read(move |conn| recipients::range(conn, key, 1, last))
            .await
            .unwrap()
            .into_iter()
            .map(|recipient| recipient.status)
            .collect()
    }

    /// Has the database refuse writes, or take them again.
    pub(crate) async fn refuse_writes(&self, refuse: bool) {
        let switch = move |conn: &mut Conn| testing::refuse_writes(conn, refuse);
        // The first connection may be one that got lost.
        self.eventually(async || self.store.read(switch).await.is_ok())
            .await;
    }

    /// Waits for a condition.
    pub(crate) async fn eventually(&self, mut holds: impl AsyncFnMut() -> bool) {
        let waiting = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("it never came about");
    }

    /// A receipt as the gateway hands it in.
    pub(crate) fn receipt(&self, provider_id: &str, status: MessageStatus) -> Inbound {
        Inbound::Receipt(DeliveryReceipt {
            provider_id: provider_id.to_owned(),
            response_id: canonical_id(provider_id),
            status: Some(status),
            error: None,
            destination: None,
            received_at: self.now(),
        })
    }
}

/// The contact with this index: a number of its own, and a name.
pub(crate) fn contact(index: u32) -> ContactDraft<'static> {
    ContactDraft {
        phone_number: Some(format!("+4477221{index:05}").into()),
        name: Some(format!("Name{index}").into()),
        ..ContactDraft::default()
    }
}

/// Runs an intake where intakes run: on a blocking thread.
pub(crate) async fn load<T: Send + 'static>(
    engine: &Engine,
    invalid: InvalidContacts,
    work: impl FnOnce(Load) -> T + Send + 'static,
) -> T {
    let intake = engine.intake(FIRST_CLIENT, Arc::clone(&PHONES), invalid);
    tokio::task::spawn_blocking(move || work(intake.begin()))
        .await
        .unwrap()
}
