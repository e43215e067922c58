//! The nodes, and which of the binds they have.

use std::time::Duration;

use chrono::DateTime;
use clarion_domain::filter::Filter;
use clarion_persistence::gateway_binds::{self, Holding, NodeBind};
use clarion_persistence::listing::ListRequest;
use clarion_persistence::nodes::{self, PROPERTIES, Profile};
use clarion_persistence::{Backend, Conn, StoreError, on_both, send_units, testing};

use crate::fixtures::{at, page, sending};

/// Longer than any of these tests takes.
const LEASE: Duration = Duration::from_secs(600);
/// Over at once.
const NO_LEASE: Duration = Duration::ZERO;

fn profile(id: &str) -> Profile {
    Profile {
        id: id.to_owned(),
        host: format!("host of {id}"),
        roles: vec!["api".to_owned(), "sender".to_owned()],
        version: "1.2.3".to_owned(),
        gateways: vec!["main".to_owned(), "spare".to_owned()],
    }
}

fn beat(conn: &mut Conn, id: &str) -> Result<(), StoreError> {
    nodes::beat(conn, &profile(id), LEASE, at(0))
}

fn balance(conn: &mut Conn, node: &str, binds: u16) -> Result<Holding, StoreError> {
    gateway_binds::balance(conn, "main", node, binds, LEASE)
}

fn holding(kept: &[u16], excess: &[u16], wanting: usize) -> Holding {
    Holding {
        kept: kept.to_vec(),
        excess: excess.to_vec(),
        wanting,
    }
}

fn states(conn: &mut Conn) -> Result<Vec<(String, bool)>, StoreError> {
    let mut all: Vec<_> = nodes::page(conn, &page(1, 10))?
        .items
        .into_iter()
        .map(|node| (node.id, node.gone_at.is_none()))
        .collect();
    all.sort();
    Ok(all)
}

on_both! {
    async fn a_node_is_listed_with_what_it_holds(database) {
        let key = sending(&database, 1, 2_001).await;
        let work = move |conn: &mut Conn| {
            beat(conn, "a")?;
            balance(conn, "a", 2)?;
            send_units::claim(conn, key, "a", LEASE, at(0), 2)?;
            let request = |filter| ListRequest {
                filter: Filter::parse(filter, &PROPERTIES).unwrap(),
                ..page(1, 10)
            };
            let listed = nodes::page(conn, &request("state==alive,units==2,host@=*HOST"))?;
            assert_eq!(nodes::page(conn, &request("state==gone"))?.items, []);
            Ok(listed.items)
        };
        let listed = database.write(work).await.unwrap();
        let [node] = &*listed else { panic!("{listed:?}") };
        assert_eq!((&*node.id, &*node.host, &*node.version), ("a", "host of a", "1.2.3"));
        assert_eq!(node.roles, ["api", "sender"]);
        assert_eq!((node.units, node.gone_at), (2, None));
        let bind = |number| NodeBind { gateway: "main".to_owned(), number };
        assert_eq!(node.binds, [bind(0), bind(1)]);
        assert_eq!(node.started_at, node.last_seen_at);
    }

    async fn a_node_that_ends_is_gone_and_forgotten_later(database) {
        let work = |conn: &mut Conn| {
            beat(conn, "a")?;
            balance(conn, "a", 2)?;
            nodes::leave(conn, "a", at(0))?;
            assert_eq!(states(conn)?, [("a".to_owned(), false)]);
            beat(conn, "b")?;
            assert_eq!(balance(conn, "b", 2)?, holding(&[0, 1], &[], 0));
            assert_eq!(nodes::forget(conn, DateTime::UNIX_EPOCH)?, 0);
            // Whatever clock it was noted by.
            assert_eq!(nodes::forget(conn, at(4_000_000_000))?, 1);
            assert_eq!(states(conn)?, [("b".to_owned(), true)]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_gateway_configured_smaller_or_larger_keeps_to_its_number(database) {
        let work = |conn: &mut Conn| {
            beat(conn, "a")?;
            assert_eq!(balance(conn, "a", 3)?, holding(&[0, 1, 2], &[], 0));
            assert_eq!(balance(conn, "a", 1)?, holding(&[0], &[], 0));
            assert_eq!(balance(conn, "a", 4)?, holding(&[0, 1, 2, 3], &[], 0));
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}

/// On SQLite there is one node at a time.
#[tokio::test]
async fn a_process_takes_the_binds_of_a_former_one_at_once_on_sqlite() {
    let database = testing::sqlite().await;
    assert_eq!(database.backend(), Backend::Sqlite);
    let work = |conn: &mut Conn| {
        beat(conn, "a")?;
        balance(conn, "a", 2)?;
        beat(conn, "b")?;
        assert_eq!(
            states(conn)?,
            [("a".to_owned(), false), ("b".to_owned(), true)]
        );
        assert_eq!(balance(conn, "b", 2)?, holding(&[0, 1], &[], 0));
        Ok(())
    };
    database.write(work).await.unwrap();
}

#[tokio::test]
async fn binds_are_apportioned_among_the_nodes_that_live() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let work = |conn: &mut Conn| {
        beat(conn, "a")?;
        assert_eq!(balance(conn, "a", 4)?, holding(&[0, 1, 2, 3], &[], 0));
        beat(conn, "b")?;
        assert_eq!(
            balance(conn, "b", 4)?,
            holding(&[], &[], 2),
            "a has not given any back"
        );
        assert_eq!(balance(conn, "a", 4)?, holding(&[0, 1], &[2, 3], 0));
        gateway_binds::release(conn, "main", 3, "a")?;
        assert_eq!(balance(conn, "b", 4)?, holding(&[3], &[], 1));
        gateway_binds::release(conn, "main", 2, "b")?;
        assert_eq!(balance(conn, "a", 4)?, holding(&[0, 1], &[2], 0));

        testing::run_out_leases(conn)?;
        beat(conn, "b")?;
        assert_eq!(
            states(conn)?,
            [("a".to_owned(), false), ("b".to_owned(), true)]
        );
        assert_eq!(balance(conn, "b", 4)?, holding(&[0, 1, 2, 3], &[], 0));
        Ok(())
    };
    database.write(work).await.unwrap();
}

#[tokio::test]
async fn nodes_that_ask_at_once_never_have_a_bind_twice() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let nodes: Vec<_> = (0..5)
        .map(|node| {
            let store = database.store();
            tokio::spawn(async move {
                let id = format!("node {node}");
                let held = id.clone();
                store.write(move |conn| beat(conn, &id)).await.unwrap();
                let balanced = store.write(move |conn| balance(conn, &held, 7)).await;
                balanced.unwrap().kept
            })
        })
        .collect();
    let mut all = Vec::new();
    for node in nodes {
        all.extend(node.await.unwrap());
    }
    let taken = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), taken);
}

#[tokio::test]
async fn a_lease_that_has_run_out_is_anybodys() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let work = |conn: &mut Conn| {
        nodes::beat(conn, &profile("a"), NO_LEASE, at(0))?;
        gateway_binds::balance(conn, "main", "a", 1, NO_LEASE)?;
        assert_eq!(balance(conn, "b", 1)?, holding(&[0], &[], 0));
        gateway_binds::release(conn, "main", 0, "a")?;
        assert_eq!(balance(conn, "b", 1)?, holding(&[0], &[], 0), "b's by now");
        Ok(())
    };
    database.write(work).await.unwrap();
}
