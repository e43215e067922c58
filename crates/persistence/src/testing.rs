//! Throw-away databases for tests: each test has its own, copied from a migrated one, and runs on both kinds.
//!
//! SQLite is always there. PostgreSQL is where its server programs are found; with `REQUIRE_POSTGRES=1` a test run
//! without them fails. Everything is gone when the test process ends, however it ends.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "this is test code, used by several crates"
)]

mod cluster;
mod process;

use std::io::Write;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;

use crate::{Conn, DatabaseSettings, Store, StoreError, migrations};
use cluster::Cluster;

/// A database of one test, migrated and empty; gone when dropped.
pub struct TestDatabase {
    store: Store,
    url: String,
}

impl TestDatabase {
    /// Its URL, to open it in another process (PostgreSQL), or once this is dropped.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The store, to be kept by what is tested.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }
}

impl Deref for TestDatabase {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // What cannot be removed now goes with the process.
        match (self.url.strip_prefix("sqlite://"), &environment().cluster) {
            (Some(path), _) => drop(std::fs::remove_file(path)),
            (None, Some(cluster)) => cluster.drop_database(&self.url),
            (None, None) => {}
        }
    }
}

/// A SQLite database.
///
/// # Panics
/// It cannot be made.
pub async fn sqlite() -> TestDatabase {
    let path = sqlite_file();
    std::fs::copy(&environment().template, &path).expect("the template can be copied");
    open(format!("sqlite://{}", path.display())).await
}

/// A PostgreSQL database, where there are server programs.
///
/// # Panics
/// It cannot be made, or there must be PostgreSQL and there is none.
pub async fn postgres() -> Option<TestDatabase> {
    let cluster = environment().cluster.as_ref()?;
    let url = cluster.create_database(&format!("test_{}", next_number()));
    Some(open(url).await)
}

/// The URL of a SQLite file that does not exist.
#[must_use]
pub fn new_sqlite_url() -> String {
    format!("sqlite://{}", sqlite_file().display())
}

/// The URL of an empty PostgreSQL database without a schema, where there are server programs.
#[must_use]
pub fn new_postgres_url() -> Option<String> {
    let cluster = environment().cluster.as_ref()?;
    Some(cluster.create_empty_database(&format!("test_{}", next_number())))
}

/// Takes all migrations back; to be run by [`Store::write`].
///
/// # Errors
/// One of them cannot be taken back.
pub fn revert_all_migrations(conn: &mut Conn) -> Result<(), StoreError> {
    migrations::revert_all(conn)
}

/// Lets every lease run out, as if its holder had not been heard of for long; to be run by [`Store::write`].
///
/// # Errors
/// The database's.
pub fn run_out_leases(conn: &mut Conn) -> Result<(), StoreError> {
    use crate::schema::{gateway_binds, idempotency_keys, nodes, send_units};

    let long_ago = chrono::DateTime::UNIX_EPOCH.naive_utc();
    diesel::update(send_units::table)
        .filter(send_units::lease_until.is_not_null())
        .set(send_units::lease_until.eq(long_ago))
        .execute(conn)?;
    diesel::update(gateway_binds::table)
        .filter(gateway_binds::lease_until.is_not_null())
        .set(gateway_binds::lease_until.eq(long_ago))
        .execute(conn)?;
    diesel::update(idempotency_keys::table)
        .set(idempotency_keys::lease_until.eq(long_ago))
        .execute(conn)?;
    diesel::update(nodes::table)
        .set(nodes::lease_until.eq(long_ago))
        .execute(conn)?;
    Ok(())
}

/// Has a PostgreSQL database refuse whatever is written from now on, or take it again, as one that has become a standby does; to
/// be run by [`Store::read`]. The connections that there are get lost.
///
/// # Errors
/// The database's; it is not PostgreSQL.
pub fn refuse_writes(conn: &mut Conn, refuse: bool) -> Result<(), StoreError> {
    use diesel::connection::SimpleConnection;

    let Conn::Postgres(conn) = conn else {
        return Err(StoreError::Corrupt("SQLite is never a standby".to_owned()));
    };
    let switch = if refuse { "on" } else { "off" };
    conn.batch_execute(&format!(
        "SET transaction_read_only = off;
         DO $$ BEGIN EXECUTE format(
             'ALTER DATABASE %I SET default_transaction_read_only = {switch}', current_database());
         END $$;
         SET default_transaction_read_only = {switch};
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid();"
    ))?;
    Ok(())
}

/// Writes each test once and runs it on both databases: `on_both! { async fn name(database) { … } }`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn check($database: $crate::testing::TestDatabase) $body

            #[tokio::test]
            async fn sqlite() {
                check($crate::testing::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = $crate::testing::postgres().await {
                    check(database).await;
                }
            }
        }
    )*};
}

/// What all tests of a process share.
struct Environment {
    directory: PathBuf,
    /// A migrated SQLite file.
    template: PathBuf,
    cluster: Option<Cluster>,
}

fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        // On a thread of its own: the caller may be on a thread of an asynchronous runtime.
        std::thread::spawn(set_up)
            .join()
            .expect("the databases for the tests can be made")
    })
}

fn set_up() -> Environment {
    let directory = process::directory();
    let template = directory.join("template.db");
    migrate(&format!("sqlite://{}", template.display()));
    let cluster = Cluster::start(&directory);
    if let Some(cluster) = &cluster {
        migrate(&cluster.create_template());
    } else if required() {
        panic!("REQUIRE_POSTGRES is set, and no PostgreSQL server programs were found");
    }
    announce(cluster.as_ref());
    Environment {
        directory,
        template,
        cluster,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the test run, no setting of the program"
)]
fn required() -> bool {
    std::env::var("REQUIRE_POSTGRES").is_ok_and(|value| value == "1")
}

/// Past libtest, which holds back what a passing test prints.
fn announce(cluster: Option<&Cluster>) {
    let sqlite = sqlite_version();
    let line = match cluster {
        Some(cluster) => {
            let version = cluster.version();
            format!("databases: SQLite {sqlite}, PostgreSQL {version}\n")
        }
        None => {
            format!("databases: SQLite {sqlite} only (no PostgreSQL server programs found)\n")
        }
    };
    drop(std::io::stderr().write_all(line.as_bytes()));
}

fn sqlite_version() -> String {
    let mut conn = SqliteConnection::establish(":memory:").expect("SQLite is compiled in");
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>(
        "sqlite_version()",
    ))
    .get_result(&mut conn)
    .expect("SQLite tells its version")
}

/// Brings a database to the present schema and leaves it.
fn migrate(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let store = Store::open(&DatabaseSettings::at(url))
            .await
            .expect("the database can be opened");
        store.migrate().await.expect("the database can be migrated");
    });
}

async fn open(url: String) -> TestDatabase {
    let store = Store::open(&DatabaseSettings::at(&url))
        .await
        .expect("the database can be opened");
    TestDatabase { store, url }
}

fn sqlite_file() -> PathBuf {
    let number = next_number();
    environment().directory.join(format!("test_{number}.db"))
}

fn next_number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
