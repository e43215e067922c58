//! Outcomes and receipts, in every order in which they may come.

use std::sync::{Arc, Barrier};

use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus::{
    self, Accepted, Delivered, Expired, OptedOut, Queued, Rejected, Sent, Undeliverable, Unknown,
};
use clarion_domain::receipt::IdForm;
use clarion_domain::recipient::RecipientKey;
use clarion_persistence::messages::{
    self, Counts, Expiry, Hint, Joined, Receipts, SettledPart, Settlement,
};
use clarion_persistence::schema::{campaigns, outstanding_parts, unmatched_receipts};
use clarion_persistence::{Conn, StoreError, on_both, testing};
use diesel::prelude::*;

use crate::fixtures::{
    CLIENT, STRANGER, accepted, at, contact, page, receipt, sending, settlement, status_of,
};

fn outstanding(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(outstanding_parts::table.count().get_result(conn)?)
}

fn unmatched(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(unmatched_receipts::table.count().get_result(conn)?)
}

fn hear(conn: &mut Conn, id: &str, status: MessageStatus) -> Result<Receipts, StoreError> {
    messages::apply_receipts(conn, "main", &[receipt(id, status, 20)])
}

const NONE: Receipts = Receipts {
    matched: 0,
    repeated: 0,
    unmatched: 0,
};

const MATCHED: Receipts = Receipts { matched: 1, ..NONE };

const REPEATED: Receipts = Receipts {
    repeated: 1,
    ..NONE
};

const UNMATCHED: Receipts = Receipts {
    unmatched: 1,
    ..NONE
};

fn one_joined() -> Joined {
    Joined::from([("main".to_owned(), 1)])
}

/// A receipt that names the number it is about.
fn hear_of(conn: &mut Conn, id: &str, destination: &str) -> Result<Receipts, StoreError> {
    let receipt = DeliveryReceipt {
        destination: Some(destination.to_owned()),
        ..receipt(id, Delivered, 20)
    };
    messages::apply_receipts(conn, "main", &[receipt])
}

/// Every order of `count` things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let insert_last = |order: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = order.clone();
            order.insert(place, count - 1);
            order
        })
    };
    orders(count - 1)
        .into_iter()
        .flat_map(insert_last)
        .collect()
}

on_both! {
    async fn receipts_without_a_message_are_forgotten_when_they_are_old(database) {
        let work = move |conn: &mut Conn| {
            let receipts = [("1", 5), ("2", 6)].map(|(id, second)| receipt(id, Delivered, second));
            messages::apply_receipts(conn, "main", &receipts)?;
            assert_eq!(messages::forget_unmatched(conn, at(6))?, 1);
            assert_eq!(messages::forget_unmatched(conn, at(6))?, 0);
            assert_eq!(unmatched(conn)?, 1);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn whatever_comes_first_the_message_ends_delivered(database) {
        let orders = orders(4);
        let count = u32::try_from(orders.len()).unwrap();
        let key = sending(&database, 1, count).await;
        for (seq, order) in (1..).zip(orders) {
            let [one, two] = ["a", "b"].map(|part| format!("{part}{seq}"));
            for event in order.clone() {
                let (one, two) = (one.clone(), two.clone());
                let work = move |conn: &mut Conn| match event {
                    0 => messages::settle(conn, &[accepted(key, seq, &[&one, &two])]).map(drop),
                    1 => hear(conn, &one, Accepted).map(drop),
                    2 => hear(conn, &one, Delivered).map(drop),
                    _ => hear(conn, &two, Delivered).map(drop),
                };
                database.write(work).await.unwrap();
            }
            let status = database.read(move |conn| status_of(conn, key, seq)).await.unwrap();
            assert_eq!(status, Some(Delivered), "{order:?}");
        }
        let counts = database.read(move |conn| messages::counts(conn, key)).await.unwrap();
        assert_eq!(counts, Counts { delivered: u64::from(count), ..Counts::default() });
        assert_eq!(database.read(unmatched).await.unwrap(), 0);
    }

    async fn a_second_receipt_changes_nothing(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["00A"])])?;
            let twice = [receipt("a", Delivered, 20), receipt("A", Undeliverable, 21)];
            let both = messages::apply_receipts(conn, "main", &twice)?;
            assert_eq!(both, Receipts { matched: 1, repeated: 1, unmatched: 0 });
            assert_eq!(hear(conn, "0a", Rejected)?, REPEATED);
            assert_eq!(hear(conn, "0a", Accepted)?, REPEATED);
            assert_eq!(unmatched(conn)?, 0);
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            assert_eq!(messages::counts(conn, key)?, Counts { delivered: 1, ..Counts::default() });
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_message_ends_as_its_worst_part(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["a", "b", "c"])])?;
            hear(conn, "a", Delivered)?;
            let failed = DeliveryReceipt {
                error: Some("027".to_owned()),
                ..receipt("b", Undeliverable, 21)
            };
            messages::apply_receipts(conn, "main", &[failed])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            messages::apply_receipts(conn, "main", &[receipt("c", Delivered, 22)])?;
            let place = RecipientKey { campaign: key, seq: 1 };
            let message = messages::find(conn, CLIENT, place)?.unwrap();
            assert_eq!(message.status, Undeliverable);
            assert_eq!(message.error.as_deref(), Some("027"));
            assert_eq!((message.received_at, message.updated_at), (Some(at(22)), at(22)));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn receipts_that_say_nothing_change_nothing(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["a"])])?;
            let silent = DeliveryReceipt { status: None, ..receipt("a", Sent, 20) };
            assert_eq!(messages::apply_receipts(conn, "main", &[silent])?, MATCHED);
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            assert_eq!(hear(conn, "a", Delivered)?, MATCHED);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_receipt_of_another_gateway_is_another_message_s(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["a"])])?;
            let other = messages::apply_receipts(conn, "other", &[receipt("a", Delivered, 20)])?;
            assert_eq!(other, UNMATCHED);
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_old_stored_receipt_is_not_taken_for_a_new_message_s(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            assert_eq!(hear(conn, "a", Delivered)?, UNMATCHED);
            let later = Settlement { at: at(20 + 601), ..accepted(key, 1, &["a"]) };
            assert_eq!(messages::settle(conn, &[later])?.joined, Joined::new());
            // As ten minutes before that moment.
            assert_eq!(messages::rematch(conn, at(21), 10)?, Joined::new());
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            assert_eq!(unmatched(conn)?, 1);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_second_receipt_of_one_part_is_not_taken_for_the_other_s(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["a", "b"])])?;
            assert_eq!(hear(conn, "a", Delivered)?, MATCHED);
            assert_eq!(hear(conn, "a", Delivered)?, REPEATED);
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            assert_eq!(hear(conn, "b", Delivered)?, MATCHED);
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_id_given_again_is_told_apart_by_the_number(database) {
        let key = sending(&database, 1, 3).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["7"])])?;
            messages::settle(conn, &[accepted(key, 2, &["07"]), accepted(key, 3, &["007"])])?;
            // It could be any of them, so it is none.
            assert_eq!(hear(conn, "7", Delivered)?, UNMATCHED);
            assert_eq!(hear_of(conn, "7", "447700900009")?, UNMATCHED);
            assert_eq!(hear_of(conn, "7", "447700900003")?, MATCHED);
            assert_eq!(hear_of(conn, "7", "07700900001")?, MATCHED);
            assert_eq!(hear_of(conn, "7", "07700900001")?, REPEATED);
            let statuses = [1, 2, 3].map(|seq| status_of(conn, key, seq).unwrap());
            assert_eq!(statuses, [Some(Delivered), Some(Sent), Some(Delivered)]);
            // Only one still waits.
            assert_eq!(hear(conn, "7", Delivered)?, MATCHED);
            assert_eq!(status_of(conn, key, 2)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_receipt_for_another_number_waits_for_its_own_message(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["7"])])?;
            // The provider begins again with its ids, and is faster than its own response.
            assert_eq!(hear_of(conn, "7", "447700900002")?, UNMATCHED);
            assert_eq!(messages::rematch(conn, at(0), 10)?, Joined::new());
            let settled = messages::settle(conn, &[accepted(key, 2, &["7"])])?;
            assert_eq!(settled.joined, one_joined());
            let statuses = [1, 2].map(|seq| status_of(conn, key, seq).unwrap());
            assert_eq!(statuses, [Some(Sent), Some(Delivered)]);
            assert_eq!(unmatched(conn)?, 0);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_endless_id_is_stored_like_any_other(database) {
        let work = |conn: &mut Conn| {
            let id: String = (0..20_000).map(|n| format!("{n:x}")).collect();
            assert_eq!(hear(conn, &id, Delivered)?, UNMATCHED);
            let found = messages::unmatched(conn, "main", &page(1, 10))?;
            assert_eq!(found.items[0].provider_id, id);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_address_that_is_the_sender_or_no_number_does_not_count(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            diesel::update(campaigns::table)
                .set(campaigns::sender.eq("+447860000001"))
                .execute(conn)?;
            messages::settle(conn, &[accepted(key, 1, &["1"]), accepted(key, 2, &["2"])])?;
            assert_eq!(hear_of(conn, "1", "447860000001")?, MATCHED);
            assert_eq!(hear_of(conn, "2", "ACME")?, MATCHED);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_unmatched_receipt_comes_with_what_would_help_it(database) {
        let key = sending(&database, 1, 3).await;
        let work = move |conn: &mut Conn| {
            let batch = [accepted(key, 1, &["ABC"]), accepted(key, 2, &["10"]), accepted(key, 3, &["10"])];
            messages::settle(conn, &batch)?;
            for id in ["2748", "010", "5"] {
                assert_eq!(hear(conn, id, Delivered)?, UNMATCHED);
            }
            assert_eq!(hear_of(conn, "abc", "447700900009")?, UNMATCHED);
            let found = messages::unmatched(conn, "main", &page(1, 10))?;
            let hints: Vec<_> = found.items.iter().map(|one| (one.provider_id.as_str(), one.hint)).collect();
            let form = Hint::Form(IdForm::DecimalOfHexadecimal);
            let expected = [
                ("abc", Some(Hint::OtherMessage)),
                ("5", None),
                ("010", Some(Hint::Ambiguous(2))),
                ("2748", Some(form)),
            ];
            assert_eq!(hints, expected);
            assert_eq!(found.total_records, 4);
            assert_eq!(messages::unmatched(conn, "other", &page(1, 10))?.items, []);
            let counts = messages::unmatched_counts(conn)?;
            assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("main".to_owned(), 4)]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    /// A clock that was set back by a day says nothing of when a receipt came that comes now.
    async fn receipts_are_joined_whatever_the_clock_was_set_to(database) {
        let key = sending(&database, 1, 2).await;
        let work = move |conn: &mut Conn| {
            let yesterday = -86_400;
            messages::settle(conn, &[accepted(key, 1, &["a"])])?;
            let receipts = ["a", "b"].map(|id| receipt(id, Delivered, yesterday));
            messages::apply_receipts(conn, "main", &receipts)?;
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            // This one crossed the settling of its message, and is looked at again.
            messages::settle(conn, &[accepted(key, 2, &["b"])])?;
            assert_eq!(status_of(conn, key, 2)?, Some(Sent));
            assert_eq!(messages::rematch(conn, at(yesterday - 600), 10)?.len(), 1);
            assert_eq!(status_of(conn, key, 2)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn parts_under_one_id_have_one_receipt(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[accepted(key, 1, &["a", "a"])])?;
            hear(conn, "a", Delivered)?;
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn each_outcome_is_stored_as_what_it_is(database) {
        let key = sending(&database, 1, 6).await;
        let work = move |conn: &mut Conn| {
            let outcomes = [Sent, Unknown, Queued, OptedOut, Rejected];
            let batch: Vec<_> = (1..)
                .zip(outcomes)
                .map(|(seq, status)| settlement(key, seq, status))
                .collect();
            assert_eq!(messages::settle(conn, &batch)?.stored, 5);
            assert_eq!(messages::settle(conn, &batch)?.stored, 0);
            // Sent, but under no id: nothing will ever be heard of it.
            let expected = [Unknown, Unknown, Queued, OptedOut, Rejected].map(Some);
            assert_eq!([1, 2, 3, 4, 5].map(|seq| status_of(conn, key, seq).unwrap()), expected);
            assert_eq!(status_of(conn, key, 6)?, None);
            let counts = Counts { unknown: 2, queued: 1, opted_out: 1, failed: 1, ..Counts::default() };
            assert_eq!(messages::counts(conn, key)?, counts);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_late_outcome_counts_only_where_it_says_more(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[settlement(key, 1, Unknown)])?;
            messages::settle(conn, &[accepted(key, 1, &["a"])])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            hear(conn, "a", Delivered)?;
            messages::settle(conn, &[settlement(key, 1, Unknown)])?;
            messages::settle(conn, &[accepted(key, 1, &["b"])])?;
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_resend_begins_anew(database) {
        let key = sending(&database, 1, 1).await;
        let work = move |conn: &mut Conn| {
            let half = [Some("a".to_owned()), None];
            let half = Settlement {
                parts: half.map(|provider_id| SettledPart { provider_id }).to_vec(),
                ..settlement(key, 1, Unknown)
            };
            messages::settle(conn, &[half])?;
            let again = Settlement { attempt: 2, ..accepted(key, 1, &["b", "c"]) };
            messages::settle(conn, &[again])?;
            // A failure of the first attempt says nothing about the second.
            hear(conn, "a", Undeliverable)?;
            hear(conn, "b", Delivered)?;
            assert_eq!(status_of(conn, key, 1)?, Some(Sent));
            hear(conn, "c", Delivered)?;
            assert_eq!(status_of(conn, key, 1)?, Some(Delivered));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn waiting_ends_as_unknown(database) {
        let key = sending(&database, 1, 3).await;
        let work = move |conn: &mut Conn| {
            let late = Settlement { at: at(50), ..accepted(key, 3, &["c"]) };
            messages::settle(conn, &[accepted(key, 1, &["a1", "a2"]), accepted(key, 2, &["b"]), late])?;
            hear(conn, "a1", Expired)?;
            hear(conn, "b", Accepted)?;
            assert_eq!(messages::expire_outstanding(conn, at(10), at(99))?, Expiry::default());
            let expired = messages::expire_outstanding(conn, at(11), at(99))?;
            assert_eq!(expired, Expiry { removed: 3, given_up: 2 });
            let statuses = [1, 2, 3].map(|seq| status_of(conn, key, seq).unwrap());
            assert_eq!(statuses, [Some(Expired), Some(Unknown), Some(Sent)]);
            assert_eq!(outstanding(conn)?, 1);
            let place = RecipientKey { campaign: key, seq: 2 };
            assert_eq!(messages::find(conn, CLIENT, place)?.unwrap().received_at, None);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn messages_are_read_by_their_client_alone(database) {
        let key = sending(&database, 1, 3).await;
        let work = move |conn: &mut Conn| {
            messages::settle(conn, &[1, 2, 3].map(|seq| accepted(key, seq, &[&seq.to_string()])))?;
            let place = RecipientKey { campaign: key, seq: 2 };
            let message = messages::find(conn, CLIENT, place)?.unwrap();
            assert_eq!((message.recipient, message.phone), (place, contact(2).phone));
            assert_eq!((message.text.as_str(), message.sender.as_str()), ("Hello Zoë", "ACME"));
            assert_eq!((message.parts, message.sent_at, message.received_at), (1, at(10), None));
            assert_eq!(messages::find(conn, STRANGER, place)?, None);
            let second = messages::page(conn, CLIENT, &page(2, 2))?;
            assert_eq!((second.total_records, second.items.len()), (3, 1));
            assert_eq!(messages::page(conn, STRANGER, &page(1, 10))?.items, []);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn hundreds_at_once_are_settled_and_delivered(database) {
        let key = sending(&database, 1, 2_500).await;
        let work = move |conn: &mut Conn| {
            let batch: Vec<_> = (1..=2_500)
                .map(|seq| accepted(key, seq, &[&format!("x{seq}")]))
                .collect();
            assert_eq!(messages::settle(conn, &batch)?.stored, 2_500);
            let receipts: Vec<_> = (1..=2_600)
                .map(|seq| receipt(&format!("x{seq}"), Delivered, 20))
                .collect();
            let came = messages::apply_receipts(conn, "main", &receipts)?;
            assert_eq!(came, Receipts { matched: 2_500, unmatched: 100, ..NONE });
            assert_eq!(messages::counts(conn, key)?, Counts { delivered: 2_500, ..Counts::default() });
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}

/// On SQLite there is one writer, and nothing can cross.
#[tokio::test]
async fn a_receipt_that_crosses_its_settling_is_joined_by_the_sweep() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let key = sending(&database, 1, 1).await;
    let both = Arc::new(Barrier::new(2));
    let (settled, heard) = (Arc::clone(&both), both);
    let settle = database.write(move |conn| {
        let done = messages::settle(conn, &[accepted(key, 1, &["a"])])?;
        settled.wait();
        Ok(done)
    });
    let receive = database.write(move |conn| {
        let done = hear(conn, "a", Delivered)?;
        heard.wait();
        Ok(done)
    });
    let (settled, received) = tokio::join!(settle, receive);
    assert_eq!(settled.unwrap().joined, Joined::new());
    assert_eq!(received.unwrap(), UNMATCHED);
    let sweep = move |conn: &mut Conn| {
        assert_eq!(messages::rematch(conn, at(21), 10)?, Joined::new());
        assert_eq!(messages::rematch(conn, at(20), 10)?, one_joined());
        assert_eq!(messages::rematch(conn, at(0), 10)?, Joined::new());
        assert_eq!(unmatched(conn)?, 0);
        status_of(conn, key, 1)
    };
    assert_eq!(database.write(sweep).await.unwrap(), Some(Delivered));
}
