//! Messages of which it is not known whether they were sent: held, sent again, and what turns out about them meanwhile.

use std::time::Duration;

use clarion_domain::campaign::{CampaignContent, CampaignStatus, OnUnknown};
use clarion_domain::message::MessageStatus::{Delivered, Queued, Rejected, Sent, Unknown};
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::campaigns::{self, MOST_RESENDS};
use clarion_persistence::messages::{self, Counts, Settlement};
use clarion_persistence::send_units::{self, Mark};
use clarion_persistence::{Change, Conn, StoreError, clients, on_both};

use crate::fixtures::{
    CLIENT, STRANGER, accepted, at, campaign_id, content, page, pending, receipt, sending,
    settlement, status_of,
};

const LEASE: Duration = Duration::from_secs(30);

/// Hands the queued message of a campaign over, as a sender does; which attempt it is.
fn hand_over(conn: &mut Conn, key: CampaignKey) -> Result<i16, StoreError> {
    let units = send_units::claim(conn, key, "a", LEASE, at(0), 1)?;
    let queued = send_units::queued(conn, &units[0])?;
    assert_eq!(queued[0].reference, 9);
    assert_eq!(
        send_units::mark_queued(conn, &units[0], &[queued[0].seq])?,
        Mark::Marked
    );
    send_units::release(conn, &units[0], at(20))?;
    Ok(queued[0].attempt + 1)
}

/// Marks all of a campaign's messages, and leaves the first in doubt.
fn lose(conn: &mut Conn, key: CampaignKey, messages: u32) -> Result<(), StoreError> {
    let units = send_units::claim(conn, key, "a", LEASE, at(0), 1)?;
    assert_eq!(send_units::mark(conn, &units[0], messages)?, Mark::Marked);
    messages::settle(conn, &[settlement(key, 1, Unknown)])?;
    for seq in 2..=messages {
        let rejected = settlement(key, seq, Rejected);
        messages::settle(conn, &[rejected])?;
    }
    assert!(send_units::release(conn, &units[0], at(11))?);
    Ok(())
}

fn status(conn: &mut Conn) -> Result<CampaignStatus, StoreError> {
    Ok(campaigns::find(conn, CLIENT, campaign_id(1))?
        .unwrap()
        .status)
}

/// Moves campaigns on where those that say nothing have their messages sent again.
fn advance(conn: &mut Conn) -> Result<CampaignStatus, StoreError> {
    campaigns::advance(conn, OnUnknown::Resend, at(12))?;
    status(conn)
}

fn resend_due(conn: &mut Conn, second: i64) -> Result<usize, StoreError> {
    campaigns::resend_due(conn, OnUnknown::Resend, at(second), at(15))
}

on_both! {
    async fn a_message_in_doubt_is_sent_again_and_its_campaign_waits_for_it(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            lose(conn, key, 2)?;
            assert_eq!(advance(conn)?, CampaignStatus::Submitted);
            assert_eq!(advance(conn)?, CampaignStatus::Submitted);
            assert_eq!(resend_due(conn, 9)?, 0);
            assert_eq!(resend_due(conn, 10)?, 1);
            assert_eq!(resend_due(conn, 10)?, 0);
            let counts = Counts { queued: 1, failed: 1, ..Counts::default() };
            assert_eq!(messages::counts(conn, key)?, counts);
            assert_eq!(advance(conn)?, CampaignStatus::Sending);
            assert_eq!(hand_over(conn, key)?, 2);
            messages::settle(conn, &[Settlement { attempt: 2, ..accepted(key, 1, &["b"]) }])?;
            messages::apply_receipts(conn, "main", &[receipt("b", Delivered, 21)])?;
            let units = send_units::claim(conn, key, "a", LEASE, at(0), 1)?;
            assert!(send_units::release(conn, &units[0], at(22))?);
            advance(conn)?;
            assert_eq!(advance(conn)?, CampaignStatus::Completed);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_never_answered_is_held_in_the_end(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            lose(conn, key, 1)?;
            for resend in 1..=MOST_RESENDS {
                assert_eq!(resend_due(conn, 10)?, 1);
                let attempt = hand_over(conn, key)?;
                assert_eq!(attempt, resend + 1);
                messages::settle(conn, &[Settlement { attempt, ..settlement(key, 1, Unknown) }])?;
            }
            assert_eq!(resend_due(conn, 10)?, 0);
            let units = send_units::claim(conn, key, "a", LEASE, at(0), 1)?;
            assert!(send_units::release(conn, &units[0], at(22))?);
            assert_eq!(advance(conn)?, CampaignStatus::Completed);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn the_campaign_goes_before_its_client_and_the_client_before_the_setting(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            lose(conn, key, 1)?;
            let due = |conn: &mut Conn, usual| campaigns::is_resend_due(conn, usual, at(10));
            assert!(!due(conn, OnUnknown::Hold)?);
            assert!(due(conn, OnUnknown::Resend)?);
            clients::set_on_unknown(conn, CLIENT, Some(OnUnknown::Resend))?;
            assert!(due(conn, OnUnknown::Hold)?);
            campaigns::pause(conn, CLIENT, campaign_id(1), at(12))?;
            let held = CampaignContent { on_unknown: Some(OnUnknown::Hold), ..content(3) };
            campaigns::replace(conn, CLIENT, campaign_id(1), &held, at(13))?;
            campaigns::resume(conn, CLIENT, campaign_id(1), at(14))?;
            assert!(!due(conn, OnUnknown::Resend)?);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_is_held_is_sent_again_when_somebody_says_so_and_once(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            lose(conn, key, 2)?;
            for _ in 0..2 {
                campaigns::advance(conn, OnUnknown::Hold, at(12))?;
            }
            assert_eq!(status(conn)?, CampaignStatus::Completed);
            let resend = |conn: &mut Conn, client, chosen: Option<&[u32]>| {
                campaigns::resend_unknown(conn, client, campaign_id(1), chosen, at(15))
            };
            assert_eq!(resend(conn, STRANGER, None)?, (Change::NotFound, 0));
            assert_eq!(resend(conn, CLIENT, Some(&[2, 3]))?, (Change::Done, 0));
            assert_eq!(status(conn)?, CampaignStatus::Completed);
            assert_eq!(messages::unknown(conn, CLIENT, key, &page(1, 10))?.items.len(), 1);
            assert_eq!(resend(conn, CLIENT, Some(&[1]))?, (Change::Done, 1));
            assert_eq!(resend(conn, CLIENT, None)?, (Change::Done, 0));
            assert_eq!(status(conn)?, CampaignStatus::Sending);
            assert_eq!(status_of(conn, key, 1)?, Some(Queued));
            assert_eq!(messages::unknown(conn, CLIENT, key, &page(1, 10))?.items, []);
            assert_eq!(hand_over(conn, key)?, 2);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_ended_as_unknown_was_sent_and_is_not_sent_again(database) {
        let key = pending(&database, 1, 3, 3).await;
        let work = move |conn: &mut Conn| {
            campaigns::start_due(conn, at(3))?;
            // No id, a receipt that says so, and a receipt that never came.
            messages::settle(conn, &[settlement(key, 1, Sent), accepted(key, 2, &["a"]), accepted(key, 3, &["b"])])?;
            messages::apply_receipts(conn, "main", &[receipt("a", Unknown, 20)])?;
            messages::expire_outstanding(conn, at(11), at(30))?;
            assert_eq!(messages::counts(conn, key)?.unknown, 3);
            assert_eq!(resend_due(conn, 99)?, 0);
            assert_eq!(messages::unknown(conn, CLIENT, key, &page(1, 10))?.items, []);
            // Nor does a late answer take it back.
            messages::settle(conn, &[accepted(key, 2, &["a"])])?;
            assert_eq!(status_of(conn, key, 2)?, Some(Unknown));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_receipt_of_an_earlier_attempt_counts(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            lose(conn, key, 1)?;
            assert_eq!(resend_due(conn, 10)?, 1);
            assert_eq!(hand_over(conn, key)?, 2);
            messages::settle(conn, &[Settlement { attempt: 2, ..settlement(key, 1, Unknown) }])?;
            // The node that was cut off comes back with the answer to the first.
            messages::settle(conn, &[accepted(key, 1, &["a"])])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            // And then it turns out that the second was taken, too.
            messages::settle(conn, &[Settlement { attempt: 2, ..accepted(key, 1, &["b"]) }])?;
            messages::apply_receipts(conn, "main", &[receipt("b", Delivered, 21)])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            let late = messages::apply_receipts(conn, "main", &[receipt("a", Delivered, 22)])?;
            assert_eq!(late.unmatched, 0);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_a_later_attempt_ends_as_does_not_undo_what_was_taken(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            lose(conn, key, 1)?;
            assert_eq!(resend_due(conn, 10)?, 1);
            assert_eq!(hand_over(conn, key)?, 2);
            // In one batch: both attempts' outcomes.
            let first = accepted(key, 1, &["a"]);
            let second = Settlement { attempt: 2, ..settlement(key, 1, Rejected) };
            messages::settle(conn, &[first, second])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            messages::apply_receipts(conn, "main", &[receipt("a", Delivered, 21)])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}
