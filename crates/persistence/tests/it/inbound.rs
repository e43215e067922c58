//! Messages from handsets, and whom they answer.

use clarion_domain::client::ClientId;
use clarion_domain::gateway::InboundMessage;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_persistence::schema::campaigns as campaign_table;
use clarion_persistence::{
    Conn, StoreError, clients, inbound_messages, messages, numbers, on_both,
};
use diesel::prelude::*;

use crate::fixtures::{CLIENT, STRANGER, accepted, at, campaign_id, contact, page, sending};

fn reply(number: u32, to: &str) -> InboundMessage {
    let source = contact(number).phone.to_string();
    InboundMessage {
        source: source.trim_start_matches('+').to_owned(),
        destination: to.to_owned(),
        text: "Yes\0 please".to_owned(),
        received_at: at(100),
    }
}

/// A campaign to so many numbers that it has written to.
fn write_to(conn: &mut Conn, key: CampaignKey, count: u32) -> Result<(), StoreError> {
    let numbers: Vec<_> = (1..=count)
        .map(|seq| (contact(seq).phone.digits(), seq))
        .collect();
    numbers::add(conn, key, 0, &numbers)?;
    let batch: Vec<_> = (1..=count).map(|seq| accepted(key, seq, &[])).collect();
    messages::settle(conn, &batch)?;
    Ok(())
}

fn give(conn: &mut Conn, key: CampaignKey, client: ClientId) -> Result<(), StoreError> {
    diesel::update(campaign_table::table.find(key.0))
        .set(campaign_table::client_id.eq(client.0))
        .execute(conn)?;
    Ok(())
}

on_both! {
    async fn replies_are_forgotten_some_at_once(database) {
        let work = move |conn: &mut Conn| {
            for (count, second) in [(1_001, 100), (1, 101)] {
                let message = InboundMessage { received_at: at(second), ..reply(1, "ACME") };
                for _ in 0..count {
                    inbound_messages::insert(conn, "main", &message)?;
                }
            }
            let forgotten = [(); 3].map(|()| inbound_messages::forget(conn, at(101)));
            assert_eq!(forgotten.into_iter().collect::<Result<Vec<_>, _>>()?, [1_000, 1, 0]);
            let left = inbound_messages::unmatched(conn, "main", &page(1, 10))?;
            assert_eq!((left.total_records, left.items[0].message.received_at), (1, at(101)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_reply_answers_the_latest_campaign_that_wrote_to_its_number(database) {
        let (first, second) = (sending(&database, 1, 3).await, sending(&database, 2, 2).await);
        let work = move |conn: &mut Conn| {
            write_to(conn, first, 3)?;
            write_to(conn, second, 2)?;
            let answered = |conn: &mut Conn, number| inbound_messages::insert(conn, "main", &reply(number, "ACME"));
            let place = |campaign, seq| Some(RecipientKey { campaign, seq });
            assert_eq!(answered(conn, 2)?.map(|found| found.recipient), place(second, 2));
            assert_eq!(answered(conn, 3)?.map(|found| found.recipient), place(first, 3));
            assert_eq!(answered(conn, 4)?, None);
            let list = inbound_messages::page(conn, CLIENT, &page(1, 10))?;
            let campaigns: Vec<_> = list.items.iter().map(|one| one.campaign).collect();
            assert_eq!(campaigns, [Some(campaign_id(1)), Some(campaign_id(2))]);
            assert_eq!(list.items[0].message, InboundMessage { text: "Yes please".to_owned(), ..reply(3, "ACME") });
            let unmatched = inbound_messages::unmatched(conn, "main", &page(1, 10))?;
            assert_eq!((unmatched.total_records, unmatched.items[0].recipient), (1, None));
            assert_eq!(inbound_messages::unmatched(conn, "other", &page(1, 10))?.items, []);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_reply_is_read_by_the_client_that_it_answers_alone(database) {
        let (own, theirs) = (sending(&database, 1, 1).await, sending(&database, 2, 1).await);
        let work = move |conn: &mut Conn| {
            clients::insert(conn, STRANGER, "stranger", at(0))?;
            give(conn, theirs, STRANGER)?;
            write_to(conn, own, 1)?;
            write_to(conn, theirs, 1)?;
            let answered = inbound_messages::insert(conn, "main", &reply(1, "ACME"))?;
            assert_eq!(answered.map(|found| found.client), Some(STRANGER));
            assert_eq!(inbound_messages::page(conn, STRANGER, &page(1, 10))?.total_records, 1);
            assert_eq!(inbound_messages::page(conn, CLIENT, &page(1, 10))?.items, []);
            assert_eq!(inbound_messages::unmatched(conn, "main", &page(1, 10))?.items, []);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn only_a_message_that_was_sent_from_there_is_answered(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            numbers::add(conn, key, 0, &[(contact(1).phone.digits(), 1), (contact(2).phone.digits(), 2)])?;
            messages::settle(conn, &[accepted(key, 1, &[])])?;
            assert_eq!(inbound_messages::insert(conn, "main", &reply(2, "ACME"))?, None);
            assert_eq!(inbound_messages::insert(conn, "main", &reply(1, "OTHER"))?, None);
            assert!(inbound_messages::insert(conn, "main", &reply(1, "ACME"))?.is_some());
            let nobody = InboundMessage { source: "ACME".to_owned(), ..reply(1, "ACME") };
            assert_eq!(inbound_messages::insert(conn, "main", &nobody)?, None);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_number_is_found_however_often_numbers_were_added(database) {
        let key = CampaignKey(5);
        // All odd ones in several blocks, then even ones between, below and above them.
        let odd: Vec<(u64, u32)> = (1..=4_500).map(|seq| (u64::from(seq) * 2 + 1, seq)).collect();
        let even: Vec<(u64, u32)> = (1..=5_000).map(|seq| (u64::from(seq) * 2 - 2, seq)).collect();
        let work = move |conn: &mut Conn| {
            numbers::add(conn, key, 0, &odd)?;
            numbers::add(conn, key, 4_500, &even)?;
            for (number, seq) in odd.iter().step_by(97) {
                assert_eq!(numbers::find(conn, key, *number)?, Some(*seq), "{number}");
            }
            for (number, seq) in even.iter().step_by(89) {
                assert_eq!(numbers::find(conn, key, *number)?, Some(seq + 4_500), "{number}");
            }
            assert_eq!(numbers::find(conn, key, 1)?, None);
            assert_eq!(numbers::find(conn, key, u64::MAX / 4)?, None);
            assert_eq!(numbers::find(conn, CampaignKey(6), 3)?, None);
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}
