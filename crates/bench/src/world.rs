//! What is measured: the service, its database, and the SMSC that it sends to, each in processes of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clarion_rig::http::{self, Request};
use clarion_rig::node::{Node, Setup};
use clarion_rig::postgres::{Cluster, Purpose};
use clarion_rig::wait;
use serde_json::Value;
use tempfile::TempDir;

use crate::load;
use crate::options::{Kind, Options};
use crate::payload::Campaign;
use crate::usage;

pub(crate) const KEY: &str = "key-of-the-benchmark";
const COMPLETED: i64 = 5;
/// Between two looks at a campaign: seldom enough to cost next to nothing.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) node: Node,
    pub(crate) database: Database,
    pub(crate) simulator: Simulator,
    /// Numbers that campaigns were posted to so far.
    audience: u32,
    setup: Setup,
    /// Last, so that everything has ended when its files go.
    folder: TempDir,
}

/// Where the service keeps its data.
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(Cluster),
}

/// The simulated SMSC; ended when dropped.
pub(crate) struct Simulator {
    child: Child,
    address: SocketAddr,
}

/// What everything has taken up to a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    at: Instant,
    pub(crate) service: f64,
    pub(crate) simulator: f64,
    pub(crate) postgres: f64,
    /// What was written ahead by PostgreSQL, in bytes.
    pub(crate) wal: f64,
    pub(crate) commits: f64,
    pub(crate) fsyncs: f64,
    /// What the service has had written, in bytes.
    pub(crate) written: f64,
}

impl Database {
    fn new(kind: Kind, folder: &Path) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Sqlite => Self::Sqlite(folder.join("clarion.db")),
            Kind::Postgres => {
                Self::Postgres(Cluster::start(folder.join("postgres"), Purpose::Measuring)?)
            }
        })
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(cluster) => cluster.url(),
        }
    }

    /// One like it for something else that is measured.
    pub(crate) fn beside(&self, name: &str) -> anyhow::Result<String> {
        match self {
            Self::Sqlite(path) => Ok(format!("sqlite://{}", path.with_file_name(name).display())),
            Self::Postgres(cluster) => {
                cluster.said(&format!("CREATE DATABASE {name}"))?;
                let url = cluster.url();
                let (server, _) = url.rsplit_once('/').context("no database")?;
                Ok(format!("{server}/{name}"))
            }
        }
    }

    /// Its size in MB.
    pub(crate) fn size(&self) -> anyhow::Result<f64> {
        let bytes: f64 = match self {
            Self::Sqlite(path) => path.metadata()?.len() as f64,
            Self::Postgres(cluster) => cluster
                .said("SELECT pg_database_size(current_database())")?
                .trim()
                .parse()?,
        };
        Ok(bytes / 1e6)
    }
}

impl World {
    /// Makes one.
    pub(crate) fn new(kind: Kind, options: &Options) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(&options.folder)?;
        // PostgreSQL's account has to get to its own folder in it.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        let database = Database::new(kind, folder.path())?;
        let simulator = Simulator::start(&options.clarion, folder.path())?;
        let setup = Setup {
            clarion: options.clarion.clone(),
            folder: folder.path().to_owned(),
            prefix: Vec::new(),
            variables: Vec::new(),
        };
        Ok(Self {
            kind,
            node: setup.start(&config(&database, &simulator, folder.path()))?,
            database,
            simulator,
            audience: 0,
            setup,
            folder,
        })
    }

    /// Starts the service anew, so that what it did before is not in its memory; how long it took to be ready.
    pub(crate) fn restart(&mut self) -> anyhow::Result<Duration> {
        // The one that runs has to be gone before, since one process owns a SQLite file.
        self.node.signal("TERM")?;
        let ended = wait::until(Duration::from_secs(60), || !self.node.runs());
        anyhow::ensure!(ended, "the service does not stop");
        let config = config(&self.database, &self.simulator, self.folder.path());
        let begun = Instant::now();
        self.node = self.setup.start(&config)?;
        anyhow::ensure!(
            self.get("/health/ready").is_ok(),
            "the service is not ready"
        );
        Ok(begun.elapsed())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Numbers that no campaign was posted to.
    pub(crate) fn new_audience(&mut self, contacts: u32) -> u32 {
        self.audience += contacts;
        self.audience - contacts
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call("GET", path, "", 200)
    }

    /// Sends a request that must be answered with this status.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        body: &str,
        status: u16,
    ) -> anyhow::Result<Value> {
        let request = Request {
            method,
            path,
            key: KEY,
            body,
        };
        let answer = http::call(self.node.api, &request)?;
        anyhow::ensure!(answer.status == status, "{method} {path}: {answer:?}");
        Ok(answer.body)
    }

    /// Posts a campaign; its id, and how long that took.
    pub(crate) fn post(&self, campaign: Campaign) -> anyhow::Result<(String, Duration)> {
        let file = campaign.file(self.folder())?;
        let begun = Instant::now();
        let id = self.post_file("/api/Campaigns", &file)?;
        let took = begun.elapsed();
        std::fs::remove_file(file)?;
        let id = id.as_str().context("no id")?;
        Ok((id.to_owned(), took))
    }

    /// Posts a file.
    pub(crate) fn post_file(&self, path: &str, file: &Path) -> anyhow::Result<Value> {
        load::post_file(self.node.api, path, KEY, file)
    }

    /// Waits until all receipts of a campaign are stored.
    pub(crate) fn completed(&self, id: &str, patience: Duration) -> anyhow::Result<()> {
        let path = format!("/api/Campaigns/{id}");
        let end = Instant::now() + patience;
        while self.get(&path)?.get("status").and_then(Value::as_i64) != Some(COMPLETED) {
            anyhow::ensure!(Instant::now() < end, "{path} is not Completed");
            wait::pass(LOOK);
        }
        Ok(())
    }

    /// What everything has taken so far.
    pub(crate) fn now(&self) -> anyhow::Result<Moment> {
        let mut moment = Moment {
            at: Instant::now(),
            service: usage::processor_seconds(self.node.process())?,
            simulator: usage::processor_seconds(self.simulator.child.id())?,
            written: usage::written(self.node.process())?,
            postgres: 0.0,
            wal: 0.0,
            commits: 0.0,
            fsyncs: 0.0,
        };
        let Database::Postgres(cluster) = &self.database else {
            return Ok(moment);
        };
        moment.postgres = usage::processor_seconds_of_family(cluster.process()?)?;
        let said = cluster.said(
            "SELECT pg_current_wal_lsn() - '0/0', xact_commit, wal_sync
             FROM pg_stat_wal, pg_stat_database WHERE datname = current_database()",
        )?;
        let mut numbers = said.trim().split('|').map(str::parse::<f64>);
        let mut number = || numbers.next().context("PostgreSQL tells too little");
        moment.wal = number()??;
        moment.commits = number()??;
        moment.fsyncs = number()??;
        Ok(moment)
    }
}

impl Moment {
    /// What was taken since an earlier moment, and in how many seconds.
    pub(crate) fn since(self, earlier: Self) -> (Self, f64) {
        let taken = Self {
            at: self.at,
            service: self.service - earlier.service,
            simulator: self.simulator - earlier.simulator,
            postgres: self.postgres - earlier.postgres,
            wal: self.wal - earlier.wal,
            commits: self.commits - earlier.commits,
            fsyncs: self.fsyncs - earlier.fsyncs,
            written: self.written - earlier.written,
        };
        (taken, (self.at - earlier.at).as_secs_f64())
    }
}

impl Simulator {
    fn start(clarion: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(clarion)
            .args(["simulator", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .env_clear()
            .env("CLARION__SIMULATOR__LOG", "")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the simulator does not start")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let address = line.rsplit(' ').next().unwrap_or_default().trim();
        let address = address.parse().context("the simulator tells no address")?;
        Ok(Self { child, address })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The defaults, but for limits of requests, and a gateway as a provider with a fast link would allow.
fn config(database: &Database, simulator: &Simulator, folder: &Path) -> String {
    format!(
        "[server]\nlisten = '127.0.0.1:0'\nmax_body_mib = 2048\n[database]\nurl = '{}'\n[auth]\nbootstrap_key = '{KEY}'\n\
         [limits]\nrequests_per_second = 0\n[campaigns]\nmax_contacts = 10000000\n\
         [sending]\njournal = '{}'\n[log]\nlevel = 'warn'\n\
         [[gateways]]\nname = 'main'\nhost = '127.0.0.1'\nport = {}\nsystem_id = 'clarion'\nbinds = 2\nwindow = 1000\n",
        database.url(),
        folder.join("journal").display(),
        simulator.port(),
    )
}
