//! Leases: who may send what, and when no more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clarion_domain::campaign::{CampaignStatus, OnUnknown};
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::campaigns::{self, Kind, Loaded};
use clarion_persistence::messages::{self, Settlement};
use clarion_persistence::send_units::{self, Free, Mark, Queued, Unit};
use clarion_persistence::{Conn, StoreError, clients, on_both, testing};

use crate::fixtures::{CLIENT, accepted, at, campaign_id, content, sending, settlement};

/// Longer than any of these tests takes.
const LEASE: Duration = Duration::from_secs(600);

fn claim_one(conn: &mut Conn, key: CampaignKey, owner: &str) -> Result<Unit, StoreError> {
    let mut units = send_units::claim(conn, key, owner, LEASE, at(0), 1)?;
    Ok(units.pop().unwrap())
}

fn known(unit: &Unit) -> BTreeMap<CampaignKey, Vec<u32>> {
    BTreeMap::from([(unit.campaign, vec![unit.first_seq])])
}

/// A campaign being sent that has units, and no recipients.
fn units_only(conn: &mut Conn, recipients: u32) -> Result<CampaignKey, StoreError> {
    clients::ensure_first(conn, at(0))?;
    let key = campaigns::insert_loading(conn, campaign_id(1), CLIENT, Kind::Campaign, at(0))?;
    let loaded = Loaded {
        recipients,
        ..Loaded::default()
    };
    campaigns::finish_loading(conn, key, &content(0), loaded, at(0))?;
    campaigns::start_due(conn, at(0))?;
    Ok(key)
}

on_both! {
    async fn units_cover_every_recipient_once(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 2_001)?;
            let units = send_units::claim(conn, key, "a", LEASE, at(0), 10)?;
            let runs: Vec<_> = units.iter().map(|unit| (unit.first_seq, unit.last_seq)).collect();
            assert_eq!(runs, [(1, 1_000), (1_001, 2_000), (2_001, 2_001)]);
            let marks: Vec<_> = units.iter().map(|unit| unit.marked_upto).collect();
            assert_eq!(marks, [0, 1_000, 2_000]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_unit_that_was_not_given_back_is_left_alone_where_that_is_asked(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 2_000)?;
            claim_one(conn, key, "a")?;
            testing::run_out_leases(conn)?;
            let take = |conn: &mut _, which| send_units::claim_of(conn, key, which, "b", LEASE, at(10), 10);
            let units = take(conn, Free::GivenBack)?;
            assert_eq!(units.iter().map(|unit| unit.first_seq).collect::<Vec<_>>(), [1_001]);
            let units = take(conn, Free::RunOut)?;
            assert_eq!(units.iter().map(|unit| unit.first_seq).collect::<Vec<_>>(), [1]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn claims_at_once_take_no_unit_twice(database) {
        let key = database.write(|conn| units_only(conn, 40_000)).await.unwrap();
        let nodes: Vec<_> = (0..8)
            .map(|node| {
                let store = database.store();
                tokio::spawn(async move {
                    let mut got = Vec::new();
                    loop {
                        let owner = format!("node {node}");
                        let claim = move |conn: &mut Conn| {
                            send_units::claim(conn, key, &owner, LEASE, at(0), 3)
                        };
                        let units = store.write(claim).await.unwrap();
                        assert!(units.len() <= 3);
                        if units.is_empty() {
                            return got;
                        }
                        got.extend(units.into_iter().map(|unit| unit.first_seq));
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for node in nodes {
            all.extend(node.await.unwrap());
        }
        assert_eq!(all.len(), 40);
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 40);
    }

    async fn who_lost_a_lease_marks_nothing(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 100)?;
            let old = claim_one(conn, key, "a")?;
            assert_eq!(send_units::claim(conn, key, "b", LEASE, at(0), 1)?, []);
            assert_eq!(send_units::mark(conn, &old, 10)?, Mark::Marked);
            testing::run_out_leases(conn)?;
            assert_eq!(send_units::mark(conn, &old, 20)?, Mark::LeaseLost);
            assert_eq!(send_units::renew(conn, "a", &known(&old), LEASE)?, 0);
            let new = claim_one(conn, key, "b")?;
            assert_eq!((new.epoch, new.marked_upto), (old.epoch + 1, 10));
            assert_eq!(send_units::mark(conn, &old, 20)?, Mark::LeaseLost);
            assert_eq!(send_units::mark_queued(conn, &old, &[])?, Mark::LeaseLost);
            send_units::release(conn, &old, at(31))?;
            assert_eq!(send_units::mark(conn, &new, 20)?, Mark::Marked);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn the_same_owner_is_fenced_from_an_older_lease(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 100)?;
            let old = claim_one(conn, key, "a")?;
            testing::run_out_leases(conn)?;
            let new = claim_one(conn, key, "a")?;
            assert_eq!(send_units::mark(conn, &old, 10)?, Mark::LeaseLost);
            assert_eq!(send_units::mark(conn, &new, 10)?, Mark::Marked);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn only_leases_that_are_known_and_have_not_run_out_are_renewed(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 2_000)?;
            let unit = claim_one(conn, key, "a")?;
            let forgotten = claim_one(conn, key, "a")?;
            assert_ne!(unit, forgotten);
            assert_eq!(send_units::renew(conn, "b", &known(&unit), LEASE)?, 0);
            assert_eq!(send_units::renew(conn, "a", &known(&unit), LEASE)?, 1);
            testing::run_out_leases(conn)?;
            assert_eq!(send_units::renew(conn, "a", &known(&unit), LEASE)?, 0);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn nothing_is_marked_twice_or_beyond_the_unit(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 100)?;
            let unit = claim_one(conn, key, "a")?;
            assert_eq!(send_units::mark(conn, &unit, 50)?, Mark::Marked);
            for upto in [50, 49, 101] {
                assert_eq!(send_units::mark(conn, &unit, upto)?, Mark::LeaseLost, "{upto}");
            }
            assert_eq!(send_units::mark(conn, &unit, 100)?, Mark::Marked);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_mark_is_taken_back_by_its_holder_alone(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 100)?;
            let old = claim_one(conn, key, "a")?;
            assert_eq!(send_units::mark(conn, &old, 10)?, Mark::Marked);
            assert_eq!(send_units::mark(conn, &old, 30)?, Mark::Marked);
            send_units::take_back(conn, &old, 10)?;
            send_units::take_back(conn, &old, 10)?;
            assert_eq!(send_units::unsettled(conn, &old)?.len(), 10);
            assert_eq!(send_units::mark(conn, &old, 20)?, Mark::Marked);
            testing::run_out_leases(conn)?;
            let new = claim_one(conn, key, "b")?;
            send_units::take_back(conn, &old, 10)?;
            assert_eq!(send_units::unsettled(conn, &new)?.len(), 20);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_held_back_is_not_marked(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 100)?;
            let id = campaign_id(1);
            let unit = claim_one(conn, key, "a")?;
            campaigns::pause(conn, CLIENT, id, at(1))?;
            assert_eq!(send_units::mark(conn, &unit, 10)?, Mark::NotSending);
            assert_eq!(send_units::mark_queued(conn, &unit, &[])?, Mark::NotSending);
            campaigns::resume(conn, CLIENT, id, at(2))?;
            // What was read of it may have been changed meanwhile: it has to be claimed again.
            assert_eq!(send_units::mark(conn, &unit, 10)?, Mark::NotSending);
            send_units::release(conn, &unit, at(2))?;
            let unit = claim_one(conn, key, "a")?;
            assert_eq!(send_units::mark(conn, &unit, 10)?, Mark::Marked);
            campaigns::cancel(conn, CLIENT, id, at(3))?;
            assert_eq!(send_units::mark(conn, &unit, 20)?, Mark::NotSending);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_deleted_is_not_marked(database) {
        let work = |conn: &mut Conn| {
            let key = units_only(conn, 100)?;
            let unit = claim_one(conn, key, "a")?;
            campaigns::delete(conn, CLIENT, campaign_id(1), at(1))?;
            assert_eq!(send_units::mark(conn, &unit, 10)?, Mark::NotSending);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_marked_and_not_settled_is_known(database) {
        let key = sending(&database, 1, 10).await;
        let work = move |conn: &mut Conn| {
            let unit = claim_one(conn, key, "a")?;
            assert!(send_units::unsettled(conn, &unit)?.is_empty());
            send_units::mark(conn, &unit, 6)?;
            messages::settle(conn, &[accepted(key, 2, &["x"]), accepted(key, 5, &["y"])])?;
            assert_eq!(send_units::unsettled(conn, &unit)?, [1, 3, 4, 6].map(|seq| (seq, 1)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_queued_is_marked_again_before_it_is_sent(database) {
        let key = sending(&database, 1, 4).await;
        let work = move |conn: &mut Conn| {
            let unit = claim_one(conn, key, "a")?;
            send_units::mark(conn, &unit, 4)?;
            let waiting = settlement(key, 3, MessageStatus::Queued);
            let sent = [1, 2, 4].map(|seq| accepted(key, seq, &[&format!("id{seq}")]));
            messages::settle(conn, &[&sent[..], &[waiting]].concat())?;
            let queued = Queued { seq: 3, attempt: 1, reference: 9 };
            assert_eq!(send_units::queued(conn, &unit)?, [queued]);
            assert!(!send_units::release(conn, &unit, at(2))?);
            let unit = claim_one(conn, key, "b")?;
            assert_eq!(send_units::mark_queued(conn, &unit, &[3])?, Mark::Marked);
            assert_eq!(send_units::queued(conn, &unit)?, []);
            assert_eq!(send_units::unsettled(conn, &unit)?, [(3, 2)]);
            assert_eq!(messages::counts(conn, key)?.queued, 1);
            let twice = send_units::mark_queued(conn, &unit, &[3]);
            assert!(matches!(twice, Err(StoreError::Query(_))), "{twice:?}");
            // Its node is gone.
            let lost = Settlement { attempt: 2, ..settlement(key, 3, MessageStatus::Unknown) };
            messages::settle(conn, &[lost])?;
            assert_eq!(send_units::queued(conn, &unit)?, []);
            assert!(send_units::unsettled(conn, &unit)?.is_empty());
            let counts = messages::counts(conn, key)?;
            assert_eq!((counts.queued, counts.unknown), (0, 1));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_unit_is_finished_when_all_of_it_is_settled(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            let unit = claim_one(conn, key, "a")?;
            send_units::mark(conn, &unit, 2)?;
            messages::settle(conn, &[accepted(key, 1, &["1"])])?;
            assert!(!send_units::release(conn, &unit, at(2))?);
            assert_eq!(campaigns::sending(conn, at(0))?.len(), 1);
            assert_eq!(campaigns::advance(conn, OnUnknown::Hold, at(2))?.submitted, []);
            let unit = claim_one(conn, key, "b")?;
            messages::settle(conn, &[settlement(key, 2, MessageStatus::Unknown)])?;
            assert!(send_units::release(conn, &unit, at(3))?);
            assert_eq!(campaigns::sending(conn, at(0))?, []);
            assert_eq!(send_units::claim(conn, key, "c", LEASE, at(0), 1)?, []);
            let moved = campaigns::advance(conn, OnUnknown::Hold, at(4))?;
            assert_eq!((moved.submitted, moved.completed), (vec![key], vec![]));
            messages::apply_receipts(conn, "main", &[crate::fixtures::receipt("1", MessageStatus::Delivered, 5)])?;
            assert_eq!(campaigns::advance(conn, OnUnknown::Hold, at(6))?.completed, [key]);
            let found = campaigns::find(conn, CLIENT, campaign_id(1))?.unwrap();
            assert_eq!(found.status, CampaignStatus::Completed);
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}

/// The one process of a SQLite file knows that whoever held a lease before is gone, whatever any clock says.
#[tokio::test]
async fn on_sqlite_leases_last_until_another_process_has_the_file() {
    let database = testing::sqlite().await;
    let work = |conn: &mut Conn| {
        let key = units_only(conn, 2_000)?;
        let units = send_units::claim(conn, key, "a", Duration::ZERO, at(0), 1)?;
        assert_eq!(send_units::mark(conn, &units[0], 10)?, Mark::Marked);
        let own = claim_one(conn, key, "b")?;
        assert_eq!(send_units::release_of_others(conn, "b")?, 1);
        assert_eq!(send_units::mark(conn, &units[0], 20)?, Mark::LeaseLost);
        assert_eq!(send_units::mark(conn, &own, 1_010)?, Mark::Marked);
        assert_eq!(claim_one(conn, key, "b")?.marked_upto, 10);
        Ok(())
    };
    database.write(work).await.unwrap();
}

/// By the server's clock, which runs while a test's does not.
#[tokio::test]
async fn on_postgresql_leases_run_out_by_the_servers_clock() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let work = |conn: &mut Conn| {
        let key = units_only(conn, 1_000)?;
        let old = send_units::claim(conn, key, "a", Duration::ZERO, at(0), 1)?;
        assert_eq!(send_units::mark(conn, &old[0], 10)?, Mark::LeaseLost);
        assert_eq!(send_units::release_of_others(conn, "b")?, 0);
        let new = claim_one(conn, key, "b")?;
        assert_eq!(new.epoch, old[0].epoch + 1);
        Ok(())
    };
    database.write(work).await.unwrap();
}
