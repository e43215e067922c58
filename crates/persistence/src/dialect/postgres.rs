//! What only PostgreSQL does.

mod pattern;

use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::{CacheSize, SimpleConnection};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamp};

use super::{CaseFolding, Texts};
use crate::campaigns::Kind;
use crate::messages::{COUNTERS, Key, NewMessage, OutstandingPart, State};
use crate::pool::Pool;
use crate::schema::{clients, messages, outstanding_parts, recipients};
use crate::{Conn, DatabaseSettings, StoreError};

/// What a URL is given that does not say so itself: a server that swallows packets would else hold a thread for minutes, be it
/// before a connection stands, while a statement is on its way, or while its answer is waited for.
const PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    // In milliseconds, and the others in seconds.
    ("tcp_user_timeout", "10000"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
];

pub(super) const TEXTS: Texts = Texts {
    position: "strpos",
    by_code_point: " COLLATE \"C\"",
    case_folding: CaseFolding::Pattern(pattern::pattern),
};

/// What writes is planned for the tables as they are: a plan that is kept from when one of them was all but empty reads all of it
/// for each batch, until it is analysed.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL plan_cache_mode = force_custom_plan";

/// That of the moment, not of the transaction's begin, which may have waited for a lock since.
pub(super) const LEASE_CLOCK: &str = "(clock_timestamp() AT TIME ZONE 'UTC')";

/// The same as answers show it, to the millisecond.
pub(super) const SHOWN_CLOCK: &str =
    "date_trunc('milliseconds', clock_timestamp() AT TIME ZONE 'UTC')";

/// When a lease that begins now ends.
pub(super) fn lease_end(lease: Duration) -> String {
    format!(
        "({LEASE_CLOCK} + {} * INTERVAL '1 millisecond')",
        lease.as_millis()
    )
}

/// The pool of all connections.
pub(crate) fn pool(url: String, settings: &DatabaseSettings) -> Pool {
    let statement_timeout = settings.statement_timeout().as_millis();
    let prepared_statements = settings.prepared_statements;
    let url = with_patience(url);
    // A process that is frozen or cut off within a transaction must not keep its locks: others could not take its units over.
    let set_up = format!(
        "SET statement_timeout = {statement_timeout}; SET idle_in_transaction_session_timeout = {statement_timeout};
         SET timezone = 'UTC';"
    );
    let connect = move || connect(&url, &set_up, prepared_statements);
    Pool::new(
        settings.connections,
        settings.acquire_timeout(),
        Box::new(connect),
    )
}

/// The URL with what it does not say itself of how long to wait.
fn with_patience(mut url: String) -> String {
    for (name, value) in PATIENCE {
        if !url.contains(&format!("{name}=")) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{separator}{name}={value}");
        }
    }
    url
}

fn connect(url: &str, set_up: &str, prepared_statements: bool) -> Result<Conn, StoreError> {
    let mut conn =
        PgConnection::establish(url).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    if !prepared_statements {
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    conn.batch_execute(set_up)?;
    Ok(Conn::Postgres(conn))
}

pub(super) fn lock_migrations(conn: &mut PgConnection) -> Result<(), StoreError> {
    conn.batch_execute("LOCK TABLE __diesel_schema_migrations IN SHARE ROW EXCLUSIVE MODE")?;
    Ok(())
}

/// On the client's row, in a mode that what refers to the row does not wait for.
pub(super) fn lock_consent(conn: &mut PgConnection, client: i64) -> Result<(), StoreError> {
    let row = clients::table.find(client).select(clients::id);
    row.for_no_key_update().execute(conn)?;
    Ok(())
}

pub(super) fn hold_consent(conn: &mut PgConnection, client: i64) -> Result<(), StoreError> {
    let row = clients::table.find(client).select(clients::id);
    row.for_share().execute(conn)?;
    Ok(())
}

pub(super) fn next_campaign_key(conn: &mut PgConnection, kind: Kind) -> Result<i64, StoreError> {
    let key = match kind {
        Kind::Campaign => diesel::select(nextval("campaign_keys")),
        Kind::Direct | Kind::Answer => diesel::select(nextval("direct_campaign_keys")),
    };
    Ok(key.get_result(conn)?)
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// The next number of a sequence.
    fn nextval(sequence: Text) -> BigInt;
}

pub(super) fn insert_recipients(
    conn: &mut PgConnection,
    rows: &[crate::recipients::NewRow<'_>],
) -> Result<(), StoreError> {
    diesel::copy_from(recipients::table)
        .from_insertable(rows)
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert_messages(
    conn: &mut PgConnection,
    rows: &[NewMessage<'_>],
) -> Result<(), StoreError> {
    copied(
        diesel::copy_from(messages::table)
            .from_insertable(rows)
            .execute(conn),
    )
}

pub(super) fn insert_outstanding(
    conn: &mut PgConnection,
    rows: &[OutstandingPart],
) -> Result<(), StoreError> {
    copied(
        diesel::copy_from(outstanding_parts::table)
            .from_insertable(rows)
            .execute(conn),
    )
}

/// Whoever copies has looked before what is there; what then stands in the way was committed in between.
fn copied(result: QueryResult<usize>) -> Result<(), StoreError> {
    match result {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
            Err(StoreError::Conflict(info.message().to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// For the rest of the transaction rows are found by their keys alone. Of a table that grows fast the planner knows too little, and
/// reads all of it for each batch.
const BY_KEYS: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

pub(super) fn lock_messages(
    conn: &mut PgConnection,
    keys: &[Key],
) -> Result<Vec<State>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    conn.batch_execute(BY_KEYS)?;
    let (campaigns, seqs) = unzipped(keys);
    let states = diesel::sql_query(
        "SELECT m.campaign_id, m.seq, m.status, m.attempt, m.parts, m.parts_ended, m.worst, m.error, m.updated_at,
                m.received_at, m.handed_over, m.unknown_since, m.resends, m.price, m.sent_at
         FROM unnest($1, $2) AS k (campaign_id, seq)
         JOIN messages AS m ON m.campaign_id = k.campaign_id AND m.seq = k.seq
         ORDER BY m.campaign_id, m.seq
         FOR UPDATE OF m",
    )
    .bind::<Array<BigInt>, _>(campaigns)
    .bind::<Array<Integer>, _>(seqs)
    .load(conn)?;
    Ok(states)
}

pub(super) fn update_messages(conn: &mut PgConnection, states: &[State]) -> Result<(), StoreError> {
    if states.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "UPDATE messages AS m
         SET status = s.status, parts_ended = s.parts_ended, worst = s.worst, error = s.error,
             updated_at = s.updated_at, received_at = s.received_at, handed_over = s.handed_over
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
              AS s (campaign_id, seq, status, parts_ended, worst, error, updated_at, received_at, handed_over)
         WHERE m.campaign_id = s.campaign_id AND m.seq = s.seq",
    )
    .bind::<Array<BigInt>, _>(column(states, |state| state.campaign_id))
    .bind::<Array<Integer>, _>(column(states, |state| state.seq))
    .bind::<Array<SmallInt>, _>(column(states, |state| state.status))
    .bind::<Array<BigInt>, _>(column(states, |state| state.parts_ended))
    .bind::<Array<Nullable<SmallInt>>, _>(column(states, |state| state.worst))
    .bind::<Array<Nullable<Text>>, _>(column(states, |state| state.error.as_deref()))
    .bind::<Array<Timestamp>, _>(column(states, |state| state.updated_at))
    .bind::<Array<Nullable<Timestamp>>, _>(column(states, |state| state.received_at))
    .bind::<Array<Bool>, _>(column(states, |state| state.handed_over))
    .execute(conn)?;
    Ok(())
}

pub(super) fn delete_messages(conn: &mut PgConnection, keys: &[Key]) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let (campaigns, seqs) = unzipped(keys);
    diesel::sql_query(
        "DELETE FROM messages AS m USING unnest($1, $2) AS k (campaign_id, seq)
         WHERE m.campaign_id = k.campaign_id AND m.seq = k.seq",
    )
    .bind::<Array<BigInt>, _>(campaigns)
    .bind::<Array<Integer>, _>(seqs)
    .execute(conn)?;
    Ok(())
}

pub(super) fn add_to_units(
    conn: &mut PgConnection,
    changes: &[(Key, [i32; COUNTERS])],
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let counter = |which: usize| column(changes, |(_, counters)| counters[which]);
    diesel::sql_query(
        "UPDATE send_units AS u
         SET queued = u.queued + c.queued, sent = u.sent + c.sent, accepted = u.accepted + c.accepted,
             delivered = u.delivered + c.delivered, failed = u.failed + c.failed, unknown = u.unknown + c.unknown,
             opted_out = u.opted_out + c.opted_out
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
              AS c (campaign_id, first_seq, queued, sent, accepted, delivered, failed, unknown, opted_out)
         WHERE u.campaign_id = c.campaign_id AND u.first_seq = c.first_seq",
    )
    .bind::<Array<BigInt>, _>(column(changes, |((campaign, _), _)| *campaign))
    .bind::<Array<Integer>, _>(column(changes, |((_, first_seq), _)| *first_seq))
    .bind::<Array<Integer>, _>(counter(0))
    .bind::<Array<Integer>, _>(counter(1))
    .bind::<Array<Integer>, _>(counter(2))
    .bind::<Array<Integer>, _>(counter(3))
    .bind::<Array<Integer>, _>(counter(4))
    .bind::<Array<Integer>, _>(counter(5))
    .bind::<Array<Integer>, _>(counter(6))
    .execute(conn)?;
    Ok(())
}

fn unzipped(keys: &[Key]) -> (Vec<i64>, Vec<i32>) {
    keys.iter().copied().unzip()
}

/// One column of rows, to be bound as an array.
fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::with_patience;

    #[test]
    fn a_url_is_given_what_it_does_not_say_itself() {
        assert_eq!(
            with_patience("postgres://a@b/c".to_owned()),
            "postgres://a@b/c?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=5&keepalives_interval=2\
             &keepalives_count=3"
        );
        let own = "postgres://a@b/c?sslmode=require&connect_timeout=60&tcp_user_timeout=0";
        let rest = "&keepalives_idle=5&keepalives_interval=2&keepalives_count=3";
        assert_eq!(with_patience(own.to_owned()), format!("{own}{rest}"));
    }
}
