//! The databases under the service: a SQLite file, or a PostgreSQL cluster that can be killed. They are read with their own
//! command line programs, past the product's code.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use crate::node::{run, run_aside, signal};
use crate::place::NETWORKS;
use crate::wait;

/// A server that is not up by then does not start.
const START: Duration = Duration::from_secs(60);

/// Where the service keeps its data.
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(Cluster),
    Pair(Pair),
}

/// A PostgreSQL server in a folder of its own; ended when dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    home: PathBuf,
    port: u16,
    /// Where the service finds it.
    seen_at: String,
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
            Self::Postgres(cluster) => cluster.url_at(&cluster.seen_at),
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

impl Cluster {
    /// Makes and starts one.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let cluster = Self::without_data(folder.join("postgres"))?;
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username=clarion", "--auth=trust", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--no-sync"]);
        run(&mut initdb).context("initdb")?;
        // Whoever reaches the machine at all is of the harness.
        let mut access = fs::File::options()
            .append(true)
            .open(cluster.home.join("data/pg_hba.conf"))?;
        writeln!(access, "host all all {NETWORKS} trust")?;
        cluster.go_up()?;
        Ok(cluster)
    }

    fn without_data(home: PathBuf) -> anyhow::Result<Self> {
        let programs = programs().context("no PostgreSQL server programs")?;
        fs::create_dir(&home)?;
        // Another account than root's, as which the server refuses to run.
        run(Command::new("chown").arg("postgres").arg(&home))?;
        Ok(Self {
            programs,
            home,
            port: free_port().context("no port is free")?,
            seen_at: "127.0.0.1".to_owned(),
        })
    }

    /// The same where the service finds it at another address.
    pub(crate) fn seen_from(mut self, seen_at: String) -> Self {
        self.seen_at = seen_at;
        self
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it answers to a statement.
    fn said(&self, statement: &str) -> anyhow::Result<String> {
        let url = self.url_at("127.0.0.1");
        run(Command::new("psql").args(["-AtX", &url, "-c", statement]))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(self.programs.join(program))
            .arg("-D")
            .arg(self.home.join("data"))
            .current_dir(&self.home);
        command
    }

    fn url_at(&self, host: &str) -> String {
        format!("postgres://clarion@{host}:{}/postgres", self.port)
    }

    /// Starts it, again where its killed predecessor is not quite gone.
    ///
    /// Commits wait for the write-ahead log as they do in production. It is not forced to the disk, which outlives every
    /// fault here: nothing takes the machine's power away.
    pub(crate) fn go_up(&self) -> anyhow::Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=* -c unix_socket_directories={} -c fsync=off",
            self.port,
            self.home.display()
        );
        let said = self.home.join("said");
        let up = || {
            let mut start = self.command("pg_ctl");
            start.arg("-l").arg(self.home.join("log"));
            start.args(["-w", "-o", &options, "start"]);
            run_aside(&mut start, &said).is_ok()
        };
        anyhow::ensure!(wait::until(START, up), "PostgreSQL does not start");
        Ok(())
    }

    /// Kills its first process; the others end when they notice.
    pub(crate) fn kill(&self) -> anyhow::Result<()> {
        let file = fs::read_to_string(self.home.join("data/postmaster.pid"))?;
        let process = file.lines().next().context("no process")?.trim().parse()?;
        signal("KILL", process)
    }

    /// Ends it without saying good-bye to anyone.
    pub(crate) fn stop_immediately(&self) -> anyhow::Result<()> {
        let mut stop = self.command("pg_ctl");
        stop.args(["-w", "-m", "immediate", "stop"]);
        run(&mut stop).map(|_| ())
    }
}

impl Pair {
    /// Makes and starts both.
    pub(crate) fn start(folder: &Path, synchronous: bool) -> anyhow::Result<Self> {
        let mut pair = Self {
            primary: Cluster::start(folder)?,
            standby: Cluster::without_data(folder.join("standby"))?,
            synchronous,
            is_whole: false,
        };
        pair.restore()?;
        Ok(pair)
    }

    /// As the service is told: whichever takes writes.
    fn url(&self) -> String {
        let mut ports = [self.primary.port, self.standby.port];
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
        let data = standby.home.join("data");
        if data.exists() {
            fs::remove_dir_all(data)?;
        }
        let mut copy = standby.command("pg_basebackup");
        copy.args(["--host=127.0.0.1", "--username=clarion", "--no-sync"]);
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--port"]);
        run(copy.arg(primary.port.to_string())).context("pg_basebackup")?;
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

/// A port that nobody has, and that nobody is given who asks for any, as the oracle does: the server takes it later.
fn free_port() -> Option<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id() as u16 % 100 * 100;
    let next = || 20_000 + (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
    let mut ports = std::iter::repeat_with(next).take(100);
    ports.find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok())
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stop_immediately());
    }
}

/// The newest server programs where Debian puts them.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions.flatten().map(|entry| entry.path()).max()?;
    let programs = newest.join("bin");
    programs.join("initdb").is_file().then_some(programs)
}
