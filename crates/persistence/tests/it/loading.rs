//! How campaigns come to be: invisible at first, then there, or gone.

use clarion_domain::campaign::CampaignStatus;
use clarion_domain::recipient::{CampaignKey, FIRST_DIRECT_KEY};
use clarion_persistence::campaigns::{self, Added, Kind, Loaded};
use clarion_persistence::invalid_contacts::{self, InvalidContact};
use clarion_persistence::schema::{invalid_contacts as invalid_table, recipients as table};
use clarion_persistence::{Conn, StoreError, clients, on_both, recipients};
use diesel::prelude::*;

use crate::fixtures::{
    CLIENT, STRANGER, at, campaign_id, contact, contacts, content, load, page, pending, sending,
};

fn invalid(position: u64) -> InvalidContact {
    InvalidContact {
        position,
        phone_number: "0".repeat(70),
        property: "phoneNumber".to_owned(),
        reason: "is too short".to_owned(),
    }
}

on_both! {
    async fn a_campaign_in_loading_is_seen_by_nobody(database) {
        let key = database.write(|conn| load(conn, campaign_id(1), 3)).await.unwrap();
        let work = move |conn: &mut Conn| {
            assert_eq!(campaigns::find(conn, CLIENT, campaign_id(1))?, None);
            assert_eq!(campaigns::page(conn, CLIENT, &page(1, 10))?.total_records, 0);
            assert_eq!(campaigns::start_due(conn, at(1_000))?, []);
            assert_eq!(campaigns::next_start(conn)?, None);
            assert_eq!(campaigns::sending(conn, at(0))?, []);
            assert!(!campaigns::delete(conn, CLIENT, campaign_id(1), at(2))?);
            let loaded = Loaded { recipients: 3, invalid: 2, duplicates: 1 };
            campaigns::finish_loading(conn, key, &content(60), loaded, at(2))?;
            let found = campaigns::find(conn, CLIENT, campaign_id(1))?.unwrap();
            assert_eq!(found.key, key);
            assert_eq!(found.status, CampaignStatus::Pending);
            assert_eq!(found.start_at, at(60));
            assert_eq!(found.sender.as_str(), "ACME");
            assert_eq!(found.message, "Hello {Name}");
            assert_eq!((found.recipient_count, found.invalid_count, found.duplicate_count), (3, 2, 1));
            assert_eq!((found.created_at, found.updated_at), (at(0), at(2)));
            assert_eq!(campaigns::next_start(conn)?, Some(at(60)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_discarded_campaign_leaves_nothing(database) {
        let work = |conn: &mut Conn| {
            let key = load(conn, campaign_id(1), 3)?;
            invalid_contacts::insert_batch(conn, key, &[invalid(1)], at(2))?;
            campaigns::discard_loading(conn, key)?;
            assert_eq!(table::table.count().get_result::<i64>(conn)?, 0);
            assert_eq!(invalid_table::table.count().get_result::<i64>(conn)?, 0);
            let late = recipients::insert_batch(conn, key, 4, &[contact(4)], at(3));
            assert!(matches!(late, Err(StoreError::Query(diesel::result::Error::NotFound))));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn only_loading_is_discarded_and_only_once_finished(database) {
        let key = pending(&database, 1, 3, 60).await;
        let work = move |conn: &mut Conn| {
            campaigns::discard_loading(conn, key)?;
            assert!(campaigns::find(conn, CLIENT, campaign_id(1))?.is_some());
            let again = campaigns::finish_loading(conn, key, &content(9), Loaded::default(), at(9));
            assert!(matches!(again, Err(StoreError::Query(diesel::result::Error::NotFound))));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_a_crash_leaves_is_found_by_when_it_was_last_touched(database) {
        let work = |conn: &mut Conn| {
            let key = load(conn, campaign_id(1), 3)?;
            assert_eq!(campaigns::abandoned_loading(conn, at(1))?, []);
            assert_eq!(campaigns::abandoned_loading(conn, at(2))?, [key]);
            recipients::insert_batch(conn, key, 4, &[contact(4)], at(5))?;
            assert_eq!(campaigns::abandoned_loading(conn, at(5))?, []);
            invalid_contacts::insert_batch(conn, key, &[invalid(5)], at(9))?;
            assert_eq!(campaigns::abandoned_loading(conn, at(9))?, []);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn listed_and_direct_campaigns_have_their_own_numbers(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            let mut keys = Vec::new();
            for (number, kind) in [Kind::Direct, Kind::Campaign, Kind::Direct, Kind::Campaign]
                .into_iter()
                .enumerate()
            {
                let id = campaign_id(number as u128);
                keys.push(campaigns::insert_loading(conn, id, CLIENT, kind, at(0))?);
            }
            Ok(keys)
        };
        let keys = database.write(work).await.unwrap();
        assert_eq!(keys, [FIRST_DIRECT_KEY, 1, FIRST_DIRECT_KEY + 1, 2].map(CampaignKey));
    }

    async fn a_direct_message_is_not_listed(database) {
        let work = |conn: &mut Conn| {
            clients::ensure_first(conn, at(0))?;
            let key = campaigns::insert_loading(conn, campaign_id(1), CLIENT, Kind::Direct, at(0))?;
            recipients::insert_batch(conn, key, 1, &[contact(1)], at(0))?;
            let loaded = Loaded { recipients: 1, ..Loaded::default() };
            campaigns::finish_loading(conn, key, &content(0), loaded, at(0))?;
            assert_eq!(campaigns::find(conn, CLIENT, campaign_id(1))?, None);
            assert_eq!(campaigns::page(conn, CLIENT, &page(1, 10))?.items, []);
            assert_eq!(campaigns::start_due(conn, at(0))?, [key]);
            assert_eq!(campaigns::sending(conn, at(0))?.len(), 1);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn recipients_come_back_as_they_went(database) {
        let key = pending(&database, 1, 25, 60).await;
        let work = move |conn: &mut Conn| {
            let all = recipients::range(conn, key, 1, 25)?;
            let seqs: Vec<u32> = all.iter().map(|one| one.key.seq).collect();
            assert_eq!(seqs, (1..=25).collect::<Vec<_>>());
            let back: Vec<_> = all.into_iter().map(|one| one.contact).collect();
            assert_eq!(back, contacts(25));
            let third = recipients::page(conn, key, &page(3, 10))?;
            assert_eq!((third.total_pages, third.total_records, third.items.len()), (3, 25, 5));
            assert_eq!(third.items[0].contact, contact(21));
            assert_eq!(recipients::page(conn, key, &page(4, 10))?.items, []);
            assert_eq!(recipients::page(conn, key, &page(u32::MAX, 10_000))?.items, []);
            Ok(())
        };
        database.read(work).await.unwrap();
    }

    async fn invalid_contacts_come_back_with_their_reasons(database) {
        let work = |conn: &mut Conn| {
            let key = load(conn, campaign_id(1), 1)?;
            let nul = InvalidContact { phone_number: "a\0b".to_owned(), ..invalid(0) };
            invalid_contacts::insert_batch(conn, key, &[nul], at(0))?;
            let many: Vec<_> = (1..=2_500).map(invalid).collect();
            invalid_contacts::insert_batch(conn, key, &many, at(0))?;
            let loaded = Loaded { recipients: 1, invalid: 2_501, duplicates: 0 };
            campaigns::finish_loading(conn, key, &content(0), loaded, at(0))?;
            let first = invalid_contacts::page(conn, key, &page(1, 2))?;
            assert_eq!((first.total_records, first.items.len()), (2_501, 2));
            assert_eq!(first.items[0].phone_number, "ab");
            assert_eq!(first.items[1].phone_number, "0".repeat(64));
            assert_eq!((first.items[1].position, first.items[1].reason.as_str()), (1, "is too short"));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_change_that_was_checked_against_other_contacts_is_in_conflict(database) {
        pending(&database, 1, 3, 60).await;
        let work = |conn: &mut Conn| {
            let known = campaigns::find(conn, CLIENT, campaign_id(1))?.unwrap();
            campaigns::require_same_contacts(conn, &known)?;
            let loading = load(conn, campaign_id(2), 4)?;
            let loaded = Loaded { recipients: 4, ..Loaded::default() };
            assert_eq!(campaigns::add_loaded(conn, &known, loading, loaded, at(5))?, Added::Done);
            let outdated = campaigns::require_same_contacts(conn, &known);
            assert!(matches!(outdated, Err(StoreError::Conflict(_))), "{outdated:?}");
            let again = load(conn, campaign_id(3), 1)?;
            assert_eq!(campaigns::add_loaded(conn, &known, again, loaded, at(6))?, Added::Outdated);
            assert_eq!(recipients::range(conn, known.key, 1, 10)?.len(), 7);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn another_client_sees_none_of_it(database) {
        sending(&database, 1, 1).await;
        let work = |conn: &mut Conn| {
            assert_eq!(campaigns::find(conn, STRANGER, campaign_id(1))?, None);
            assert_eq!(campaigns::page(conn, STRANGER, &page(1, 10))?.total_records, 0);
            Ok(())
        };
        database.read(work).await.unwrap();
    }
}
