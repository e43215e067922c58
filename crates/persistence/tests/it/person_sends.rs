//! How much one person is sent, where their client has a limit.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use clarion_domain::client::ClientId;
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::person_sends::{Addressed, forget, take_places};
use clarion_persistence::schema::person_sends;
use clarion_persistence::{Conn, StoreError, clients, on_both, opt_outs};
use diesel::prelude::*;

use crate::fixtures::{CLIENT, STRANGER, at, contact, sending};

const HOUR: i64 = 3_600;

fn cap(count: u32, hours: u32) -> FrequencyCap {
    FrequencyCap::new(count, hours).unwrap()
}

/// Messages to the people with these numbers, who have them as places in their campaign.
fn to(people: &[u32]) -> Vec<Addressed> {
    let addressed = |person: &u32| (*person, contact(*person).phone);
    people.iter().map(addressed).collect()
}

/// Those of the people whose message of this campaign is one too many.
fn over(
    conn: &mut Conn,
    client: ClientId,
    campaign: i64,
    people: &[u32],
    second: i64,
) -> Result<BTreeSet<u32>, StoreError> {
    let (cap, now) = (cap(2, 24), at(second));
    take_places(conn, client, cap, CampaignKey(campaign), &to(people), now)
}

fn rows(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(person_sends::table.count().get_result(conn)?)
}

on_both! {
    async fn who_has_had_as_much_as_may_be_is_told(database) {
        sending(&database.store(), 1, 1).await;
        let work = |conn: &mut Conn| {
            clients::insert(conn, STRANGER, "other", at(0))?;
            let none = BTreeSet::new();
            assert_eq!(over(conn, CLIENT, 1, &[1, 2], 0)?, none);
            // What is sent again has its place.
            assert_eq!(over(conn, CLIENT, 1, &[1, 2], 1)?, none);
            assert_eq!(over(conn, CLIENT, 2, &[1, 3], HOUR)?, none);
            assert_eq!(over(conn, CLIENT, 3, &[1, 2, 3], 2 * HOUR)?, BTreeSet::from([1]));
            assert_eq!(over(conn, CLIENT, 4, &[1, 2, 3], 3 * HOUR)?, BTreeSet::from([1, 2, 3]));
            // Another client's are its own.
            assert_eq!(over(conn, STRANGER, 4, &[1], 3 * HOUR)?, none);
            // The first of the two is too old by then, and is so for the message itself.
            assert_eq!(over(conn, CLIENT, 5, &[1], 24 * HOUR)?, none);
            assert_eq!(over(conn, CLIENT, 1, &[1], 24 * HOUR)?, BTreeSet::from([1]));
            assert_eq!(over(conn, CLIENT, 1, &[1], 25 * HOUR)?, none);
            assert_eq!(over(conn, CLIENT, 6, &[1], 25 * HOUR)?, BTreeSet::from([1]));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn of_two_at_once_only_one_has_the_last_place(database) {
        let store = database.store();
        sending(&store, 1, 1).await;
        let work = |campaign| move |conn: &mut Conn| {
            opt_outs::hold_alone(conn, CLIENT)?;
            let over = take_places(conn, CLIENT, cap(1, 24), CampaignKey(campaign), &to(&[1]), at(0))?;
            // Long enough for the other to look, if it could.
            std::thread::sleep(std::time::Duration::from_millis(50));
            Ok(over.len())
        };
        let (one, other) = tokio::join!(store.write(work(1)), store.write(work(2)));
        assert_eq!(one.unwrap() + other.unwrap(), 1);
    }

    async fn what_does_not_count_any_more_is_forgotten(database) {
        sending(&database.store(), 1, 1).await;
        let work = |conn: &mut Conn| {
            clients::insert(conn, STRANGER, "other", at(0))?;
            clients::set_max_per_person(conn, CLIENT, Some(cap(2, 24)))?;
            let people: Vec<u32> = (1..=2_500).collect();
            over(conn, CLIENT, 1, &people, 0)?;
            over(conn, CLIENT, 2, &[1, 2], 10)?;
            over(conn, STRANGER, 3, &[1], 20)?;
            assert_eq!(rows(conn)?, 2_503);
            let day = TimeDelta::hours(24);
            while forget(conn, at(0) + day - TimeDelta::seconds(1))? > 0 {}
            // Nothing counts for whoever has no limit.
            assert_eq!(rows(conn)?, 2_502);
            while forget(conn, at(5) + day)? > 0 {}
            assert_eq!(rows(conn)?, 2);
            clients::set_max_per_person(conn, CLIENT, None)?;
            assert_eq!(forget(conn, at(30))?, 2);
            assert_eq!(forget(conn, at(30))?, 0);
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}
