//! The bare ways to get the rows of a campaign into a table of the same shape: psql's `\copy`, diesel's COPY, sqlite3's
//! `.import`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clarion_rig::postgres::Cluster;
use clarion_rig::program::run;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

/// Rows of one COPY, as many as the service has in one.
const BATCH: usize = 4_000;

/// The rows of the biggest campaign.
const ROWS: &str = "SELECT campaign_id, seq, phone, region, name, custom1, custom2, contact_group_id, time_zone FROM recipients \
                    WHERE campaign_id = (SELECT id FROM campaigns ORDER BY recipient_count DESC LIMIT 1)";

diesel::table! {
    copied (campaign_id, seq) {
        campaign_id -> BigInt,
        seq -> Integer,
        phone -> Text,
        region -> Text,
        name -> Nullable<Text>,
        custom1 -> Nullable<Text>,
        custom2 -> Nullable<Text>,
        contact_group_id -> Nullable<Text>,
        time_zone -> Nullable<Text>,
    }
}

#[derive(QueryableByName, Insertable)]
#[diesel(table_name = copied, treat_none_as_default_value = false)]
struct Row {
    campaign_id: i64,
    seq: i32,
    phone: String,
    region: String,
    name: Option<String>,
    custom1: Option<String>,
    custom2: Option<String>,
    contact_group_id: Option<String>,
    time_zone: Option<String>,
}

/// How long psql's `\copy` takes.
pub(crate) fn by_psql(cluster: &Cluster, folder: &Path) -> anyhow::Result<Duration> {
    let file = folder.join("rows.csv");
    cluster.said(&format!("\\copy ({ROWS}) TO '{}' CSV", file.display()))?;
    cluster.said("CREATE TABLE copied (LIKE recipients INCLUDING ALL)")?;
    let begun = Instant::now();
    cluster.said(&format!("\\copy copied FROM '{}' CSV", file.display()))?;
    let took = begun.elapsed();
    cluster.said("DROP TABLE copied")?;
    fs::remove_file(file)?;
    Ok(took)
}

/// How long diesel's COPY takes, in one transaction.
pub(crate) fn by_diesel(cluster: &Cluster) -> anyhow::Result<Duration> {
    let mut conn = PgConnection::establish(&cluster.url())?;
    let rows: Vec<Row> = diesel::sql_query(ROWS).load(&mut conn)?;
    conn.batch_execute("CREATE TABLE copied (LIKE recipients INCLUDING ALL)")?;
    let begun = Instant::now();
    conn.batch_execute("BEGIN")?;
    for batch in rows.chunks(BATCH) {
        diesel::copy_from(copied::table)
            .from_insertable(batch)
            .execute(&mut conn)?;
    }
    conn.batch_execute("COMMIT")?;
    let took = begun.elapsed();
    conn.batch_execute("DROP TABLE copied")?;
    Ok(took)
}

/// How long sqlite3's `.import` takes, into a file of its own that is as durable as the service's.
pub(crate) fn by_sqlite3(database: &Path, folder: &Path) -> anyhow::Result<Duration> {
    let (csv, copy) = (folder.join("rows.csv"), folder.join("copied.db"));
    let rows = format!(".mode csv\n.once '{}'\n{ROWS};", csv.display());
    let sqlite3 = |file: &Path, commands: &str| {
        let mut program = Command::new("sqlite3");
        run(program
            .arg("-batch")
            .arg(file)
            .args(commands.lines().flat_map(|line| ["-cmd", line]))
            .arg(""))
    };
    sqlite3(database, &rows).context("sqlite3")?;
    let begun = Instant::now();
    let import = format!(
        "PRAGMA journal_mode = WAL\nPRAGMA synchronous = FULL\n\
         CREATE TABLE copied (campaign_id BIGINT NOT NULL, seq INTEGER NOT NULL, phone TEXT NOT NULL, region TEXT NOT NULL, \
         name TEXT, custom1 TEXT, custom2 TEXT, contact_group_id TEXT, time_zone TEXT, PRIMARY KEY (campaign_id, seq)) WITHOUT ROWID;\n\
         .import --csv '{}' copied",
        csv.display()
    );
    sqlite3(&copy, &import)?;
    let took = begun.elapsed();
    fs::remove_file(csv)?;
    fs::remove_file(copy)?;
    Ok(took)
}
