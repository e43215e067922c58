//! The wiring: how a service is put together, started and stopped.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use clarion_domain::clock::Clock;
use clarion_domain::gateway::Gateway;
use clarion_domain::link::Links;
use clarion_domain::phone::{PhoneRules, Region};
use clarion_engine::{Attendance, Engine, EngineSettings, Posting, RunningEngine, SystemClock};
use clarion_gateway::simulator::{RunningSimulator, Simulator};
use clarion_gateway::smpp::SmppGateway;
use clarion_gateway::web_hooks::HttpPoster;
use clarion_http::{Server, State};
use clarion_persistence::nodes::Profile;
use clarion_persistence::{Store, StoreError, clients, idempotency, link_secrets};
use tracing::info;

use crate::settings::{self, GatewayKind, Settings, Switch};
use crate::{click_rules, hour_rules, keywords, sender_policies, tariffs};

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Role {
    /// Answers the API.
    Api,
    /// Keeps the connections to the providers and sends.
    Sender,
    /// Starts campaigns in time and moves them on. A sender does that, too, for what it sends.
    Worker,
}

/// A service at work.
pub(crate) struct Service {
    pub(crate) store: Store,
    /// Whether it answers the API.
    pub(crate) has_api: bool,
    pub(crate) http: clarion_http::Running,
    /// Where it tells what it counts.
    pub(crate) metrics: Option<clarion_http::Running>,
    /// The names and addresses of the ways out.
    pub(crate) gateways: Vec<String>,
    engine: Option<RunningEngine>,
    attendance: Attendance,
    pub(crate) simulator: Option<RunningSimulator>,
}

/// Opens the database and brings it to this version's schema.
pub(crate) async fn open_store(settings: &Settings, clock: &dyn Clock) -> anyhow::Result<Store> {
    let store = Store::open(&settings.database.for_store())
        .await
        .context("cannot open the database that database.url names")?;
    store
        .migrate()
        .await
        .context("cannot migrate the database")?;
    let now = clock.now();
    store
        .write(move |conn| clients::ensure_first(conn, now))
        .await?;
    Ok(store)
}

/// The same for a command that may run beside a service that has the SQLite file: the schema is then the service's matter.
pub(crate) async fn open_store_beside(
    settings: &Settings,
    clock: &dyn Clock,
) -> anyhow::Result<Store> {
    match open_store(settings, clock).await {
        Err(error) if matches!(error.downcast_ref(), Some(StoreError::InUse { .. })) => {
            Store::open_beside(&settings.database.for_store())
                .await
                .context("cannot open the database beside the service that has it")
        }
        opened => opened,
    }
}

impl Service {
    /// Starts everything that the roles ask for. Nothing is sent before all of it has started.
    pub(crate) async fn start(
        settings: &Settings,
        roles: &BTreeSet<Role>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let sends = roles.contains(&Role::Sender);
        if sends {
            settings.check_way_out()?;
        }
        let store = open_store(settings, &*clock).await?;
        store.write(idempotency::release_of_former).await?;
        let node = node_name();
        let links = Arc::new(links(settings, &store, clock.now()).await?);
        let engine_settings = EngineSettings {
            tariffs: Arc::new(tariffs::read(None)?),
            hours: Arc::new(hour_rules::read()?),
            keywords: Arc::new(keywords::read()?),
            posting: Some(posting(settings)?),
            sender_policies: Arc::new(sender_policies::read()?),
            ..settings.for_engine(node.clone(), links)
        };
        let engine = Engine::new(store.clone(), Arc::clone(&clock), engine_settings);
        let mut simulator = None;
        if sends && settings.runs_simulator() {
            simulator = Some(start_simulator(settings, &clock).await?);
        }
        let mut ways_out = Vec::new();
        if sends {
            ways_out = settings.ways_out(simulator.as_ref().map(RunningSimulator::local_addr));
        }
        let gateways = start_gateways(&ways_out, &settings.phone, &engine, &clock)?;
        let (http, metrics) = serve_http(settings, roles, &store, &engine, &clock)?;
        let attendance = engine.attend(profile(node, roles, &gateways)).await?;
        let works = sends || roles.contains(&Role::Worker);
        Ok(Self {
            store,
            has_api: roles.contains(&Role::Api),
            http,
            metrics,
            gateways: ways_out.iter().map(ToString::to_string).collect(),
            engine: works.then(|| engine.start(gateways)),
            attendance,
            simulator,
        })
    }

    /// Stops in the order in which nothing is left unknown: no more requests, then what is in flight is answered and
    /// written down, last the simulator, which must answer until then.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let served = self.http.stop().await;
        if let Some(metrics) = self.metrics {
            metrics.stop().await?;
        }
        info!("no more requests are taken");
        if let Some(engine) = self.engine {
            engine.stop().await;
        }
        self.attendance.end().await;
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        Ok(served?)
    }
}

/// How this service tells web hooks.
fn posting(settings: &Settings) -> anyhow::Result<Posting> {
    let poster = HttpPoster::new(&settings.for_poster()).context("[web_hooks]")?;
    Ok(Posting {
        poster: Arc::new(poster),
        timeout: settings.web_hooks.timeout.duration(),
        chance: rand::random,
    })
}

/// The links as this service makes them. Their secret is drawn at the first start, and all nodes share it.
async fn links(settings: &Settings, store: &Store, now: DateTime<Utc>) -> anyhow::Result<Links> {
    let drawn = rand::random();
    let secrets = store
        .write(move |conn| link_secrets::ensure(conn, drawn, now))
        .await
        .context("cannot read the secret of the links")?;
    let former = secrets.former.as_ref();
    Ok(Links::new(&settings.public_url(), &secrets.newest, former))
}

impl Settings {
    fn runs_simulator(&self) -> bool {
        match self.simulator.enabled {
            Switch::On => true,
            Switch::Off => false,
            Switch::Auto => self.gateways.is_empty(),
        }
    }

    fn check_way_out(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.runs_simulator() || !self.gateways.is_empty(),
            "there is no way out: no gateway is configured, and simulator.enabled is false"
        );
        Ok(())
    }

    /// The configured gateways; where there are none, the simulator.
    fn ways_out(&self, simulator: Option<SocketAddr>) -> Vec<settings::Gateway> {
        match (&*self.gateways, simulator) {
            ([], Some(address)) => vec![settings::Gateway::to_simulator(address)],
            (configured, _) => configured.to_vec(),
        }
    }
}

/// Starts the built-in SMSC.
pub(crate) async fn start_simulator(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<RunningSimulator> {
    Simulator::start(settings.simulator.for_simulator(), Arc::clone(clock))
        .await
        .context("simulator.listen, simulator.log and simulator.script say how it starts")
}

fn start_gateways(
    ways_out: &[settings::Gateway],
    phone: &settings::Phone,
    engine: &Engine,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Arc<dyn Gateway>>> {
    ways_out
        .iter()
        .map(|way| start_gateway(way, phone, engine, clock))
        .collect()
}

fn start_gateway(
    settings: &settings::Gateway,
    phone: &settings::Phone,
    engine: &Engine,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Gateway>> {
    match settings.kind {
        GatewayKind::Smpp => {
            let (sink, clock) = (engine.inbound_sink(), Arc::clone(clock));
            let gateway = SmppGateway::start(settings.for_smpp(phone), sink, clock)
                .with_context(|| format!("the gateway {:?}", settings.name))?;
            Ok(Arc::new(gateway))
        }
    }
}

/// Serves the API, or the health alone where that is not this node's, and what is counted where that is wanted.
fn serve_http(
    settings: &Settings,
    roles: &BTreeSet<Role>,
    store: &Store,
    engine: &Engine,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(clarion_http::Running, Option<clarion_http::Running>)> {
    let phones = Arc::new(phone_rules(settings)?);
    let state = State::new(store.clone(), engine.clone(), phones, Arc::clone(clock));
    let state = state.judging_by(click_rules::read()?);
    let (http, told) = (settings.for_http(), "server.listen says where is served");
    let bind_metrics = |listen| Server::bind_metrics(listen, state.clone());
    let metrics = settings.server.metrics.map(bind_metrics).transpose();
    let metrics = metrics.context("server.metrics says where is told what is counted")?;
    let http = match roles.contains(&Role::Api) {
        true => Server::bind(&http, state).context(told),
        false => Server::bind_health(&http, state).context(told),
    };
    Ok((http?, metrics))
}

fn phone_rules(settings: &Settings) -> anyhow::Result<PhoneRules> {
    let region = Region::new(&settings.phone.default_region)
        .context("phone.default_region is no region such as GB")?;
    Ok(PhoneRules::new(region, settings.phone.allow_test_numbers))
}

/// Unlike that of any other process: leases are held by it.
fn node_name() -> String {
    uuid::Builder::from_random_bytes(rand::random())
        .into_uuid()
        .to_string()
}

/// What the other nodes are told of this one.
fn profile(id: String, roles: &BTreeSet<Role>, gateways: &[Arc<dyn Gateway>]) -> Profile {
    let roles = roles.iter().filter_map(ValueEnum::to_possible_value);
    Profile {
        id,
        host: host_name(),
        roles: roles.map(|role| role.get_name().to_owned()).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        gateways: gateways
            .iter()
            .filter(|gateway| gateway.binds() > 0)
            .map(|gateway| gateway.name().to_owned())
            .collect(),
    }
}

/// What this machine is called, for people only: systems that do not tell it in a file are not worth a dependency.
fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

/// The system's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
