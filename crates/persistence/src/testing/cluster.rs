//! A PostgreSQL server of this test process alone.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Accounts under which the server may run where the tests run as root, which it refuses.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// Starts that are tried: between finding a free port and using it, another process may take it.
const STARTS: u32 = 5;

const TEMPLATE: &str = "template_clarion";

/// A running server.
pub(super) struct Cluster {
    port: u16,
}

impl Cluster {
    /// Makes and starts a server in `directory`; `None` where there are no server programs.
    pub(super) fn start(directory: &Path) -> Option<Self> {
        let programs = programs()?;
        let home = directory.join("postgres");
        fs::create_dir(&home).expect("a directory for PostgreSQL can be made");
        let account = Account::for_server(&home);
        let data = home.join("data");
        let mut initdb = account.command(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "--username=clarion",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        run(&mut initdb, &home).expect("initdb makes a cluster");
        let port = (0..STARTS).find_map(|_| {
            let port = free_port();
            let mut start = account.command(&programs.join("pg_ctl"));
            start.arg("-D").arg(&data).arg("-l").arg(home.join("log"));
            start.args(["-w", "-o", &options(port, &home), "start"]);
            run(&mut start, &home).ok().map(|()| port)
        });
        let port = port.unwrap_or_else(|| {
            let log = fs::read_to_string(home.join("log")).unwrap_or_default();
            panic!("PostgreSQL does not start:\n{log}")
        });
        Some(Self { port })
    }

    /// An empty database that the others are copied from, to be migrated.
    pub(super) fn create_template(&self) -> String {
        self.create_empty_database(TEMPLATE)
    }

    /// A migrated database.
    pub(super) fn create_database(&self, name: &str) -> String {
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
        self.url(name)
    }

    /// A database without a schema.
    pub(super) fn create_empty_database(&self, name: &str) -> String {
        self.execute(&format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// Removes a database, whoever uses it.
    pub(super) fn drop_database(&self, url: &str) {
        if let Some((_, name)) = url.rsplit_once('/') {
            self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }

    /// The server's version.
    pub(super) fn version(&self) -> String {
        diesel::select(diesel::dsl::sql::<Text>(
            "current_setting('server_version')",
        ))
        .get_result(&mut self.connect())
        .map(|version: String| version.split(' ').next().unwrap_or_default().to_owned())
        .expect("PostgreSQL tells its version")
    }

    fn execute(&self, statement: &str) {
        self.connect()
            .batch_execute(statement)
            .expect("the statement is right");
    }

    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url("postgres")).expect("PostgreSQL is running")
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://clarion@127.0.0.1:{}/{database}", self.port)
    }
}

/// Nothing here has to survive a loss of power.
fn options(port: u16, home: &Path) -> String {
    format!(
        "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200 \
         -c fsync=off -c synchronous_commit=off -c full_page_writes=off",
        home.display()
    )
}

/// The directory of the server programs: on the PATH, or where Debian, which keeps them off it, puts them; the newest.
fn programs() -> Option<PathBuf> {
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    debian.sort_by_key(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse::<u32>().ok())
    });
    let debian = debian.into_iter().rev().map(|path| path.join("bin"));
    on_path().into_iter().chain(debian).find(|directory| {
        ["initdb", "pg_ctl"]
            .iter()
            .all(|name| directory.join(name).is_file())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "where programs are found is no setting of ours"
)]
fn on_path() -> Vec<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .expect("there is a free port")
}

/// Runs a program to its end; what it says goes to a file, since a server it leaves running would keep a pipe open.
fn run(command: &mut Command, home: &Path) -> Result<(), String> {
    let said = home.join("said");
    let file = fs::File::create(&said).map_err(|error| error.to_string())?;
    let errors = file.try_clone().map_err(|error| error.to_string())?;
    let status = command
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(errors)
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(fs::read_to_string(&said).unwrap_or_default())
}

/// As whom the server runs.
enum Account {
    Own,
    Other { user: u32, group: u32 },
}

impl Account {
    /// Another one than root's, which then owns `home`.
    fn for_server(home: &Path) -> Self {
        let owner = fs::metadata(home).map(|metadata| metadata.uid());
        if owner.is_ok_and(|user| user != 0) {
            return Self::Own;
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let (user, group) = ACCOUNTS
            .iter()
            .find_map(|name| ids_of(&accounts, name))
            .expect("root's tests need an account for PostgreSQL");
        chown(home, Some(user), Some(group)).expect("root may give a directory away");
        Self::Other { user, group }
    }

    fn command(&self, program: &Path) -> Command {
        match self {
            Self::Own => Command::new(program),
            Self::Other { user, group } => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .arg("--clear-groups")
                    .arg(program);
                command
            }
        }
    }
}

/// User and group of an account in the form of `/etc/passwd`.
fn ids_of(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let fields: Vec<&str> = accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name))?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}
