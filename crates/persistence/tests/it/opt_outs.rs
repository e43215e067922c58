//! Opt-outs: what is in force, what was, and whom a message may be sent to.

use std::collections::BTreeSet;

use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::message::MessageStatus;
use clarion_domain::opt_out::{
    Consent, NewOptOut, OptOutScope, OptOutSettings, OptOutSource, ScopeKind, SenderName,
};
use clarion_persistence::messages::{self, Settlement};
use clarion_persistence::opt_outs::{self, ConsentChange, Imported};
use clarion_persistence::{on_both, recipients};
use uuid::Uuid;

use crate::fixtures::{
    CLIENT, STRANGER, accepted, at, contact, page, receipt, sending, settlement, status_of,
};

fn change(scope: OptOutScope, second: i64) -> ConsentChange<'static> {
    ConsentChange {
        scope,
        source: OptOutSource::Keyword,
        probable: false,
        evidence: Some("STOP"),
        at: at(second),
    }
}

on_both! {
    async fn an_opt_out_stands_once_and_its_history_stays(database) {
        sending(&database.store(), 1, 3).await;
        let work = |conn: &mut _| {
            let phone = contact(1).phone;
            let first = opt_outs::record(conn, CLIENT, phone, &change(OptOutScope::Client, 1))?;
            let again = opt_outs::record(conn, CLIENT, phone, &change(OptOutScope::Client, 2))?;
            assert!(first.is_new && !again.is_new);
            assert_eq!(first.id, again.id);
            let listed = opt_outs::page(conn, CLIENT, &page(1, 10))?;
            assert_eq!(listed.total_records, 1);
            assert_eq!(listed.items[0].created_at, at(1));
            assert_eq!(opt_outs::find(conn, STRANGER, first.id)?, None);
            let api = OptOutSource::Api;
            assert!(!opt_outs::withdraw(conn, STRANGER, first.id, api, "no", at(3))?);
            assert!(opt_outs::withdraw(conn, CLIENT, first.id, api, "asked us", at(3))?);
            assert!(!opt_outs::withdraw(conn, CLIENT, first.id, api, "asked us", at(4))?);
            assert!(!opt_outs::is_out(conn, CLIENT, phone, &OptOutScope::Client)?);
            let log = opt_outs::history(conn, CLIENT, &page(1, 10))?.items;
            let lines: Vec<_> = log.iter().map(|line| (line.consent, line.evidence.as_deref())).collect();
            assert_eq!(lines, [(Consent::OptIn, Some("asked us")), (Consent::OptOut, Some("STOP"))]);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_provider_s_refusal_is_an_opt_out_once(database) {
        let key = sending(&database.store(), 1, 4).await;
        let work = move |conn: &mut _| {
            let refused = Settlement {
                error: Some("0x00000421".to_owned()),
                ..settlement(key, 1, MessageStatus::OptedOut)
            };
            // Held back here, which is no news of anybody.
            let held_back = settlement(key, 2, MessageStatus::OptedOut);
            messages::settle(conn, &[refused.clone(), held_back, accepted(key, 3, &["c"])])?;
            let of = |id| DeliveryReceipt {
                error: Some("034".to_owned()),
                ..receipt(id, MessageStatus::OptedOut, 20)
            };
            // The last overtakes its answer.
            messages::apply_receipts(conn, "main", &[of("c"), of("d")])?;
            messages::settle(conn, &[accepted(key, 4, &["d"])])?;
            let is_out = |conn: &mut _, seq| {
                opt_outs::is_out(conn, CLIENT, contact(seq).phone, &OptOutScope::Client)
            };
            for (seq, expected) in [(1, true), (2, false), (3, true), (4, true)] {
                assert_eq!(is_out(conn, seq)?, expected, "{seq}");
                assert_eq!(status_of(conn, key, seq)?, Some(MessageStatus::OptedOut));
            }
            let log = opt_outs::history(conn, CLIENT, &page(1, 10))?.items;
            let evidence: Vec<_> = log.iter().map(|line| line.evidence.as_deref()).collect();
            let by_receipt = Some("gateway main, receipt with error 034");
            let by_answer = Some("gateway main, answer 0x00000421");
            assert_eq!(evidence, [by_receipt, by_receipt, by_answer]);
            assert!(log.iter().all(|line| line.source == OptOutSource::Provider));
            // Whoever has opted in since stays so, when what is known already is told again.
            for seq in [1, 3] {
                opt_outs::opt_in(conn, CLIENT, contact(seq).phone, OptOutSource::Api, None, at(30))?;
            }
            messages::settle(conn, &[refused])?;
            messages::apply_receipts(conn, "main", &[of("c")])?;
            assert!(!is_out(conn, 1)? && !is_out(conn, 3)?);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn a_scope_suppresses_what_falls_under_it(database) {
        let key = sending(&database.store(), 1, 6).await;
        let work = move |conn: &mut _| {
            let group = recipients::range(conn, key, 2, 2)?[0].contact.contact_group_id.unwrap();
            for (seq, scope) in [
                (1, OptOutScope::Client),
                (2, OptOutScope::Group(group)),
                (3, OptOutScope::Group(group)),
                (4, OptOutScope::Group(Uuid::from_u128(99))),
                (5, OptOutScope::of_sender("acme")),
                (6, OptOutScope::of_sender("other")),
            ] {
                opt_outs::record(conn, CLIENT, contact(seq).phone, &change(scope, 1))?;
            }
            opt_outs::hold(conn, CLIENT)?;
            let acme = SenderName::of("ACME");
            let all = [1, 2, 3, 4, 5, 6];
            let found = opt_outs::suppressed(conn, CLIENT, &acme, key, &all)?;
            assert_eq!(found, BTreeSet::from([1, 2, 5]));
            let found = opt_outs::suppressed(conn, CLIENT, &acme, key, &[2, 3])?;
            assert_eq!(found, BTreeSet::from([2]));
            assert_eq!(opt_outs::suppressed(conn, STRANGER, &acme, key, &all)?, BTreeSet::new());
            assert_eq!(opt_outs::opt_in(conn, CLIENT, contact(5).phone, OptOutSource::Keyword, None, at(2))?, 1);
            let found = opt_outs::suppressed(conn, CLIENT, &acme, key, &all)?;
            assert_eq!(found, BTreeSet::from([1, 2]));
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn what_a_client_has_set_is_kept_and_nobody_elses(database) {
        sending(&database.store(), 1, 1).await;
        let work = |conn: &mut _| {
            let set = OptOutSettings {
                language: "de".to_owned(),
                scope: ScopeKind::Sender,
                confirmation: false,
                brand: Some("Acme".to_owned()),
                stop_words: Some(vec!["stop".to_owned(), "nicht mehr".to_owned()]),
                help_text: Some("Acme: STOP".to_owned()),
                ..OptOutSettings::default()
            };
            assert_eq!(opt_outs::settings(conn, CLIENT)?, None);
            opt_outs::set(conn, CLIENT, &OptOutSettings::default(), at(1))?;
            opt_outs::set(conn, CLIENT, &set, at(2))?;
            assert_eq!(opt_outs::settings(conn, CLIENT)?, Some(set));
            assert_eq!(opt_outs::settings(conn, STRANGER)?, None);
            opt_outs::unset(conn, CLIENT)?;
            assert_eq!(opt_outs::settings(conn, CLIENT)?, None);
            Ok(())
        };
        database.write(work).await.unwrap();
    }

    async fn an_import_adds_what_is_not_known(database) {
        sending(&database.store(), 1, 1).await;
        let work = |conn: &mut _| {
            let new = |index: u32, scope| NewOptOut {
                number: contact(index).phone,
                scope,
                source: OptOutSource::Import,
                evidence: (index == 1).then(|| "the old list".to_owned()),
            };
            let client = OptOutScope::Client;
            opt_outs::record(conn, CLIENT, contact(1).phone, &change(client.clone(), 1))?;
            let list: Vec<_> = (1..=2_500)
                .map(|index| new(index, client.clone()))
                .chain([new(2, client.clone()), new(1, OptOutScope::of_sender("ACME"))])
                .collect();
            let done = opt_outs::import(conn, CLIENT, &list, at(2))?;
            assert_eq!((done.added, done.known), (2_500, 2));
            let done = opt_outs::import(conn, CLIENT, &list, at(3))?;
            assert_eq!((done.added, done.known), (0, 2_502));
            assert_eq!(opt_outs::import(conn, CLIENT, &[], at(3))?, Imported::default());
            let log = opt_outs::history(conn, CLIENT, &page(1, 1))?;
            assert_eq!(log.total_records, 2_501);
            let last = &log.items[0];
            assert_eq!((last.source, last.evidence.as_deref()), (OptOutSource::Import, Some("the old list")));
            assert_eq!(last.scope, OptOutScope::of_sender("ACME"));
            assert_eq!(opt_outs::page(conn, STRANGER, &page(1, 1))?.total_records, 0);
            Ok(())
        };
        database.write(work).await.unwrap();
    }
}
