//! What web hooks are told is in the ledger with what it tells of, and each delivery is tried by one.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::message::MessageStatus::{
    self, Accepted, Delivered, OptedOut, Queued, Sent, Unknown,
};
use clarion_domain::recipient::CampaignKey;
use clarion_domain::web_hook::{
    Answer, DeliveryId, DeliveryStatus, MAX_WEB_HOOKS, Next, Secret, WebHookId, WebHookKey,
    WebHookTerms,
};
use clarion_persistence::web_hooks::deliveries::{self, Delivery, Replay};
use clarion_persistence::web_hooks::delivering::{self, Claimed, Tried};
use clarion_persistence::web_hooks::{self, Made, WebHook};
use clarion_persistence::{Conn, StoreError, clients, messages, on_both, testing};
use uuid::Uuid;

use crate::fixtures::{
    CLIENT, STRANGER, accepted, at, contact, page, receipt, sending, settlement,
};

/// On SQLite a lease never runs out.
const LEASE: Duration = Duration::from_secs(60);

fn secret(byte: u8) -> Secret {
    Secret::generate(&[byte; 32])
}

fn make(conn: &mut Conn, client: ClientId, number: u128) -> Result<WebHook, StoreError> {
    let terms = WebHookTerms {
        url: format!("https://example.com/{number}"),
        enabled: true,
    };
    let id = WebHookId(Uuid::from_u128(number));
    match web_hooks::insert(conn, client, id, &terms, &secret(1), at(0))? {
        Made::Stored(hook) => Ok(hook),
        Made::TooMany => panic!("there are too many already"),
    }
}

/// The log of a web hook, the oldest first.
fn log(conn: &mut Conn, hook: &WebHook) -> Result<Vec<Delivery>, StoreError> {
    let mut log = deliveries::page(conn, hook.key, &page(1, 100))?.items;
    log.reverse();
    Ok(log)
}

/// What a web hook was told: recipients and what has become of their messages.
fn told(conn: &mut Conn, hook: &WebHook) -> Result<Vec<(u32, MessageStatus)>, StoreError> {
    let log = log(conn, hook)?;
    Ok(log
        .iter()
        .map(|one| (one.recipient.seq, one.message_status))
        .collect())
}

fn hear(conn: &mut Conn, id: &str, status: MessageStatus) -> Result<(), StoreError> {
    messages::apply_receipts(conn, "main", &[receipt(id, status, 20)])?;
    Ok(())
}

fn claim(
    conn: &mut Conn,
    hook: WebHookKey,
    owner: &str,
    now: DateTime<Utc>,
) -> Result<Claimed, StoreError> {
    let claimed = delivering::claim(conn, hook, owner, LEASE, now, 10)?;
    Ok(claimed.unwrap())
}

fn ids(claimed: &Claimed) -> Vec<DeliveryId> {
    claimed.deliveries.iter().map(|one| one.id).collect()
}

fn answered(id: DeliveryId, status: u16, next: Next) -> Tried {
    Tried::Answered {
        id,
        at: at(30),
        answer: Answer::Status(status),
        next,
    }
}

/// So many messages that were sent, and told of.
fn sent(conn: &mut Conn, key: CampaignKey, count: u32) -> Result<(), StoreError> {
    let batch: Vec<_> = (1..=count)
        .map(|seq| accepted(key, seq, &[&format!("{seq}")]))
        .collect();
    messages::settle(conn, &batch)?;
    Ok(())
}

on_both! {
    async fn each_change_of_a_status_is_told_once(database) {
        let key = sending(&database, 1, 9).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            let batch = [
                accepted(key, 1, &["a", "b"]),
                accepted(key, 2, &["c"]),
                settlement(key, 3, OptedOut),
                settlement(key, 4, Queued),
            ];
            messages::settle(conn, &batch)?;
            messages::settle(conn, &batch)?;
            assert_eq!(told(conn, &hook)?, [(1, Sent), (2, Sent), (3, OptedOut)]);
            // Half of a message's end is no change of its status.
            hear(conn, "a", Delivered)?;
            assert_eq!(told(conn, &hook)?.len(), 3);
            hear(conn, "b", Delivered)?;
            hear(conn, "b", Delivered)?;
            hear(conn, "c", Accepted)?;
            let second = messages::Settlement { attempt: 2, ..accepted(key, 4, &["d"]) };
            messages::settle(conn, &[second])?;
            messages::expire_outstanding(conn, at(15), at(40))?;
            let later = [(1, Delivered), (2, Accepted), (4, Sent)];
            let mut told = told(conn, &hook)?.split_off(3);
            assert_eq!(told.split_off(3).len(), 2);
            assert_eq!(told, later);
            let log = log(conn, &hook)?;
            assert_eq!((log[3].status, log[3].created_at), (DeliveryStatus::Waiting, at(20)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_receipt_that_came_first_is_told_after_what_it_is_about(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            hear(conn, "a", Delivered)?;
            messages::settle(conn, &[accepted(key, 1, &["a"])])?;
            assert_eq!(told(conn, &hook)?, [(1, Sent), (1, Delivered)]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_told_carries_what_the_ledger_knows(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            sent(conn, key, 1)?;
            hear(conn, "1", Delivered)?;
            let claimed = claim(conn, hook.key, "a", at(100))?;
            assert_eq!((claimed.url.as_str(), &claimed.secrets[..]), ("https://example.com/1", &[secret(1)][..]));
            let event = &claimed.deliveries[1].event;
            assert_eq!(event.client, CLIENT);
            assert_eq!(event.phone_number, contact(1).phone.to_string());
            let change = event.change;
            assert_eq!((change.status, change.parts, change.price.map(|price| price.millionths)), (Delivered, 1, Some(0)));
            assert_eq!((change.created_at, change.updated_at), (at(10), at(20)));
            assert_eq!(claimed.deliveries[1].event_id, change.event_id());
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn each_enabled_web_hook_of_the_client_is_told_and_no_other(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            clients::insert(conn, STRANGER, "stranger", at(0))?;
            let (first, second) = (make(conn, CLIENT, 1)?, make(conn, CLIENT, 2)?);
            let (disabled, deleted) = (make(conn, CLIENT, 3)?, make(conn, CLIENT, 4)?);
            let strangers = make(conn, STRANGER, 5)?;
            let terms = WebHookTerms { enabled: false, ..disabled.terms.clone() };
            assert!(web_hooks::replace(conn, CLIENT, disabled.id, &terms)?);
            assert!(web_hooks::delete(conn, CLIENT, deleted.id, at(5))?);
            sent(conn, key, 2)?;
            for hook in [&first, &second] {
                assert_eq!(told(conn, hook)?, [(1, Sent), (2, Sent)]);
            }
            for hook in [&disabled, &deleted, &strangers] {
                assert_eq!(told(conn, hook)?, []);
            }
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn who_may_try_a_delivery_holds_its_lease(database) {
        let key = sending(&database, 1, 3).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            assert_eq!(delivering::due(conn, at(100))?, []);
            sent(conn, key, 3)?;
            assert_eq!(delivering::due(conn, at(9))?, []);
            assert_eq!(delivering::due(conn, at(100))?, [hook.key]);
            let claimed = ids(&claim(conn, hook.key, "a", at(100))?);
            assert_eq!(claimed.len(), 3);
            assert_eq!(ids(&claim(conn, hook.key, "b", at(100))?), []);
            assert_eq!(delivering::due(conn, at(100))?, []);
            let again = Next::Again(at(200));
            let tried = [
                answered(claimed[0], 204, Next::Delivered),
                answered(claimed[1], 500, again),
                Tried::Untried(claimed[2]),
            ];
            delivering::record(conn, hook.key, "b", &tried)?;
            assert_eq!(log(conn, &hook)?[0].attempts, 0, "it is another's");
            delivering::record(conn, hook.key, "a", &tried)?;
            let log = log(conn, &hook)?;
            let shown = |one: &Delivery| (one.status, one.attempts, one.next_at, one.response_status);
            assert_eq!(shown(&log[0]), (DeliveryStatus::Delivered, 1, None, Some(204)));
            assert_eq!(shown(&log[1]), (DeliveryStatus::Waiting, 1, Some(at(200)), Some(500)));
            assert_eq!(shown(&log[2]), (DeliveryStatus::Waiting, 0, Some(at(10)), None));
            assert_eq!((log[1].tried_at, log[1].error.as_deref()), (Some(at(30)), Some("answered 500")));
            assert_eq!(ids(&claim(conn, hook.key, "b", at(100))?), [claimed[2]]);
            assert_eq!(ids(&claim(conn, hook.key, "b", at(200))?), [claimed[1]]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_receiver_that_wants_nothing_more_disables_its_web_hook(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            sent(conn, key, 2)?;
            let claimed = ids(&claim(conn, hook.key, "a", at(100))?);
            let tried = [answered(claimed[0], 410, Next::Failed), Tried::Untried(claimed[1])];
            delivering::record(conn, hook.key, "a", &tried)?;
            let found = web_hooks::find(conn, CLIENT, hook.id)?.unwrap();
            assert!(!found.terms.enabled);
            assert_eq!(found.disabled_reason.as_deref(), Some("its receiver answered 410 Gone"));
            assert_eq!(delivering::due(conn, at(100))?, []);
            assert_eq!(delivering::claim(conn, hook.key, "a", LEASE, at(100), 10)?, None);
            assert_eq!(deliveries::replay(conn, &found, claimed[0], at(100))?, Replay::Disabled);
            // Enabled again, it gets what still waits.
            assert!(web_hooks::replace(conn, CLIENT, hook.id, &hook.terms)?);
            assert_eq!(web_hooks::find(conn, CLIENT, hook.id)?, Some(hook.clone()));
            assert_eq!(ids(&claim(conn, hook.key, "a", at(100))?), [claimed[1]]);
            let given_up = [Tried::GivenUp(claimed[1], "too old")];
            delivering::record(conn, hook.key, "a", &given_up)?;
            let log = log(conn, &hook)?;
            assert_eq!((log[1].status, log[1].error.as_deref()), (DeliveryStatus::Failed, Some("too old")));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_replayed_begins_anew(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            let (hook, other) = (make(conn, CLIENT, 1)?, make(conn, CLIENT, 2)?);
            sent(conn, key, 1)?;
            let id = ids(&claim(conn, hook.key, "a", at(100))?)[0];
            delivering::record(conn, hook.key, "a", &[answered(id, 500, Next::Failed)])?;
            assert_eq!(deliveries::replay(conn, &other, id, at(300))?, Replay::NotFound);
            assert_eq!(deliveries::replay(conn, &hook, DeliveryId(77), at(300))?, Replay::NotFound);
            assert_eq!(deliveries::replay(conn, &hook, id, at(300))?, Replay::Done);
            let claimed = claim(conn, hook.key, "a", at(300))?;
            assert_eq!((ids(&claimed), claimed.deliveries[0].attempts), (vec![id], 0));
            assert_eq!(claimed.deliveries[0].due_at, at(300));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn the_secret_before_signs_for_a_while(database) {
        let work = move |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            let hook = make(conn, CLIENT, 1)?;
            let signs = |conn: &mut Conn, now| claim(conn, hook.key, "a", now).map(|claimed| claimed.secrets);
            let rotated = web_hooks::rotate(conn, CLIENT, hook.id, &secret(2), at(200))?;
            assert_eq!(rotated.unwrap().former_until, Some(at(200)));
            assert_eq!(signs(conn, at(199))?, [secret(2), secret(1)]);
            assert_eq!(signs(conn, at(200))?, [secret(2)]);
            web_hooks::rotate(conn, CLIENT, hook.id, &secret(3), at(300))?;
            assert_eq!(signs(conn, at(201))?, [secret(3), secret(2)]);
            assert_eq!(web_hooks::rotate(conn, STRANGER, hook.id, &secret(4), at(300))?, None);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_client_has_so_many_web_hooks_and_no_more(database) {
        let work = move |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            let made: Vec<WebHook> = (1..=u128::from(MAX_WEB_HOOKS))
                .map(|number| make(conn, CLIENT, number))
                .collect::<Result<_, _>>()?;
            let another = |conn: &mut Conn| {
                let id = WebHookId(Uuid::from_u128(99));
                web_hooks::insert(conn, CLIENT, id, &made[0].terms, &secret(1), at(0))
            };
            assert_eq!(another(conn)?, Made::TooMany);
            web_hooks::delete(conn, CLIENT, made[0].id, at(1))?;
            assert!(matches!(another(conn)?, Made::Stored(_)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_deleted_web_hook_is_gone_at_once_and_its_log_in_pieces(database) {
        let key = sending(&database, 1, 1_001).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            sent(conn, key, 1_001)?;
            assert_eq!(web_hooks::clear_deleted(conn)?, 0);
            assert!(!web_hooks::delete(conn, STRANGER, hook.id, at(20))?);
            assert!(web_hooks::delete(conn, CLIENT, hook.id, at(20))?);
            assert!(!web_hooks::delete(conn, CLIENT, hook.id, at(20))?);
            assert_eq!(web_hooks::find(conn, CLIENT, hook.id)?, None);
            assert_eq!(web_hooks::page(conn, CLIENT, &page(1, 10))?.total_records, 0);
            assert!(!web_hooks::replace(conn, CLIENT, hook.id, &hook.terms)?);
            assert_eq!(delivering::due(conn, at(100))?, []);
            let cleared = [(); 4].map(|()| web_hooks::clear_deleted(conn));
            assert_eq!(cleared.into_iter().collect::<Result<Vec<_>, _>>()?, [1_000, 1, 1, 0]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn the_log_is_forgotten_some_at_once(database) {
        let key = sending(&database, 1, 1_001).await;
        let work = move |conn: &mut Conn| {
            let hook = make(conn, CLIENT, 1)?;
            sent(conn, key, 1_001)?;
            hear(conn, "7", Delivered)?;
            let forgotten = [(); 3].map(|()| deliveries::forget(conn, at(20)));
            assert_eq!(forgotten.into_iter().collect::<Result<Vec<_>, _>>()?, [1_000, 1, 0]);
            assert_eq!(told(conn, &hook)?, [(7, Delivered)]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}

#[tokio::test]
async fn on_sqlite_a_lease_lasts_until_another_process_has_the_file() {
    let database = testing::sqlite().await;
    let key = sending(&database, 1, 2).await;
    let work = move |conn: &mut Conn| {
        let hook = make(conn, CLIENT, 1)?;
        sent(conn, key, 2)?;
        let claimed = delivering::claim(conn, hook.key, "a", Duration::ZERO, at(100), 1)?;
        let id = claimed.unwrap().deliveries[0].id;
        assert_eq!(claim(conn, hook.key, "b", at(100))?.deliveries.len(), 1);
        assert_eq!(delivering::release_of_others(conn, "b")?, 1);
        assert_eq!(ids(&claim(conn, hook.key, "b", at(100))?), [id]);
        Ok(())
    };
    database.write(work).await.unwrap();
}

#[tokio::test]
async fn on_postgresql_a_lease_runs_out_by_the_servers_clock() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let key = sending(&database, 1, 1).await;
    let work = move |conn: &mut Conn| {
        let hook = make(conn, CLIENT, 1)?;
        sent(conn, key, 1)?;
        let claimed = delivering::claim(conn, hook.key, "a", Duration::ZERO, at(100), 1)?;
        let id = claimed.unwrap().deliveries[0].id;
        assert_eq!(delivering::release_of_others(conn, "b")?, 0);
        assert_eq!(ids(&claim(conn, hook.key, "b", at(100))?), [id]);
        // Who held it before writes down nothing any more.
        delivering::record(conn, hook.key, "a", &[answered(id, 200, Next::Delivered)])?;
        assert_eq!(log(conn, &hook)?[0].status, DeliveryStatus::Waiting);
        Ok(())
    };
    database.write(work).await.unwrap();
}

/// Two nodes look at the same moment: the second waits for the first, and finds everything taken.
#[tokio::test]
async fn on_postgresql_two_nodes_never_take_the_same() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let key = sending(&database, 1, 100).await;
    let work = move |conn: &mut Conn| {
        sent(conn, key, 100)?;
        make(conn, CLIENT, 1)
    };
    // Told of after the web hook is there.
    let hook = database.write(work).await.unwrap();
    let hear_all = |conn: &mut Conn| {
        let receipts: Vec<_> = (1..=100)
            .map(|seq: u32| receipt(&seq.to_string(), Unknown, 20))
            .collect();
        messages::apply_receipts(conn, "main", &receipts)
    };
    database.write(hear_all).await.unwrap();
    let together = Arc::new(Barrier::new(2));
    let nodes = ["a", "b"].map(|node| {
        let (store, together) = (database.store(), Arc::clone(&together));
        tokio::task::spawn_blocking(move || {
            let mut taken = Vec::new();
            together.wait();
            loop {
                let claimed = store.write_blocking(|conn| claim(conn, hook.key, node, at(100)));
                match ids(&claimed.unwrap()) {
                    none if none.is_empty() => return taken,
                    some => taken.extend(some),
                }
            }
        })
    });
    let mut all = Vec::new();
    for node in nodes {
        all.extend(node.await.unwrap());
    }
    assert_eq!(all.len(), 100);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 100, "some were taken twice");
}
