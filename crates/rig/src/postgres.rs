//! PostgreSQL servers in folders of their own, read with their own command line program, past the product's code.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use crate::program::{run, run_aside, signal};
use crate::wait;

/// A server that is not up by then does not start.
const START: Duration = Duration::from_secs(60);
/// As whom it runs where the harness is root, as whom it refuses to run.
const ACCOUNT: &str = "postgres";
const HERE: &str = "127.0.0.1";

/// What a server is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Its log is not forced to the disk, which outlives every fault: nothing takes the machine's power away. Networks of this
    /// form reach it, too.
    Faults {
        /// As `pg_hba.conf` has it.
        networks: &'static str,
    },
    /// It is as durable as in production, and reached from this machine alone.
    Measuring,
}

/// A PostgreSQL server in a folder of its own; ended when dropped.
pub struct Cluster {
    programs: PathBuf,
    home: PathBuf,
    port: u16,
    purpose: Purpose,
    /// The address at which the service finds it.
    seen_at: String,
    /// User and group, where they are not the harness's own.
    account: Option<(u32, u32)>,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Errors
    /// There are no server programs, or they do not work here.
    pub fn start(home: PathBuf, purpose: Purpose) -> anyhow::Result<Self> {
        let cluster = Self::without_data(home, purpose)?;
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username=clarion", "--auth=trust", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--no-sync"]);
        run(&mut initdb).context("initdb")?;
        if let Purpose::Faults { networks } = purpose {
            // Whoever reaches the machine at all is of the harness.
            let access = cluster.home.join("data/pg_hba.conf");
            let mut access = fs::File::options().append(true).open(access)?;
            writeln!(access, "host all all {networks} trust")?;
        }
        cluster.go_up()?;
        Ok(cluster)
    }

    /// One whose data comes from elsewhere.
    ///
    /// # Errors
    /// There are no server programs, or they do not work here.
    pub fn without_data(home: PathBuf, purpose: Purpose) -> anyhow::Result<Self> {
        let programs = programs().context("no PostgreSQL server programs")?;
        fs::create_dir(&home)?;
        let account = account_for(&home)?;
        if let Some((user, group)) = account {
            chown(&home, Some(user), Some(group))?;
        }
        Ok(Self {
            programs,
            home,
            port: free_port().context("no port is free")?,
            purpose,
            seen_at: HERE.to_owned(),
            account,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The same where the service finds it at another address.
    #[must_use]
    pub fn seen_from(mut self, seen_at: String) -> Self {
        self.seen_at = seen_at;
        self
    }

    /// As the service is told.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&self.seen_at)
    }

    fn url_at(&self, host: &str) -> String {
        format!("postgres://clarion@{host}:{}/postgres", self.port)
    }

    /// What it answers to a statement: a line a row, with `|` between the cells.
    ///
    /// # Errors
    /// The statement fails.
    pub fn said(&self, statement: &str) -> anyhow::Result<String> {
        let url = self.url_at(HERE);
        run(Command::new("psql").args(["-AtX", &url, "-c", statement]))
    }

    /// One of its programs, for its data, as its account.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match self.account {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}"));
                command.arg(format!("--regid={group}"));
                command.arg("--clear-groups").arg(program);
                command
            }
        };
        command.arg("-D").arg(self.data()).current_dir(&self.home);
        command
    }

    /// Starts it, again where its killed predecessor is not quite gone. Commits wait for the write-ahead log as they do in
    /// production.
    ///
    /// # Errors
    /// It does not come up.
    pub fn go_up(&self) -> anyhow::Result<()> {
        let of_purpose = match self.purpose {
            Purpose::Faults { .. } => "-c listen_addresses=* -c fsync=off",
            // What its documentation advises for a server with as little memory as 1 GB, and no more.
            Purpose::Measuring => {
                "-c listen_addresses=127.0.0.1 -c shared_buffers=256MB -c max_wal_size=4GB"
            }
        };
        let (port, home) = (self.port, self.home.display());
        let options = format!("-p {port} -c unix_socket_directories={home} {of_purpose}");
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

    /// Its first process.
    ///
    /// # Errors
    /// It does not run.
    pub fn process(&self) -> anyhow::Result<u32> {
        let file = fs::read_to_string(self.data().join("postmaster.pid"))?;
        Ok(file.lines().next().context("no process")?.trim().parse()?)
    }

    /// Kills its first process; the others end when they notice.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&self) -> anyhow::Result<()> {
        signal("KILL", self.process()?)
    }

    /// Ends it without saying good-bye to anyone.
    ///
    /// # Errors
    /// It does not run.
    pub fn stop_immediately(&self) -> anyhow::Result<()> {
        let mut stop = self.command("pg_ctl");
        stop.args(["-w", "-m", "immediate", "stop"]);
        run(&mut stop).map(|_| ())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stop_immediately());
    }
}

/// A port that nobody has, and that nobody is given who asks for any: the server takes it later.
fn free_port() -> Option<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id() as u16 % 100 * 100;
    let next = || 20_000 + (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
    let mut ports = std::iter::repeat_with(next).take(100);
    ports.find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok())
}

/// The newest server programs where Debian puts them.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions.flatten().map(|entry| entry.path()).max()?;
    let programs = newest.join("bin");
    programs.join("initdb").is_file().then_some(programs)
}

/// Another account than root's, if the harness is root.
fn account_for(home: &Path) -> anyhow::Result<Option<(u32, u32)>> {
    if fs::metadata(home)?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let mut accounts = accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let fields = accounts
        .find(|fields| fields.first() == Some(&ACCOUNT))
        .context("root needs an account postgres")?;
    let id = |index: usize| fields.get(index).and_then(|id| id.parse().ok());
    let ids = id(2).zip(id(3)).context("no account postgres")?;
    Ok(Some(ids))
}
