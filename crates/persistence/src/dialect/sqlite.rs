//! What only SQLite does.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::Path;

use clarion_domain::filter::fold;
use clarion_domain::recipient::FIRST_DIRECT_KEY;
use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamp};
use diesel::sqlite::Sqlite;

use super::{CaseFolding, Texts};
use crate::campaigns::Kind;
use crate::messages::{COUNTERS, Key, NewMessage, OutstandingPart, State};
use crate::pool::Pool;
use crate::schema::{campaigns, messages, outstanding_parts, recipients, send_units};
use crate::{Conn, DatabaseSettings, StoreError};

/// The pages that the writer keeps at hand: those of a campaign that is being sent should be among them.
const WRITER_CACHE_KIB: u32 = 65_536;

/// Pages of the write-ahead log after which it is folded into the file; a few seconds of full speed.
const CHECKPOINT_PAGES: u32 = 8_000;

/// Text is compared byte by byte, which is by code points.
pub(super) const TEXTS: Texts = Texts {
    position: "instr",
    by_code_point: "",
    case_folding: CaseFolding::Function,
};

/// Leases do not run out here: one process has the file, and a jump of its clock is no reason to lose them. What a
/// former process held is given back by `send_units::release_of_others`.
pub(super) const LEASE_CLOCK: &str = "'1970-01-01 00:00:00'";

/// Later than [`LEASE_CLOCK`].
pub(super) const LEASE_END: &str = "'9999-12-31 23:59:59'";

#[diesel::declare_sql_function]
extern "SQL" {
    /// Text without regard to case, by the domain's rules.
    fn fold_case(text: Nullable<Text>) -> Nullable<Text>;
}

/// Takes the lock file beside the database, making the directory where there is none.
pub(crate) fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|error| unusable(Path::new(&name), &error))?;
    match file.try_lock() {
        Ok(()) => {
            // For people only: it is the lock that counts, and a full disk is no reason not to start.
            let _ = file
                .set_len(0)
                .and_then(|()| (&file).write_all(std::process::id().to_string().as_bytes()));
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: path.display().to_string(),
            process: holder(Path::new(&name)),
        }),
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

/// The process that a lock file names, in brackets.
fn holder(lock: &Path) -> String {
    match fs::read_to_string(lock) {
        Ok(id) if id.parse::<u32>().is_ok() => format!(" ({id})"),
        _ => String::new(),
    }
}

/// The pool of readers, and that of the one writer.
pub(crate) fn pools(path: &Path, settings: &DatabaseSettings) -> Result<(Pool, Pool), StoreError> {
    let path = std::path::absolute(path).map_err(|error| unusable(path, &error))?;
    let path = path
        .into_os_string()
        .into_string()
        .map_err(|path| StoreError::Url(format!("names a path that is not UTF-8: {path:?}")))?;
    let busy = settings.statement_timeout_ms;
    let pool = |size, set_up: String| {
        let path = path.clone();
        let connect = move || connect(&path, &set_up);
        Pool::new(size, settings.acquire_timeout(), Box::new(connect))
    };
    let reader = format!("PRAGMA busy_timeout = {busy}; PRAGMA query_only = ON;");
    // FULL: a commit that was answered survives a loss of power.
    let writer = format!(
        "PRAGMA busy_timeout = {busy}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -{WRITER_CACHE_KIB}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
    );
    Ok((pool(settings.connections, reader), pool(1, writer)))
}

fn connect(path: &str, set_up: &str) -> Result<Conn, StoreError> {
    let mut conn = SqliteConnection::establish(path)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    conn.batch_execute(set_up)?;
    fold_case_utils::register_impl(&mut conn, |text: Option<String>| {
        text.map(|text| fold(&text))
    })?;
    Ok(Conn::Sqlite(conn))
}

fn unusable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Url(format!(
        "names {}, which cannot be used: {error}",
        path.display()
    ))
}

/// One process has the file, and the transaction has the writer.
#[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's may fail")]
pub(super) fn lock_migrations(_: &mut SqliteConnection) -> Result<(), StoreError> {
    Ok(())
}

/// The transaction has the writer.
#[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's may fail")]
pub(super) fn lock_consent(_: &mut SqliteConnection, _: i64) -> Result<(), StoreError> {
    Ok(())
}

/// The transaction has the writer.
#[expect(clippy::unnecessary_wraps, reason = "PostgreSQL's may fail")]
pub(super) fn hold_consent(_: &mut SqliteConnection, _: i64) -> Result<(), StoreError> {
    Ok(())
}

pub(super) fn next_campaign_key(
    conn: &mut SqliteConnection,
    kind: Kind,
) -> Result<i64, StoreError> {
    let (below, above) = match kind {
        Kind::Campaign => (0, FIRST_DIRECT_KEY),
        Kind::Direct | Kind::Answer => (FIRST_DIRECT_KEY - 1, i64::MAX),
    };
    let last: Option<i64> = campaigns::table
        .filter(campaigns::id.gt(below))
        .filter(campaigns::id.lt(above))
        .select(diesel::dsl::max(campaigns::id))
        .get_result(conn)?;
    Ok(last.unwrap_or(below) + 1)
}

// Rows are inserted and updated one by one: the statement is prepared once and there is no network in between, which is
// faster than many rows in one statement, that would have to be parsed each time.

pub(super) fn insert_recipients(
    conn: &mut SqliteConnection,
    rows: &[crate::recipients::NewRow<'_>],
) -> Result<(), StoreError> {
    for row in rows {
        diesel::insert_into(recipients::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn insert_messages(
    conn: &mut SqliteConnection,
    rows: &[NewMessage<'_>],
) -> Result<(), StoreError> {
    for row in rows {
        diesel::insert_into(messages::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn insert_outstanding(
    conn: &mut SqliteConnection,
    rows: &[OutstandingPart],
) -> Result<(), StoreError> {
    for row in rows {
        diesel::insert_into(outstanding_parts::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn lock_messages(
    conn: &mut SqliteConnection,
    keys: &[Key],
) -> Result<Vec<State>, StoreError> {
    let mut states = Vec::with_capacity(keys.len());
    for key in keys {
        // Not `first`: SQLite prepares a statement with a bound LIMIT anew each time that it is bound, unless it is compiled as
        // .cargo/config.toml says.
        let state = messages::table
            .find(*key)
            .select(State::as_select())
            .get_result(conn)
            .optional()?;
        states.extend(state);
    }
    Ok(states)
}

pub(super) fn update_messages(
    conn: &mut SqliteConnection,
    states: &[State],
) -> Result<(), StoreError> {
    for state in states {
        Update(state).execute(conn)?;
    }
    Ok(())
}

/// A message's update, whose text never changes. Diesel cannot know that of its own UPDATE, and has it prepared anew each time.
struct Update<'a>(&'a State);

impl QueryId for Update<'_> {
    type QueryId = Update<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for Update<'_> {}

impl QueryFragment<Sqlite> for Update<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Self(state) = self;
        out.push_sql("UPDATE messages SET status = ");
        out.push_bind_param::<SmallInt, _>(&state.status)?;
        out.push_sql(", parts_ended = ");
        out.push_bind_param::<BigInt, _>(&state.parts_ended)?;
        out.push_sql(", worst = ");
        out.push_bind_param::<Nullable<SmallInt>, _>(&state.worst)?;
        out.push_sql(", error = ");
        out.push_bind_param::<Nullable<Text>, _>(&state.error)?;
        out.push_sql(", updated_at = ");
        out.push_bind_param::<Timestamp, _>(&state.updated_at)?;
        out.push_sql(", received_at = ");
        out.push_bind_param::<Nullable<Timestamp>, _>(&state.received_at)?;
        out.push_sql(", handed_over = ");
        out.push_bind_param::<Bool, _>(&state.handed_over)?;
        out.push_sql(" WHERE campaign_id = ");
        out.push_bind_param::<BigInt, _>(&state.campaign_id)?;
        out.push_sql(" AND seq = ");
        out.push_bind_param::<Integer, _>(&state.seq)
    }
}

pub(super) fn delete_messages(conn: &mut SqliteConnection, keys: &[Key]) -> Result<(), StoreError> {
    for key in keys {
        diesel::delete(messages::table.find(*key)).execute(conn)?;
    }
    Ok(())
}

pub(super) fn add_to_units(
    conn: &mut SqliteConnection,
    changes: &[(Key, [i32; COUNTERS])],
) -> Result<(), StoreError> {
    use send_units::dsl;
    for (
        unit,
        [
            queued,
            sent,
            accepted,
            delivered,
            failed,
            unknown,
            opted_out,
        ],
    ) in changes
    {
        diesel::update(send_units::table.find(*unit))
            .set((
                dsl::queued.eq(dsl::queued + queued),
                dsl::sent.eq(dsl::sent + sent),
                dsl::accepted.eq(dsl::accepted + accepted),
                dsl::delivered.eq(dsl::delivered + delivered),
                dsl::failed.eq(dsl::failed + failed),
                dsl::unknown.eq(dsl::unknown + unknown),
                dsl::opted_out.eq(dsl::opted_out + opted_out),
            ))
            .execute(conn)?;
    }
    Ok(())
}
