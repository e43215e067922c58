//! The databases under the service: a SQLite file, or a PostgreSQL cluster that can be killed. They are read with their own
//! command line programs, past the product's code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use clarion_rig::postgres::{Cluster, Purpose};
use clarion_rig::program::run;
use clarion_rig::wait;

use crate::place::NETWORKS;

/// A standby that does not follow by then does not.
const START: Duration = Duration::from_secs(60);
/// What the servers here are made for.
pub(crate) const PURPOSE: Purpose = Purpose::Faults { networks: NETWORKS };

/// Where the service keeps its data.
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(Cluster),
    Pair(Pair),
}

/// A PostgreSQL server and its standby.
pub(crate) struct Pair {
    primary: Cluster,
    standby: Cluster,
    synchronous: bool,
    /// Whether the standby follows the primary.
    is_whole: bool,
}

impl Database {
    /// As the service is told.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(cluster) => cluster.url(),
            Self::Pair(pair) => pair.url(),
        }
    }

    /// The rows that a query has.
    pub(crate) fn rows(&self, query: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let text = match self {
            Self::Sqlite(path) => run(Command::new("sqlite3")
                .arg("-readonly")
                .arg(path)
                .arg(query))?,
            Self::Postgres(cluster)
            | Self::Pair(Pair {
                primary: cluster, ..
            }) => cluster.said(query)?,
        };
        let cells = |line: &str| line.split('|').map(ToOwned::to_owned).collect();
        Ok(text.lines().map(cells).collect())
    }
}

impl Pair {
    /// Makes and starts both.
    pub(crate) fn start(folder: &Path, synchronous: bool) -> anyhow::Result<Self> {
        let mut pair = Self {
            primary: Cluster::start(folder.join("postgres"), PURPOSE)?,
            standby: Cluster::without_data(folder.join("standby"), PURPOSE)?,
            synchronous,
            is_whole: false,
        };
        pair.restore()?;
        Ok(pair)
    }

    /// As the service is told: whichever takes writes.
    fn url(&self) -> String {
        let mut ports = [self.primary.port(), self.standby.port()];
        ports.sort_unstable();
        let [one, other] = ports;
        format!(
            "postgres://clarion@127.0.0.1:{one},127.0.0.1:{other}/postgres?target_session_attrs=read-write"
        )
    }

    /// Makes the standby anew where it has taken the primary's place.
    pub(crate) fn restore(&mut self) -> anyhow::Result<()> {
        if self.is_whole {
            return Ok(());
        }
        let (primary, standby) = (&self.primary, &self.standby);
        let data = standby.data();
        if data.exists() {
            fs::remove_dir_all(data)?;
        }
        let mut copy = standby.command("pg_basebackup");
        copy.args(["--host=127.0.0.1", "--username=clarion", "--no-sync"]);
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--port"]);
        run(copy.arg(primary.port().to_string())).context("pg_basebackup")?;
        standby.go_up()?;
        if self.synchronous {
            primary.said("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
            primary.said("SELECT pg_reload_conf()")?;
        }
        let state = if self.synchronous { "sync" } else { "async" };
        let follows = || {
            let states = primary.said("SELECT sync_state FROM pg_stat_replication");
            states.is_ok_and(|states| states.trim() == state)
        };
        anyhow::ensure!(wait::until(START, follows), "the standby does not follow");
        self.is_whole = true;
        Ok(())
    }

    /// Ends the primary without a good-bye, and has the standby take its place.
    pub(crate) fn fail_over(&mut self) -> anyhow::Result<()> {
        self.primary.stop_immediately()?;
        std::mem::swap(&mut self.primary, &mut self.standby);
        self.is_whole = false;
        run(self.primary.command("pg_ctl").args(["-w", "promote"]))?;
        // It would wait for a standby of its own.
        self.primary
            .said("ALTER SYSTEM RESET synchronous_standby_names")?;
        self.primary.said("SELECT pg_reload_conf()")?;
        Ok(())
    }
}
