//! Opt-outs: what is in force, what was, and whom a message may be sent to.

use std::collections::BTreeSet;

use clarion_domain::opt_out::{Consent, OptOutScope, OptOutSource, SenderName};
use clarion_persistence::opt_outs::{self, ConsentChange};
use clarion_persistence::{on_both, recipients};
use uuid::Uuid;

use crate::fixtures::{CLIENT, STRANGER, at, contact, page, sending};

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
}
