//! Units of work: all or nothing, again where another was in the way, and what becomes of lost connections.

use std::sync::{Arc, Barrier};

use clarion_persistence::schema::clients;
use clarion_persistence::{Conn, DatabaseSettings, Store, StoreError, on_both, testing};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::fixtures::at;

fn add_client(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(id),
            clients::name.eq("somebody"),
            clients::created_at.eq(at(0).naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

async fn count_clients(store: &Store) -> i64 {
    let count = store.read(|conn| Ok(clients::table.count().get_result(conn)?));
    count.await.unwrap()
}

on_both! {
    async fn work_that_fails_leaves_nothing(database) {
        let failing = |conn: &mut Conn| {
            add_client(conn, 5)?;
            Err::<(), _>(StoreError::Corrupt("on purpose".to_owned()))
        };
        let result = database.write(failing).await;
        assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
        assert_eq!(count_clients(&database).await, 0);
    }

    async fn a_refused_statement_leaves_nothing_and_the_connection_usable(database) {
        let twice = |conn: &mut Conn| {
            add_client(conn, 5)?;
            add_client(conn, 5)
        };
        let result = database.write(twice).await;
        assert!(matches!(result, Err(StoreError::Query(_))), "{result:?}");
        assert_eq!(count_clients(&database).await, 0);
        database.write(|conn| add_client(conn, 5)).await.unwrap();
        assert_eq!(count_clients(&database).await, 1);
    }

    async fn work_is_run_again_where_another_was_in_the_way(database) {
        let mut runs = 0;
        let work = move |conn: &mut Conn| {
            runs += 1;
            add_client(conn, 5)?;
            if runs < 3 {
                return Err(StoreError::Conflict("on purpose".to_owned()));
            }
            Ok(runs)
        };
        assert_eq!(database.write(work).await.unwrap(), 3);
        assert_eq!(count_clients(&database).await, 1);
    }

    async fn work_is_not_run_again_for_ever(database) {
        let never = |_: &mut Conn| Err::<(), _>(StoreError::Conflict("on purpose".to_owned()));
        let result = database.write(never).await;
        assert!(matches!(result, Err(StoreError::Busy)), "{result:?}");
    }

    async fn a_panic_leaves_nothing_and_the_store_usable(database) {
        let panicking = |conn: &mut Conn| -> Result<(), StoreError> {
            add_client(conn, 5)?;
            panic!("on purpose")
        };
        let result = database.write(panicking).await;
        assert!(matches!(result, Err(StoreError::Panicked(_))), "{result:?}");
        assert_eq!(count_clients(&database).await, 0);
        database.write(|conn| add_client(conn, 5)).await.unwrap();
        database.ping().await.unwrap();
    }

    async fn blocking_callers_do_the_same_work(database) {
        let store = database.store();
        let work = move || {
            store.write_blocking(|conn| add_client(conn, 5))?;
            store.read_blocking(|conn| Ok(clients::table.count().get_result::<i64>(conn)?))
        };
        assert_eq!(tokio::task::spawn_blocking(work).await.unwrap().unwrap(), 1);
    }

    async fn many_writers_get_their_turn(database) {
        let writes: Vec<_> = (1..=20)
            .map(|id| {
                let store = database.store();
                tokio::spawn(async move { store.write(move |conn| add_client(conn, id)).await })
            })
            .collect();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        assert_eq!(count_clients(&database).await, 20);
    }
}

#[tokio::test]
async fn sqlite_readers_cannot_write() {
    let database = testing::sqlite().await;
    let result = database.read(|conn| add_client(conn, 5)).await;
    assert!(matches!(result, Err(StoreError::Query(_))), "{result:?}");
}

#[tokio::test]
async fn one_process_has_a_sqlite_file() {
    let settings = DatabaseSettings::at(testing::new_sqlite_url());
    let first = Store::open(&settings).await.unwrap();
    let second = Store::open(&settings).await.err().unwrap();
    assert!(matches!(second, StoreError::InUse { .. }), "{second:?}");
    let holder = format!("in use by another process ({})", std::process::id());
    assert!(second.to_string().contains(&holder), "{second}");
    drop(first);
    Store::open(&settings).await.unwrap();
}

#[tokio::test]
async fn of_two_hosts_in_the_url_the_one_that_takes_writes_is_used() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    // Nothing listens at port 1.
    let hosts = database
        .url()
        .replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:");
    let settings = DatabaseSettings::at(format!("{hosts}?target_session_attrs=read-write"));
    let store = Store::open(&settings).await.unwrap();
    store.write(|conn| add_client(conn, 7)).await.unwrap();
    assert_eq!(count_clients(&database).await, 1);
}

#[tokio::test]
async fn a_server_that_takes_no_writes_any_more_is_unavailable() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let refused = database.write(|conn| {
        conn.batch_execute("SET TRANSACTION READ ONLY")?;
        add_client(conn, 7)
    });
    let refused = refused.await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    database.write(|conn| add_client(conn, 7)).await.unwrap();
}

#[tokio::test]
async fn a_url_of_no_known_kind_is_refused_and_makes_no_file() {
    for (url, why) in [
        ("", "must begin with"),
        ("data/clarion.db", "must begin with"),
        ("mysql://localhost/clarion", "must begin with"),
        ("sqlite:clarion.db", "must begin with"),
        ("sqlite://", "names no file"),
        ("sqlite://:memory:", "names no file"),
        ("sqlite://data/", "names no file"),
        ("sqlite://clarion.db?mode=ro", "parameters"),
    ] {
        let error = Store::open(&DatabaseSettings::at(url)).await.err().unwrap();
        assert!(matches!(error, StoreError::Url(_)), "{url}: {error:?}");
        assert!(error.to_string().contains(why), "{url}: {error}");
    }
    assert!(!std::path::Path::new("clarion.db").exists());
}

#[tokio::test]
async fn the_directory_of_a_sqlite_file_is_made() {
    let url = testing::new_sqlite_url() + ".d/deep/clarion.db";
    let store = Store::open(&DatabaseSettings::at(url)).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(count_clients(&store).await, 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    // Port 1 is nobody's.
    let settings = DatabaseSettings::at("postgres://clarion@127.0.0.1:1/clarion");
    let error = Store::open(&settings).await.err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_lost_connection_is_unavailable_once() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let suicide =
        |conn: &mut Conn| Ok(conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?);
    let half_done = move |conn: &mut Conn| add_client(conn, 5).and_then(|()| suicide(conn));
    let error = database.write(half_done).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert_eq!(count_clients(&database).await, 0);
    let error = database.read(suicide).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    database.write(|conn| add_client(conn, 5)).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_stands_still_does_not_keep_its_locks_for_ever() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    database.write(|conn| add_client(conn, 1)).await.unwrap();
    let settings = DatabaseSettings {
        statement_timeout_ms: 300,
        ..DatabaseSettings::at(database.url())
    };
    let frozen = Store::open(&settings).await.unwrap();
    let [locked, over] = [(); 2].map(|()| Arc::new(Barrier::new(2)));
    let (has_locked, is_over) = (Arc::clone(&locked), Arc::clone(&over));
    let standing = frozen.write(move |conn| {
        rename(conn, 1)?;
        has_locked.wait();
        is_over.wait();
        rename(conn, 1)
    });
    let waiting = database.write(move |conn| {
        locked.wait();
        rename(conn, 1)?;
        over.wait();
        Ok(())
    });
    let (standing, waiting) = tokio::join!(standing, waiting);
    waiting.unwrap();
    let error = standing.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    frozen.write(|conn| rename(conn, 1)).await.unwrap();
}

/// Two units of work at the same time, each with its statement; how many failed.
async fn two_at_once(store: &Store, statements: [&'static str; 2]) -> usize {
    let both = Arc::new(Barrier::new(2));
    let [one, other] = statements.map(|statement| {
        let both = Arc::clone(&both);
        store.read(move |conn| {
            both.wait();
            let done = conn.batch_execute(statement);
            both.wait();
            Ok(done?)
        })
    });
    let (one, other) = tokio::join!(one, other);
    usize::from(one.is_err()) + usize::from(other.is_err())
}

#[tokio::test]
async fn a_connection_closed_while_idle_costs_one_unit_of_work() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let nothing = "SELECT 1";
    assert_eq!(two_at_once(&database, [nothing, nothing]).await, 0);
    database
        .read(move |conn| Ok(conn.batch_execute(others)?))
        .await
        .unwrap();
    assert_eq!(two_at_once(&database, [nothing, nothing]).await, 1);
    assert_eq!(two_at_once(&database, [nothing, nothing]).await, 0);
}

#[tokio::test]
async fn a_deadlock_ends_with_both_done() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let make = |conn: &mut Conn| add_client(conn, 1).and_then(|()| add_client(conn, 2));
    database.write(make).await.unwrap();
    let both = Arc::new(Barrier::new(2));
    let crossing = |first: i64, second: i64| {
        let both = Arc::clone(&both);
        let mut runs = 0;
        database.write(move |conn| {
            runs += 1;
            rename(conn, first)?;
            if runs == 1 {
                both.wait();
            }
            rename(conn, second)?;
            Ok(runs)
        })
    };
    let (one, other) = tokio::join!(crossing(1, 2), crossing(2, 1));
    assert_eq!(one.unwrap() + other.unwrap(), 3);
}

fn rename(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    diesel::update(clients::table.find(id))
        .set(clients::name.eq("renamed"))
        .execute(conn)?;
    Ok(())
}
