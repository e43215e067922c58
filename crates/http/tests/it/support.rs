//! A service on a free port with a database of its own, and what tests ask of it.

mod answer;
mod clock;
mod provider;
mod receiver;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::api_key::KeyText;
use clarion_domain::client::{ClientId, FIRST_CLIENT};
use clarion_domain::clock::Clock;
use clarion_domain::gateway::Gateway;
use clarion_domain::link::{LinkSecret, Links};
use clarion_domain::phone::{PhoneRules, Region};
use clarion_engine::{Engine, EngineSettings, Posting, RunningEngine};
use clarion_gateway::web_hooks::{HttpPoster, PosterSettings, choose_cryptography};
use clarion_http::{HttpSettings, Running, Server, ServerError, State, keys};
use clarion_persistence::api_keys::{self, NewApiKey};
use clarion_persistence::testing::{TestDatabase, postgres, sqlite};
use clarion_persistence::{Store, campaigns, clients};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub(crate) use answer::Answer;
use clock::StoppedClock;
pub(crate) use provider::TakesAll;
pub(crate) use receiver::{Receiver, Told};

/// The moment at which every test takes place.
pub(crate) const NOW: &str = "2026-06-27T03:04:01.374Z";

/// The client that has a key beside the first one's.
pub(crate) const OTHER_CLIENT: ClientId = ClientId(2);

/// A running service, and a key with every scope.
pub(crate) struct TestApp {
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    pub(crate) key: KeyText,
    running: Running,
    client: Client,
    pub(crate) database: TestDatabase,
}

/// What differs from the usual service.
pub(crate) struct Setup {
    pub(crate) http: HttpSettings,
    pub(crate) engine: EngineSettings,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            http: HttpSettings {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                workers: 1,
                ..HttpSettings::default()
            },
            engine: EngineSettings::of_node("test", links()),
        }
    }
}

/// A service whose campaigns may have so many contacts.
pub(crate) fn of_at_most(max_contacts: u32) -> Setup {
    Setup {
        engine: EngineSettings {
            max_contacts,
            ..EngineSettings::of_node("test", links())
        },
        ..Setup::default()
    }
}

/// Runs a test on a service of its own for each database.
pub(crate) async fn on_each_database(test: impl AsyncFn(&TestApp)) {
    with(Setup::default, test).await;
}

/// The same, on a service that is set up differently.
pub(crate) async fn with(setup: impl Fn() -> Setup, test: impl AsyncFn(&TestApp)) {
    let databases = [Some(sqlite().await), postgres().await];
    for database in databases.into_iter().flatten() {
        let app = TestApp::start(database, setup()).await;
        test(&app).await;
        app.stop().await;
    }
}

impl TestApp {
    pub(crate) async fn start(database: TestDatabase, setup: Setup) -> Self {
        let running = Self::bind(&database, setup).expect("a free port");
        let app = Self {
            address: running.local_addr(),
            key: key(0),
            store: database.store(),
            running,
            client: client(),
            database,
        };
        app.add_clients().await;
        app.add_key(&app.key, FIRST_CLIENT, &["admin"]).await;
        app
    }

    /// The server alone.
    pub(crate) fn bind(database: &TestDatabase, setup: Setup) -> Result<Running, ServerError> {
        let store = database.store();
        let clock: Arc<dyn Clock> = Arc::new(StoppedClock);
        let engine = Engine::new(store.clone(), Arc::clone(&clock), setup.engine);
        Server::bind(&setup.http, State::new(store, engine, phones(), clock))
    }

    /// Another server on the same database, over a running engine with these gateways.
    pub(crate) fn serve_over(&self, gateways: Vec<Arc<dyn Gateway>>) -> (Running, RunningEngine) {
        let (state, running) = self.state_over(gateways);
        let server = Server::bind(&Setup::default().http, state).expect("a free port");
        (server, running)
    }

    /// What a server would be served with, over a running engine with these gateways.
    pub(crate) fn state_over(&self, gateways: Vec<Arc<dyn Gateway>>) -> (State, RunningEngine) {
        let clock: Arc<dyn Clock> = Arc::new(StoppedClock);
        let setup = Setup::default();
        let settings = EngineSettings {
            posting: Some(posting()),
            poll_interval: Duration::from_millis(50),
            ..setup.engine
        };
        let engine = Engine::new(self.store.clone(), Arc::clone(&clock), settings);
        let running = engine.start(gateways);
        let state = State::new(self.store.clone(), engine, phones(), clock);
        (state, running)
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("a clean stop");
    }

    async fn add_clients(&self) {
        let add = |conn: &mut _| {
            clients::ensure_first(conn, now())?;
            clients::insert(conn, OTHER_CLIENT, "other", now())
        };
        self.store.write(add).await.expect("clients");
    }

    /// Stores a key; its number.
    pub(crate) async fn add_key(&self, key: &KeyText, client: ClientId, scopes: &[&str]) -> i64 {
        let key = NewApiKey {
            client,
            name: "test".to_owned(),
            hash: keys::hash(key),
            prefix: key.shown().to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            expires_at: None,
        };
        let add = move |conn: &mut _| api_keys::insert(conn, &key, now());
        self.store.write(add).await.expect("a stored key")
    }

    /// A request without a key.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.client.request(method, url)
    }

    /// A request to any address with the key that may do everything.
    pub(crate) fn request_to(&self, method: Method, url: &str) -> RequestBuilder {
        self.client
            .request(method, url)
            .bearer_auth(self.key.as_str())
    }

    /// A request with the key that may do everything.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(self.key.as_str())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// A POST without a body.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::POST, path)).await
    }

    /// How many campaigns a filter finds.
    pub(crate) async fn campaigns_where(&self, filter: &str) -> Value {
        let path = format!("/api/Campaigns?filters={filter}");
        self.get(&path).await.json()["totalRecords"].clone()
    }

    /// Makes a campaign; its id.
    pub(crate) async fn create(&self, body: &Value) -> String {
        let answer = self.post("/api/Campaigns", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json().as_str().expect("an id").to_owned()
    }

    /// Moves a campaign whose start has come on to Sending.
    pub(crate) async fn start_due(&self) {
        let start = |conn: &mut _| campaigns::start_due(conn, now());
        self.store.write(start).await.expect("started campaigns");
    }

    /// No campaign is there, and none on its way in.
    pub(crate) async fn holds_nothing(&self) {
        let list = self.get("/api/Campaigns").await.json();
        assert_eq!(list["totalRecords"], 0, "{list}");
        self.holds_nothing_in_loading().await;
    }

    /// No campaign is on its way in, and no contacts for one.
    pub(crate) async fn holds_nothing_in_loading(&self) {
        let end_of_time = DateTime::from_timestamp(1 << 36, 0).expect("a far moment");
        let loading = self
            .store
            .read(move |conn| campaigns::abandoned_loading(conn, end_of_time))
            .await
            .expect("campaigns on their way in");
        assert_eq!(loading, []);
    }
}

/// Made once: building the automata takes a moment.
fn phones() -> Arc<PhoneRules> {
    static PHONES: OnceLock<Arc<PhoneRules>> = OnceLock::new();
    let make = || {
        let region = Region::new("GB").expect("a known region");
        Arc::new(PhoneRules::new(region, true))
    };
    Arc::clone(PHONES.get_or_init(make))
}

/// A client of any service.
pub(crate) fn client() -> Client {
    choose_cryptography();
    Client::new()
}

/// The way to web hooks on this machine.
fn posting() -> Posting {
    let settings = PosterSettings {
        allow_private_addresses: true,
        ..PosterSettings::default()
    };
    Posting {
        poster: Arc::new(HttpPoster::new(&settings).expect("a way to web hooks")),
        timeout: Duration::from_secs(10),
        chance: || 0,
    }
}

/// Links with a secret that everyone knows.
pub(crate) fn links() -> Arc<Links> {
    let secret = LinkSecret {
        version: 1,
        bytes: [7; 32],
    };
    Arc::new(Links::new("https://c.example", &secret, None))
}

/// The present moment of every test.
pub(crate) fn now() -> DateTime<Utc> {
    StoppedClock.now()
}

/// The nth key.
pub(crate) fn key(n: u8) -> KeyText {
    KeyText::generate(&[n; 32])
}

/// A campaign that nothing is wrong with, with two contacts.
pub(crate) fn campaign() -> Value {
    json!({
        "startDateTime": "2026-07-01T09:00:00+01:00",
        "sender": "ACME",
        "message": "Hello {Name|there}",
        "trackLinkUrl": "https://example.com/offer",
        "contacts": [
            {"phoneNumber": "07700 900001", "name": "Ann", "custom1": "1", "custom2": "2"},
            {"phoneNumber": "+44 7700 900002"},
        ],
    })
}

/// [`campaign`] with some properties replaced.
pub(crate) fn campaign_with(changes: &Value) -> Value {
    let mut body = campaign();
    let properties = body.as_object_mut().expect("an object");
    let changes = changes.as_object().expect("an object");
    properties.extend(changes.clone());
    body
}

/// [`campaign`] with this for its contacts.
pub(crate) fn campaign_to(contacts: Value) -> Value {
    campaign_with(&json!({ "contacts": contacts }))
}
