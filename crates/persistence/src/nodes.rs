//! Nodes: the processes that share the database, each under an id of its own for as long as it runs. Which of a gateway's
//! binds they have is the matter of `gateway_binds`.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use clarion_domain::page::Page;
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::gateway_binds::{self, NodeBind};
use crate::listing::{self, ListRequest, Property, date_time, integer, text};
use crate::schema::nodes::{self, dsl};
use crate::schema::send_units;
use crate::{Conn, StoreError, dialect, stored};

/// How long a node that is gone is still listed.
pub const LISTED: TimeDelta = TimeDelta::hours(24);

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Unlike that of any other process, and of an earlier start of this one.
    pub id: String,
    /// The machine that it runs on.
    pub host: String,
    /// What it does.
    pub roles: Vec<String>,
    /// The program's version.
    pub version: String,
    /// The names of the gateways that it can keep binds of.
    pub gateways: Vec<String>,
}

/// A node, as far as the others know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Unlike that of any other process.
    pub id: String,
    /// The machine that it runs on.
    pub host: String,
    /// What it does.
    pub roles: Vec<String>,
    /// The program's version.
    pub version: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it last said that it is there.
    pub last_seen_at: DateTime<Utc>,
    /// When it was seen to be gone; `None`: it is alive.
    pub gone_at: Option<DateTime<Utc>>,
    /// The binds that it has leased.
    pub binds: Vec<NodeBind>,
    /// How many send units are in its hands.
    pub units: u64,
}

/// A node says that it is there, and notes which others have not done so for as long as their lease was.
///
/// # Errors
/// The database's.
pub fn beat(
    conn: &mut Conn,
    node: &Profile,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (seen, lease_until) = (
        dialect::shown_clock(conn, now),
        dialect::lease_end(conn, lease),
    );
    let known = diesel::update(dsl::nodes.find(&node.id))
        .set((
            dsl::last_seen_at.eq(seen),
            dsl::lease_until.eq(lease_until),
            dsl::gone_at.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    if known == 0 {
        insert(conn, node, lease, now)?;
    }
    note_gone(conn, &node.id, now)
}

fn insert(
    conn: &mut Conn,
    node: &Profile,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (seen, lease_until) = (
        dialect::shown_clock(conn, now),
        dialect::lease_end(conn, lease),
    );
    on_each_backend!(conn, inner => diesel::insert_into(nodes::table)
        .values((
            dsl::id.eq(&node.id),
            dsl::host.eq(&node.host),
            dsl::roles.eq(node.roles.join(" ")),
            dsl::version.eq(&node.version),
            dsl::gateways.eq(node.gateways.join("\n")),
            dsl::started_at.eq(seen.clone()),
            dsl::last_seen_at.eq(seen),
            dsl::lease_until.eq(lease_until),
        ))
        .execute(inner))?;
    Ok(())
}

/// On SQLite, whose file one process has, all others are gone.
fn note_gone(conn: &mut Conn, but: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (clock, seen) = (dialect::lease_clock(conn), dialect::shown_clock(conn, now));
    let others = diesel::update(dsl::nodes)
        .filter(dsl::id.ne(but))
        .filter(dsl::gone_at.is_null())
        .set(dsl::gone_at.eq(seen.nullable()));
    if dialect::is_alone(conn) {
        others.execute(conn)?;
    } else {
        others.filter(dsl::lease_until.le(clock)).execute(conn)?;
    }
    Ok(())
}

/// A node gives back all binds that it has, and shall have no more: it is about to end.
///
/// # Errors
/// The database's.
pub fn stop_sending(conn: &mut Conn, id: &str) -> Result<(), StoreError> {
    gateway_binds::release_all(conn, id)?;
    diesel::update(dsl::nodes.find(id))
        .set(dsl::gateways.eq(""))
        .execute(conn)?;
    Ok(())
}

/// A node ends: it is gone, and has nothing any more.
///
/// # Errors
/// The database's.
pub fn leave(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    stop_sending(conn, id)?;
    let seen = dialect::shown_clock(conn, now);
    diesel::update(dsl::nodes.find(id))
        .set((
            dsl::last_seen_at.eq(seen.clone()),
            dsl::gone_at.eq(seen.nullable()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets nodes that have been gone for long; how many.
///
/// # Errors
/// The database's.
pub fn forget(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let forgotten = diesel::delete(dsl::nodes)
        .filter(dsl::gone_at.lt(stored::moment(now) - LISTED))
        .execute(conn)?;
    Ok(forgotten)
}

/// The nodes that are alive and can keep binds of a gateway.
pub(crate) fn keepers_of(conn: &mut Conn, gateway: &str) -> Result<Vec<String>, StoreError> {
    let clock = dialect::lease_clock(conn);
    let alive: Vec<(String, String)> = dsl::nodes
        .filter(dsl::gone_at.is_null())
        .filter(dsl::lease_until.gt(clock))
        .select((dsl::id, dsl::gateways))
        .load(conn)?;
    let keepers = alive
        .into_iter()
        .filter(|(_, gateways)| gateways.split('\n').any(|name| name == gateway));
    Ok(keepers.map(|(id, _)| id).collect())
}

/// What nodes can be filtered and sorted by.
pub static PROPERTIES: [Property; 8] = [
    text("id", "nodes.id"),
    text("host", "nodes.host"),
    text("roles", "nodes.roles"),
    text("version", "nodes.version"),
    text(
        "state",
        "(CASE WHEN nodes.gone_at IS NULL THEN 'alive' ELSE 'gone' END)",
    ),
    date_time("startedDateTime", "nodes.started_at"),
    date_time("lastSeenDateTime", "nodes.last_seen_at"),
    integer(
        "units",
        "(SELECT COUNT(*) FROM send_units WHERE send_units.owner = nodes.id)",
    ),
];

/// The newest first.
const OWN_ORDER: &str = "nodes.started_at DESC, nodes.id";

/// A page of the nodes.
///
/// # Errors
/// The database's.
pub fn page(conn: &mut Conn, request: &ListRequest) -> Result<Page<Node>, StoreError> {
    let wanted = nodes::table.filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let sorts = listing::ordered(conn, &request.sorts, OWN_ORDER, &PROPERTIES[0]);
    let rows: Vec<Row> = wanted
        .order(sorts)
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut binds = gateway_binds::of_nodes(conn, &ids)?;
    let mut units = units_of(conn, &ids)?;
    let node = |row: Row| Node {
        binds: binds.remove(&row.id).unwrap_or_default(),
        units: units.remove(&row.id).unwrap_or_default(),
        ..row.into()
    };
    let items = rows.into_iter().map(node).collect();
    let total = stored::unsigned("count of nodes", total)?;
    Ok(Page::new(request.page, total, items))
}

fn units_of(conn: &mut Conn, nodes: &[&str]) -> Result<HashMap<String, u64>, StoreError> {
    let counts: Vec<(Option<String>, i64)> = send_units::table
        .filter(send_units::owner.eq_any(nodes))
        .group_by(send_units::owner)
        .select((send_units::owner, diesel::dsl::count_star()))
        .load(conn)?;
    counts
        .into_iter()
        .map(|(owner, count)| {
            let count = stored::unsigned("count of units", count)?;
            Ok((owner.unwrap_or_default(), count))
        })
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = nodes)]
struct Row {
    id: String,
    host: String,
    roles: String,
    version: String,
    started_at: NaiveDateTime,
    last_seen_at: NaiveDateTime,
    gone_at: Option<NaiveDateTime>,
}

impl From<Row> for Node {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            host: row.host,
            roles: row.roles.split_whitespace().map(str::to_owned).collect(),
            version: row.version,
            started_at: row.started_at.and_utc(),
            last_seen_at: row.last_seen_at.and_utc(),
            gone_at: row.gone_at.map(|at| at.and_utc()),
            binds: Vec::new(),
            units: 0,
        }
    }
}
