//! A world to break: the oracle, a database, and nodes of the service between them.

mod opting_out;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clarion_rig::http::{self, Answer, Request};
use clarion_rig::node::{Node, Setup};
use clarion_rig::postgres::Cluster;
use clarion_rig::wait;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{Database, PURPOSE, Pair};
use crate::faults::Policy;
use crate::oracle::Oracle;
use crate::place::{Clock, Disk, Network};

/// Binds of all nodes together.
pub(crate) const BINDS: usize = 2;
/// Parts per second of three nodes together.
pub(crate) const PARTS_PER_SECOND: usize = 200;
/// Parts in flight on each of them.
pub(crate) const WINDOW: usize = 20;
/// How long the hold of a node that is gone lasts.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

const KEY: &str = "key-of-the-fault-harness";
const SENDER: &str = "FAULTS";
const COMPLETED: i64 = 5;
/// A campaign that has not ended by then is stuck.
const QUIET: Duration = Duration::from_secs(60);
/// How long a service may refuse a request that it has to carry out.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which world to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    /// Three nodes on one PostgreSQL.
    ThreeNodes,
    /// On a disk that can be filled.
    SmallDisk,
    /// PostgreSQL, and the journal on a disk that can be filled.
    SmallJournal,
    /// In a network that can be cut.
    Network,
    /// By a clock that can jump.
    Clock,
    /// PostgreSQL behind a network that can be cut.
    CutOff,
    /// PostgreSQL with a standby that has every commit.
    Synchronous,
    /// PostgreSQL with a standby that has a commit a little later.
    Asynchronous,
}

/// What can be broken around the service.
pub(crate) enum Place {
    Plain,
    Disk(Disk),
    Network(Network),
    Clock(Clock),
}

pub(crate) struct World {
    pub(crate) oracle: Oracle,
    pub(crate) database: Database,
    pub(crate) nodes: Vec<Node>,
    pub(crate) place: Place,
    setup: Setup,
    pub(crate) kind: Kind,
    /// Campaigns posted so far: each has words of its own.
    campaigns: u32,
    /// Sets of numbers used so far.
    audiences: u32,
    /// Who has opted out during the last campaign, in the oracle's form, and by when that was confirmed.
    pub(crate) opted_out: Vec<(String, Instant)>,
    /// The pages of numbers on which they can opt out.
    pages: HashMap<String, String>,
    /// Last, so that everything has ended when its files go.
    _folder: TempDir,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite | Self::SmallDisk | Self::Network | Self::Clock => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::SmallJournal => "PostgreSQL, the journal's disk",
            Self::CutOff => "PostgreSQL, far",
            Self::Synchronous => "PostgreSQL, synchronous standby",
            Self::Asynchronous => "PostgreSQL, asynchronous standby",
            Self::ThreeNodes => "PostgreSQL, 3 nodes",
        }
    }

    fn nodes(self) -> usize {
        match self {
            Self::ThreeNodes => 3,
            _ => 1,
        }
    }
}

impl Place {
    fn of(kind: Kind, folder: &Path) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::SmallDisk | Kind::SmallJournal => Self::Disk(Disk::mount(folder.join("disk"))?),
            Kind::Network | Kind::CutOff => Self::Network(Network::new()?),
            Kind::Clock => Self::Clock(Clock::new(folder.join("clock"))?),
            _ => Self::Plain,
        })
    }

    fn prefix(&self) -> Vec<String> {
        match self {
            Self::Network(network) => network.prefix(),
            _ => Vec::new(),
        }
    }

    fn variables(&self) -> Vec<(String, String)> {
        match self {
            Self::Clock(clock) => clock.variables(),
            _ => Vec::new(),
        }
    }

    /// The addresses at which the service and the oracle find each other.
    fn addresses(&self) -> [String; 2] {
        match self {
            Self::Network(network) => [network.inside(), network.outside()],
            _ => ["127.0.0.1", "127.0.0.1"].map(str::to_owned),
        }
    }
}

impl World {
    /// Makes one.
    ///
    /// # Errors
    /// Something that it needs is not there, or not allowed.
    pub(crate) fn new(kind: Kind, clarion: PathBuf) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // PostgreSQL's account has to get to its own folder in it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open)?;
        let place = Place::of(kind, folder.path())?;
        let cluster = || Cluster::start(folder.path().join("postgres"), PURPOSE);
        let database = match (kind, &place) {
            (Kind::Postgres | Kind::SmallJournal | Kind::ThreeNodes, _) => {
                Database::Postgres(cluster()?)
            }
            (Kind::CutOff, Place::Network(network)) => {
                Database::Postgres(cluster()?.seen_from(network.outside()))
            }
            (Kind::Synchronous | Kind::Asynchronous, _) => {
                Database::Pair(Pair::start(folder.path(), kind == Kind::Synchronous)?)
            }
            (_, Place::Disk(disk)) => Database::Sqlite(disk.path().join("clarion.db")),
            _ => Database::Sqlite(folder.path().join("clarion.db")),
        };
        let mut world = Self {
            oracle: Oracle::start()?,
            database,
            nodes: Vec::new(),
            setup: Setup {
                clarion,
                folder: folder.path().to_owned(),
                prefix: place.prefix(),
                variables: place.variables(),
            },
            place,
            kind,
            campaigns: 0,
            audiences: 0,
            opted_out: Vec::new(),
            pages: HashMap::new(),
            _folder: folder,
        };
        world.populate()?;
        Ok(world)
    }

    /// Removes nodes that have ended, and starts others in their place.
    pub(crate) fn populate(&mut self) -> anyhow::Result<()> {
        self.remove_ended();
        while self.nodes.len() < self.kind.nodes() {
            let node = self.setup.start(&self.config())?;
            self.nodes.push(node);
        }
        Ok(())
    }

    /// Stops the first node, and starts one in its place that ends by itself the nth time that it comes to a point of this name.
    pub(crate) fn doom(&mut self, point: &str, nth: u64) -> anyhow::Result<()> {
        self.nodes.remove(0).stop()?;
        let kill_point = ("CLARION_KILL_POINT", format!("{point} {nth}"));
        let node = self.setup.start_with(&self.config(), Some(kill_point))?;
        self.nodes.insert(0, node);
        Ok(())
    }

    /// Stops every node, and starts another in its place before the next one stops.
    pub(crate) fn restart_one_by_one(&mut self) -> anyhow::Result<()> {
        for _ in 0..self.nodes.len() {
            self.nodes.remove(0).stop()?;
            self.populate()?;
        }
        Ok(())
    }

    /// Gives the database its standby back where that has taken the primary's place.
    pub(crate) fn repair(&mut self) -> anyhow::Result<()> {
        match &mut self.database {
            Database::Pair(pair) => pair.restore(),
            _ => Ok(()),
        }
    }

    /// Removes nodes that have ended; how many.
    pub(crate) fn remove_ended(&mut self) -> usize {
        let before = self.nodes.len();
        self.nodes.retain_mut(Node::runs);
        before - self.nodes.len()
    }

    /// Parts per second that all nodes together may send; 0: as many as they can.
    pub(crate) fn parts_per_second(&self) -> usize {
        match self.kind {
            Kind::ThreeNodes => PARTS_PER_SECOND,
            _ => 0,
        }
    }

    fn journal(&self) -> PathBuf {
        match &self.place {
            Place::Disk(disk) => disk.path().join("journal"),
            _ => self.setup.folder.join("journal"),
        }
    }

    fn config(&self) -> String {
        let [own, oracle] = self.place.addresses();
        format!(
            "[server]\nlisten = '{own}:0'\nworkers = 1\n[database]\nurl = '{}'\n[auth]\nbootstrap_key = '{KEY}'\n\
             [limits]\nrequests_per_second = 0\n[sending]\nlease = '{}s'\njournal = '{}'\nunknown_wait = '1s'\npoll_interval = '200ms'\n[log]\nlevel = 'info'\n\
             [[gateways]]\nname = 'main'\nhost = '{oracle}'\nport = {}\nsystem_id = 'clarion'\nbinds = {BINDS}\n\
             parts_per_second = {}\n\
             window = {WINDOW}\nresponse_timeout = '2s'\nreconnect_min = '100ms'\nreconnect_max = '500ms'\nretry = '30s'\n",
            self.database.url(),
            LEASE.as_secs(),
            self.journal().display(),
            self.oracle.port(),
            self.parts_per_second(),
        )
    }

    fn call(&self, request: &Request<'_>) -> anyhow::Result<Answer> {
        let node = self.nodes.first().context("no node runs")?;
        http::call(node.api, request)
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = Request {
            method: "GET",
            path,
            key: KEY,
            body: "",
        };
        let answer = self.call(&request)?;
        anyhow::ensure!(answer.status == 200, "{path} answered {}", answer.status);
        Ok(answer.body)
    }

    /// A campaign to numbers that were not written to yet, as JSON, and the words that its message begins with.
    pub(crate) fn new_campaign(&mut self, contacts: u32, policy: Policy) -> (String, String) {
        self.audiences += 1;
        self.campaign_to_the_same(contacts, policy)
    }

    /// The same to the numbers of the last campaign.
    pub(crate) fn campaign_to_the_same(
        &mut self,
        contacts: u32,
        policy: Policy,
    ) -> (String, String) {
        self.campaigns += 1;
        self.opted_out.clear();
        let tag = format!("T{:05}", self.campaigns);
        let contact = |index: u32| {
            let number = self.number(index);
            // One in ten is of two parts.
            let rest = if index.is_multiple_of(10) {
                "x".repeat(170)
            } else {
                String::new()
            };
            json!({"phoneNumber": format!("+{number}"), "custom1": format!("{tag}-{index:05}"), "custom2": rest})
        };
        let body = json!({
            "sender": SENDER,
            // The token begins the text, and so is in the first part.
            "message": "{Custom1} {Custom2|.}",
            "trackLinkUrl": null,
            "onUnknown": policy.name(),
            "contacts": (0..contacts).map(contact).collect::<Vec<_>>(),
        });
        (body.to_string(), tag)
    }

    /// The number of a contact of the last campaign, in the oracle's form: each a mobile number of its own.
    fn number(&self, index: u32) -> String {
        let number = 10_000_000 + (self.audiences * 10_000 + index) % 60_000_000;
        format!("4477{number}")
    }

    /// Posts a campaign once; its id.
    pub(crate) fn try_post(&self, body: &str) -> anyhow::Result<String> {
        let request = Request {
            method: "POST",
            path: "/api/Campaigns",
            key: KEY,
            body,
        };
        let answer = self.call(&request)?;
        match (answer.status, answer.body.as_str()) {
            (201, Some(id)) => Ok(id.to_owned()),
            (status, _) => bail!("the campaign was answered with {status}: {}", answer.body),
        }
    }

    /// Sees to it that a campaign whose answer may have been lost is there once.
    pub(crate) fn post_unless_there(&self, body: &str, tag: &str) -> anyhow::Result<String> {
        let found = |world: &Self| world.find(tag).ok();
        let found =
            wait::for_some(PATIENCE, || found(self)).context("no campaign can be listed")?;
        if let Some(id) = found {
            return Ok(id);
        }
        wait::for_some(PATIENCE, || self.try_post(body).ok()).context("no campaign can be posted")
    }

    /// The campaign whose first recipient has a token of this tag, if anybody can see it.
    fn find(&self, tag: &str) -> anyhow::Result<Option<String>> {
        let rows = self.database.rows(&format!(
            "SELECT c.public_id FROM campaigns c JOIN recipients r ON r.campaign_id = c.id \
             WHERE r.seq = 1 AND r.custom1 LIKE '{tag}-%'"
        ))?;
        for id in rows.into_iter().flatten() {
            // One whose contacts were not taken in to the end has rows, and answers 404.
            let request = Request {
                method: "GET",
                path: &format!("/api/Campaigns/{id}"),
                key: KEY,
                body: "",
            };
            if self.call(&request)?.status == 200 {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Waits until a campaign is Completed and no receipt is owed; whether it came to that in time.
    pub(crate) fn quiet(&self, campaign: &str) -> bool {
        let path = format!("/api/Campaigns/{campaign}");
        let end = Instant::now() + QUIET;
        let completed = || {
            let answer = self.get(&path);
            answer.is_ok_and(|campaign| campaign.get("status") == Some(&json!(COMPLETED)))
        };
        let completed = wait::until(QUIET, completed);
        let left = end.saturating_duration_since(Instant::now());
        wait::until(left, || self.oracle.receipts_owed() == 0);
        completed
    }

    /// What the nodes have logged and where the last campaign's messages stand, for whoever looks into a breach.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.setup.folder.join("log")).unwrap_or_default();
        let rows = self.database.rows(
            "SELECT m.* FROM messages m WHERE m.campaign_id = (SELECT max(campaign_id) FROM messages) ORDER BY m.seq",
        );
        let rows = rows.unwrap_or_default();
        let rows: Vec<_> = rows.iter().map(|cells| cells.join("|")).collect();
        let parts = self.oracle.submits();
        let parts: Vec<_> = parts.iter().map(|part| format!("{part:?}")).collect();
        format!("{log}\n{}\n{}\n", rows.join("\n"), parts.join("\n"))
    }
}
