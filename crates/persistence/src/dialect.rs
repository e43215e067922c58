//! What the two databases do differently: everything else in this crate is the same for both.

pub(crate) mod postgres;
pub(crate) mod sqlite;
mod texts;

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamp};

use crate::campaigns::Kind;
use crate::conn::on_each_backend;
use crate::gateway_binds::Bind;
use crate::messages::{COUNTERS, Key, NewMessage, OutstandingPart, State};
use crate::send_units::Free;
use crate::{Conn, StoreError, recipients, schema, stored};

pub(crate) use texts::{CaseFolding, Texts};

/// How this database writes what lists ask of texts.
pub(crate) fn texts(conn: &Conn) -> Texts {
    match conn {
        Conn::Sqlite(_) => sqlite::TEXTS,
        Conn::Postgres(_) => postgres::TEXTS,
    }
}

/// Begins a transaction that may write.
pub(crate) fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        // A deferred BEGIN fails at its first write, at once and whatever the busy timeout, where another connection
        // has written since.
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?
        }
        Conn::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, postgres::BEGIN)?
        }
    }
    Ok(())
}

/// Makes the transaction last.
pub(crate) fn commit(conn: &mut Conn) -> Result<(), StoreError> {
    on_each_backend!(conn, inner => AnsiTransactionManager::commit_transaction(inner))?;
    Ok(())
}

/// Undoes the transaction; fine where a failed commit has done so already.
pub(crate) fn roll_back(conn: &mut Conn) -> Result<(), StoreError> {
    let rolled_back =
        on_each_backend!(conn, inner => AnsiTransactionManager::rollback_transaction(inner));
    match rolled_back {
        Ok(()) | Err(diesel::result::Error::NotInTransaction) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Both databases have a function of this name, with these arguments.
macro_rules! each_its_own {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(conn: &mut Conn, $($arg: $type),*) -> Result<$result, StoreError> {
            match conn {
                Conn::Sqlite(conn) => sqlite::$name(conn, $($arg),*),
                Conn::Postgres(conn) => postgres::$name(conn, $($arg),*),
            }
        }
    )*};
}

each_its_own! {
    /// Keeps other nodes from migrating at the same time.
    fn lock_migrations() -> ();
    /// The number of a new campaign, from the range of its kind.
    fn next_campaign_key(kind: Kind) -> i64;
    /// Keeps messages of a client from being marked until the transaction ends: somebody's consent changes.
    fn lock_consent(client: i64) -> ();
    /// Keeps consent to a client from changing until the transaction ends: messages are marked.
    fn hold_consent(client: i64) -> ();
    /// Inserts many recipients.
    fn insert_recipients(rows: &[recipients::NewRow<'_>]) -> ();
    /// Inserts many messages.
    fn insert_messages(rows: &[NewMessage<'_>]) -> ();
    /// Inserts many outstanding parts.
    fn insert_outstanding(rows: &[OutstandingPart]) -> ();
    /// Where these messages stand, kept from others until the transaction ends. The keys are sorted.
    fn lock_messages(keys: &[Key]) -> Vec<State>;
    /// Writes where messages stand now.
    fn update_messages(states: &[State]) -> ();
    /// Removes messages, to be written anew.
    fn delete_messages(keys: &[Key]) -> ();
    /// Adds to the counters of units: queued, sent, accepted, delivered, failed, unknown, opted out.
    fn add_to_units(changes: &[(Key, [i32; COUNTERS])]) -> ();
}

/// The time that leases are judged by, in SQL: the one time that is asked of the database, since the clocks of nodes
/// differ and jump ([ADR 16](../../../docs/adr/0016-leases-on-the-databases-clock.md)).
pub(crate) fn lease_clock(conn: &Conn) -> SqlLiteral<Timestamp> {
    sql(match conn {
        Conn::Sqlite(_) => sqlite::LEASE_CLOCK,
        Conn::Postgres(_) => postgres::LEASE_CLOCK,
    })
}

/// When a lease that begins now ends, in SQL.
pub(crate) fn lease_end(conn: &Conn, lease: Duration) -> SqlLiteral<Timestamp> {
    sql(&match conn {
        Conn::Sqlite(_) => sqlite::LEASE_END.to_owned(),
        Conn::Postgres(_) => postgres::lease_end(lease),
    })
}

/// The moment as it is shown: that of the clock by which leases are judged, where there is such a clock; else `now`.
pub(crate) fn shown_clock(conn: &Conn, now: DateTime<Utc>) -> SqlLiteral<Timestamp> {
    sql(&match conn {
        Conn::Sqlite(_) => literal(stored::shown_moment(now)),
        Conn::Postgres(_) => postgres::SHOWN_CLOCK.to_owned(),
    })
}

/// The time that is asked of the database where nodes share it, to the microsecond; `now` where one process has it.
pub(crate) fn shared_clock(conn: &Conn, now: DateTime<Utc>) -> SqlLiteral<Timestamp> {
    sql(&match conn {
        Conn::Sqlite(_) => literal(stored::moment(now)),
        Conn::Postgres(_) => postgres::LEASE_CLOCK.to_owned(),
    })
}

/// When a lease that begins now, by [`shared_clock`], ends.
pub(crate) fn shared_lease_end(
    conn: &Conn,
    lease: Duration,
    now: DateTime<Utc>,
) -> SqlLiteral<Timestamp> {
    sql(&match conn {
        Conn::Sqlite(_) => literal(stored::moment(now + lease)),
        Conn::Postgres(_) => postgres::lease_end(lease),
    })
}

/// As diesel binds it on SQLite.
fn literal(at: NaiveDateTime) -> String {
    format!("'{}'", at.format("%F %T%.f"))
}

/// Whether this process has the database to itself: then whoever else holds a lease is gone.
pub(crate) fn is_alone(conn: &Conn) -> bool {
    matches!(conn, Conn::Sqlite(_))
}

/// The first binds of a gateway, in order, kept from others until the transaction ends.
pub(crate) fn lock_binds(
    conn: &mut Conn,
    gateway: &str,
    binds: i32,
) -> Result<Vec<Bind>, StoreError> {
    use schema::gateway_binds::dsl;
    let clock = lease_clock(conn);
    let leased = sql::<Bool>("COALESCE(lease_until > ")
        .bind::<Timestamp, _>(clock)
        .sql(", FALSE)");
    let rows = dsl::gateway_binds
        .filter(dsl::gateway.eq(gateway))
        .filter(dsl::number.lt(binds))
        .order(dsl::number)
        .select((dsl::number, dsl::owner, leased));
    let rows = match conn {
        Conn::Sqlite(conn) => rows.load(conn)?,
        Conn::Postgres(conn) => rows.for_update().load(conn)?,
    };
    Ok(rows)
}

/// Keeps a campaign as it is until the transaction ends; whether it is as it was then.
pub(crate) fn keep_campaign(
    conn: &mut Conn,
    campaign: i64,
    as_of: NaiveDateTime,
) -> Result<bool, StoreError> {
    use schema::campaigns::dsl;
    let unchanged = dsl::campaigns
        .find(campaign)
        .filter(dsl::updated_at.eq(as_of))
        .select(dsl::id);
    let found: Option<i64> = match conn {
        // The transaction has the whole database to itself.
        Conn::Sqlite(conn) => unchanged.first(conn).optional()?,
        Conn::Postgres(conn) => unchanged.for_share().first(conn).optional()?,
    };
    Ok(found.is_some())
}

/// Locks units of a campaign that are not finished, in nobody's hands and due by then; their first recipients.
pub(crate) fn lock_free_units(
    conn: &mut Conn,
    campaign: i64,
    due: NaiveDateTime,
    which: Free,
    limit: i64,
) -> Result<Vec<i32>, StoreError> {
    use schema::send_units::dsl;
    let now = match which {
        Free::RunOut => lease_clock(conn),
        // Before any lease.
        Free::GivenBack => sql("'0001-01-01 00:00:00'"),
    };
    let free = dsl::send_units
        .filter(dsl::campaign_id.eq(campaign))
        .filter(dsl::sent_at.is_null())
        .filter(
            dsl::lease_until
                .is_null()
                .or(dsl::lease_until.le(now.nullable())),
        )
        .filter(dsl::not_before.is_null().or(dsl::not_before.le(due)))
        .order(dsl::first_seq)
        .limit(limit)
        .select(dsl::first_seq);
    let units = match conn {
        // The transaction has the whole database to itself.
        Conn::Sqlite(conn) => free.load(conn)?,
        // Locked by a statement of its own: inside an UPDATE the LIMIT may be passed over.
        Conn::Postgres(conn) => free.for_update().skip_locked().load(conn)?,
    };
    Ok(units)
}
