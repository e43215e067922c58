//! Requests that must have their effect once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_persistence::idempotency::{self, Answered, KEPT, Reservation, Reserved};
use clarion_persistence::{Conn, StoreError, clients, on_both, testing};

use crate::fixtures::{CLIENT, STRANGER, at};

/// Longer than any of these tests takes.
const LEASE: Duration = Duration::from_secs(600);

fn attempt(owner: &str) -> Reservation {
    attempt_of(CLIENT, owner)
}

fn attempt_of(client: ClientId, owner: &str) -> Reservation {
    Reservation {
        client,
        key: "k-1".to_owned(),
        owner: owner.to_owned(),
    }
}

fn answered() -> Answered {
    Answered {
        scope: "campaigns:write".to_owned(),
        fingerprint: vec![0, 255, 7],
        status: 201,
        headers: "location: /api/Campaigns/1\n".to_owned(),
        body: "\"1\"".to_owned(),
    }
}

/// Asks at this second of the node's clock.
fn reserve(conn: &mut Conn, owner: &str, second: i64) -> Result<Reserved, StoreError> {
    reserve_at(conn, &attempt(owner), at(second))
}

fn reserve_at(
    conn: &mut Conn,
    wanted: &Reservation,
    now: DateTime<Utc>,
) -> Result<Reserved, StoreError> {
    idempotency::reserve(conn, wanted, LEASE, now)
}

on_both! {
    async fn a_request_is_one_attempts_until_its_lease_ends(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            assert_eq!(reserve(conn, "a", 0)?, Reserved::Ours);
            assert_eq!(reserve(conn, "b", 1)?, Reserved::UnderWay);
            testing::run_out_leases(conn)?;
            idempotency::renew(conn, &attempt("a"), LEASE, at(1))?;
            assert_eq!(reserve(conn, "b", 1)?, Reserved::UnderWay);
            testing::run_out_leases(conn)?;
            idempotency::renew(conn, &attempt("b"), LEASE, at(1))?;
            assert_eq!(reserve(conn, "b", 1)?, Reserved::Ours);
            assert_eq!(reserve(conn, "a", 1)?, Reserved::UnderWay);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_key_is_one_clients(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            clients::insert(conn, STRANGER, "stranger", at(0))?;
            assert_eq!(reserve(conn, "a", 0)?, Reserved::Ours);
            let theirs = attempt_of(STRANGER, "b");
            assert_eq!(reserve_at(conn, &theirs, at(0))?, Reserved::Ours);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_answer_is_kept_for_a_day(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            reserve(conn, "a", 0)?;
            idempotency::record(conn, &attempt("a"), &answered())?;
            idempotency::release(conn, &attempt("a"))?;
            let end = at(0) + KEPT;
            let shortly_before = end - chrono::TimeDelta::seconds(1);
            assert_eq!(idempotency::sweep(conn, shortly_before)?, 0);
            let kept = reserve_at(conn, &attempt("b"), shortly_before)?;
            assert_eq!(kept, Reserved::Answered(answered()));
            assert_eq!(reserve_at(conn, &attempt("b"), end)?, Reserved::Ours);
            assert_eq!(reserve_at(conn, &attempt("c"), end)?, Reserved::UnderWay);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_old_is_swept_but_for_what_is_under_way(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            let end = at(0) + KEPT;
            reserve(conn, "a", 0)?;
            idempotency::renew(conn, &attempt("a"), LEASE, end)?;
            assert_eq!(idempotency::sweep(conn, end)?, 0);
            idempotency::record(conn, &attempt("a"), &answered())?;
            assert_eq!(idempotency::sweep(conn, end)?, 1);
            assert_eq!(idempotency::sweep(conn, end)?, 0);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_given_up_can_be_asked_for_at_once(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            reserve(conn, "a", 0)?;
            idempotency::release(conn, &attempt("b"))?;
            assert_eq!(reserve(conn, "b", 1)?, Reserved::UnderWay);
            idempotency::release(conn, &attempt("a"))?;
            assert_eq!(reserve(conn, "b", 1)?, Reserved::Ours);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_attempt_that_was_overtaken_has_no_effect(database) {
        let overtake = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            reserve(conn, "a", 0)?;
            testing::run_out_leases(conn)?;
            reserve(conn, "b", 0)
        };
        assert_eq!(database.write(overtake).await.unwrap(), Reserved::Ours);
        let effect = |conn: &mut Conn| {
            clients::rename(conn, CLIENT, "overtaken")?;
            idempotency::record(conn, &attempt("a"), &answered())
        };
        let refusal = database.write(effect).await.unwrap_err();
        assert!(matches!(refusal, StoreError::TakenOver), "{refusal:?}");
        let client = database.read(|conn| clients::find(conn, CLIENT)).await;
        assert_eq!(client.unwrap().unwrap().name, "default");
    }
}

/// Two nodes' clocks differ, and jump.
#[tokio::test]
async fn no_nodes_clock_decides_who_is_alive_where_nodes_share_the_database() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let work = |conn: &mut Conn| {
        clients::ensure_first(conn, at(0))?;
        assert_eq!(reserve(conn, "a", 0)?, Reserved::Ours);
        for second in [-7_200, 7_200] {
            assert_eq!(reserve(conn, "b", second)?, Reserved::UnderWay);
        }
        assert_eq!(idempotency::release_of_former(conn)?, 0);
        Ok(())
    };
    database.write(work).await.unwrap();
}

/// The file's lock proves that the former process is gone.
#[tokio::test]
async fn a_process_that_starts_again_on_sqlite_waits_for_no_lease() {
    let database = testing::sqlite().await;
    let work = |conn: &mut Conn| {
        clients::ensure_first(conn, at(0))?;
        assert_eq!(reserve(conn, "killed", 0)?, Reserved::Ours);
        assert_eq!(idempotency::release_of_former(conn)?, 1);
        assert_eq!(reserve(conn, "next", 0)?, Reserved::Ours);
        idempotency::record(conn, &attempt("next"), &answered())?;
        assert_eq!(idempotency::release_of_former(conn)?, 0, "answers stay");
        Ok(())
    };
    database.write(work).await.unwrap();
}

#[tokio::test]
async fn of_attempts_at_the_same_time_one_is_let_through() {
    use clarion_persistence::testing::{postgres, sqlite};
    for database in [Some(sqlite().await), postgres().await]
        .into_iter()
        .flatten()
    {
        let first = |conn: &mut Conn| clients::ensure_first(conn, at(0));
        database.write(first).await.unwrap();
        let attempts = (0..8).map(|n| {
            let store = database.store();
            tokio::spawn(async move {
                let work = move |conn: &mut Conn| reserve(conn, &n.to_string(), 0);
                store.write(work).await.unwrap()
            })
        });
        let mut through = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            through += usize::from(attempt.await.unwrap() == Reserved::Ours);
        }
        assert_eq!(through, 1);
    }
}
