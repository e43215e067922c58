//! The databases under the service: a SQLite file, or a PostgreSQL cluster that can be killed. They are read with their own
//! command line programs, past the product's code.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use crate::node::{run, run_aside, signal};
use crate::wait;

/// A server that is not up by then does not start.
const START: Duration = Duration::from_secs(60);

/// Where the service keeps its data.
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(Cluster),
}

/// A PostgreSQL server in a folder of its own; ended when dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    home: PathBuf,
    port: u16,
}

impl Database {
    /// As the service is told.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(cluster) => cluster.url(),
        }
    }

    /// The rows that a query has.
    pub(crate) fn rows(&self, query: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let text = match self {
            Self::Sqlite(path) => run(Command::new("sqlite3")
                .arg("-readonly")
                .arg(path)
                .arg(query))?,
            Self::Postgres(cluster) => {
                run(Command::new("psql").args(["-AtX", &cluster.url(), "-c", query]))?
            }
        };
        let cells = |line: &str| line.split('|').map(ToOwned::to_owned).collect();
        Ok(text.lines().map(cells).collect())
    }
}

impl Cluster {
    /// Makes and starts one.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let programs = programs().context("no PostgreSQL server programs")?;
        let home = folder.join("postgres");
        fs::create_dir(&home)?;
        // Another account than root's, as which the server refuses to run.
        run(Command::new("chown").arg("postgres").arg(&home))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self {
            programs,
            home,
            port,
        };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username=clarion", "--auth=trust", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--no-sync"]);
        run(&mut initdb).context("initdb")?;
        cluster.go_up()?;
        Ok(cluster)
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

    fn url(&self) -> String {
        format!("postgres://clarion@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it, again where its killed predecessor is not quite gone.
    ///
    /// Commits wait for the write-ahead log as they do in production. It is not forced to the disk, which outlives every
    /// fault here: nothing takes the machine's power away.
    pub(crate) fn go_up(&self) -> anyhow::Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off",
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
