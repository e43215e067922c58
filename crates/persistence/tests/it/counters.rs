//! The counters of units agree with the rows, whatever has happened.

use std::collections::BTreeMap;

use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_persistence::messages::{self, Counts, SettledPart, Settlement};
use clarion_persistence::schema::messages as table;
use clarion_persistence::{Conn, StoreError, on_both};
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::fixtures::{at, receipt, sending, settlement};

const RECIPIENTS: u32 = 1_003;
const ROUNDS: usize = 60;

#[derive(Debug, Clone)]
enum Event {
    Settle(Vec<(u32, i16, MessageStatus, Vec<Option<u8>>)>),
    Receive(Vec<(u8, MessageStatus)>),
    Rematch,
    Expire,
}

fn event() -> impl Strategy<Value = Event> {
    // Few recipients on both sides of a unit's end, and few ids, so that everything meets everything.
    let seq = prop_oneof![1..4u32, 999..=RECIPIENTS];
    let outcome = prop::sample::select(vec![
        MessageStatus::Sent,
        MessageStatus::Unknown,
        MessageStatus::Queued,
        MessageStatus::OptedOut,
        MessageStatus::Rejected,
    ]);
    let news = prop::sample::select(MessageStatus::ALL.to_vec());
    let parts = prop::collection::vec(prop::option::of(0..40u8), 1..4);
    let settle = prop::collection::vec((seq, 1..3i16, outcome, parts), 1..5);
    let receive = prop::collection::vec((0..40u8, news), 1..5);
    prop_oneof![
        4 => settle.prop_map(Event::Settle),
        4 => receive.prop_map(Event::Receive),
        1 => Just(Event::Rematch),
        1 => Just(Event::Expire),
    ]
}

fn happen(conn: &mut Conn, key: CampaignKey, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Settle(outcomes) => {
            let batch: Vec<Settlement> = outcomes
                .iter()
                .map(|(seq, attempt, status, ids)| {
                    let part = |id: &Option<u8>| SettledPart {
                        provider_id: id.map(|id| id.to_string()),
                    };
                    Settlement {
                        recipient: RecipientKey {
                            campaign: key,
                            seq: *seq,
                        },
                        attempt: *attempt,
                        parts: ids.iter().map(part).collect(),
                        ..settlement(key, *seq, *status)
                    }
                })
                .collect();
            messages::settle(conn, &batch)?;
        }
        Event::Receive(news) => {
            let receipts: Vec<_> = news
                .iter()
                .map(|(id, status)| receipt(&id.to_string(), *status, 20))
                .collect();
            messages::apply_receipts(conn, "main", &receipts)?;
        }
        Event::Rematch => drop(messages::rematch(conn, at(0), 2)?),
        Event::Expire => drop(messages::expire_outstanding(conn, at(11), at(30))?),
    }
    Ok(())
}

fn recount(conn: &mut Conn, key: CampaignKey) -> Result<Counts, StoreError> {
    let rows: Vec<i16> = table::table
        .filter(table::campaign_id.eq(key.0))
        .select(table::status)
        .load(conn)?;
    let mut by_status = BTreeMap::new();
    for status in rows {
        *by_status.entry(status).or_insert(0_u64) += 1;
    }
    let mut take = |status: MessageStatus| by_status.remove(&status.number()).unwrap_or_default();
    let counts = Counts {
        queued: take(MessageStatus::Queued),
        sent: take(MessageStatus::Sent),
        accepted: take(MessageStatus::Accepted),
        delivered: take(MessageStatus::Delivered),
        unknown: take(MessageStatus::Unknown),
        opted_out: take(MessageStatus::OptedOut),
        ..Counts::default()
    };
    let parked = by_status.get(&MessageStatus::Parked.number());
    Ok(Counts {
        parked: parked.copied().unwrap_or_default(),
        failed: by_status.values().sum(),
        ..counts
    })
}

on_both! {
    async fn counters_agree_with_the_rows_after_anything(database) {
        let key = sending(&database, 1, RECIPIENTS).await;
        let mut runner = TestRunner::deterministic();
        for round in 0..ROUNDS {
            let event = event().new_tree(&mut runner).unwrap().current();
            let work = move |conn: &mut Conn| {
                happen(conn, key, &event)?;
                Ok((messages::counts(conn, key)?, recount(conn, key)?, event.clone()))
            };
            let (counted, recounted, event) = database.write(work).await.unwrap();
            assert_eq!(counted, recounted, "round {round}: {event:?}");
        }
        let work = move |conn: &mut Conn| recount(conn, key);
        assert!(database.read(work).await.unwrap().all() > 5);
    }
}
