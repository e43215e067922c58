//! Who keeps which of a gateway's binds. A bind is leased on the database's clock, so that there are no more of them in the
//! whole cluster than are configured, and with them no more than the gateway's rate.

use std::collections::HashMap;
use std::time::Duration;

use clarion_domain::apportion::quota;
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::schema::gateway_binds::{self, dsl};
use crate::{Conn, StoreError, dialect, nodes, stored};

/// A bind that a node has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeBind {
    /// The gateway.
    pub gateway: String,
    /// Which of its binds, from 0.
    pub number: u16,
}

/// What a node has of a gateway's binds from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    /// The binds that it keeps.
    pub kept: Vec<u16>,
    /// Those that it still has, and shall close and give back.
    pub excess: Vec<u16>,
    /// How many it could have beside the kept ones, once others give them back or lose them.
    pub wanting: usize,
}

/// A bind as its row stands, locked.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct Bind {
    number: i32,
    owner: Option<String>,
    /// Whether its lease lasts.
    leased: bool,
}

/// Renews what a node has of a gateway's binds, takes free ones up to its quota, and tells what it has too many.
///
/// # Errors
/// The database's.
pub fn balance(
    conn: &mut Conn,
    gateway: &str,
    node: &str,
    binds: u16,
    lease: Duration,
) -> Result<Holding, StoreError> {
    let rows = lock(conn, gateway, binds)?;
    let owner = |bind: &Bind| leased_by(conn, node, bind);
    let owners: Vec<(u16, Option<String>)> = rows
        .iter()
        .map(|bind| Ok((stored::unsigned("bind", bind.number)?, owner(bind))))
        .collect::<Result<_, StoreError>>()?;
    let of = |wanted: Option<&str>| {
        let owned = owners
            .iter()
            .filter(move |(_, owner)| owner.as_deref() == wanted);
        owned.map(|(number, _)| *number).collect::<Vec<u16>>()
    };
    let (mut kept, free) = (of(Some(node)), of(None));
    let quota = quota_of(conn, gateway, node, binds, &owners)?;
    let excess = kept.split_off(quota.min(kept.len()));
    kept.extend(free.into_iter().take(quota - kept.len()));
    lease_to(conn, gateway, node, kept.iter().chain(&excess), lease)?;
    let wanting = quota - kept.len();
    Ok(Holding {
        kept,
        excess,
        wanting,
    })
}

/// Its binds, each made when it is first asked for, and kept from others until the transaction ends.
fn lock(conn: &mut Conn, gateway: &str, binds: u16) -> Result<Vec<Bind>, StoreError> {
    let rows = dialect::lock_binds(conn, gateway, binds.into())?;
    if rows.len() == usize::from(binds) {
        return Ok(rows);
    }
    for number in 0..i32::from(binds) {
        on_each_backend!(conn, inner => diesel::insert_into(gateway_binds::table)
            .values((dsl::gateway.eq(gateway), dsl::number.eq(number)))
            .on_conflict_do_nothing()
            .execute(inner))?;
    }
    dialect::lock_binds(conn, gateway, binds.into())
}

/// Who has it; on SQLite, whose file one process has, nobody but the asker can.
fn leased_by(conn: &Conn, node: &str, bind: &Bind) -> Option<String> {
    let owner = bind.owner.as_ref().filter(|_| bind.leased)?;
    (owner == node || !dialect::is_alone(conn)).then(|| owner.clone())
}

fn quota_of(
    conn: &mut Conn,
    gateway: &str,
    node: &str,
    binds: u16,
    owners: &[(u16, Option<String>)],
) -> Result<usize, StoreError> {
    let mut keepers = nodes::keepers_of(conn, gateway)?;
    if !keepers.iter().any(|keeper| keeper == node) {
        // Its own lease has run out, or it has not said yet that it is there.
        keepers.push(node.to_owned());
    }
    let has = |node: &str| {
        let owned = owners
            .iter()
            .filter(|(_, owner)| owner.as_deref() == Some(node));
        owned.count()
    };
    let nodes = keepers.iter().map(|keeper| (keeper.as_str(), has(keeper)));
    Ok(quota(binds.into(), nodes, node))
}

fn lease_to<'a>(
    conn: &mut Conn,
    gateway: &str,
    node: &str,
    numbers: impl Iterator<Item = &'a u16>,
    lease: Duration,
) -> Result<(), StoreError> {
    let numbers: Vec<i32> = numbers.map(|number| i32::from(*number)).collect();
    let lease_until = dialect::lease_end(conn, lease);
    diesel::update(dsl::gateway_binds)
        .filter(dsl::gateway.eq(gateway))
        .filter(dsl::number.eq_any(numbers))
        .set((
            dsl::owner.eq(node),
            dsl::lease_until.eq(lease_until.nullable()),
        ))
        .execute(conn)?;
    Ok(())
}

/// A node gives one of its binds back, which it has closed.
///
/// # Errors
/// The database's.
pub fn release(conn: &mut Conn, gateway: &str, number: u16, node: &str) -> Result<(), StoreError> {
    diesel::update(dsl::gateway_binds.find((gateway, i32::from(number))))
        .filter(dsl::owner.eq(node))
        .set(dsl::owner.eq(None::<String>))
        .execute(conn)?;
    Ok(())
}

/// A node gives back all binds that it has.
pub(crate) fn release_all(conn: &mut Conn, node: &str) -> Result<(), StoreError> {
    diesel::update(dsl::gateway_binds)
        .filter(dsl::owner.eq(node))
        .set(dsl::owner.eq(None::<String>))
        .execute(conn)?;
    Ok(())
}

/// The binds that nodes have leased.
pub(crate) fn of_nodes(
    conn: &mut Conn,
    nodes: &[&str],
) -> Result<HashMap<String, Vec<NodeBind>>, StoreError> {
    let clock = dialect::lease_clock(conn);
    let rows: Vec<(Option<String>, String, i32)> = dsl::gateway_binds
        .filter(dsl::owner.eq_any(nodes))
        .filter(dsl::lease_until.gt(clock.nullable()))
        .order((dsl::gateway, dsl::number))
        .select((dsl::owner, dsl::gateway, dsl::number))
        .load(conn)?;
    let mut binds: HashMap<_, Vec<_>> = HashMap::new();
    for (owner, gateway, number) in rows {
        let number = stored::unsigned("bind", number)?;
        let bind = NodeBind { gateway, number };
        binds
            .entry(owner.unwrap_or_default())
            .or_default()
            .push(bind);
    }
    Ok(binds)
}
