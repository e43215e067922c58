//! Nobody who has opted out is written to.

use std::collections::BTreeMap;
use std::sync::Arc;

use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::{DeliveryReceipt, Gateway, Inbound, InboundMessage};
use clarion_domain::message::MessageStatus;
use clarion_domain::opt_out::{
    Consent, KeywordRules, Language, OptOutScope, OptOutSettings, OptOutSource, ScopeKind, Words,
};
use clarion_domain::page::PageRequest;
use clarion_domain::sender::SenderId;
use clarion_engine::{Engine, EngineSettings};
use clarion_persistence::opt_outs::{self, ConsentChange};
use clarion_persistence::{on_both, recipients};

use crate::fake_gateway::{Answer, FakeGateway, provider_id};
use crate::world::{World, contact, links};

/// The recipients with these sequence numbers want nothing more.
async fn opt_out(world: &World, campaign: CampaignId, seqs: &'static [u32]) {
    let key = world.campaign(campaign).await.unwrap().key;
    let now = world.now();
    let record = move |conn: &mut _| {
        for seq in seqs {
            let phone = recipients::range(conn, key, *seq, *seq)?[0].contact.phone;
            let change = ConsentChange {
                scope: OptOutScope::Client,
                source: OptOutSource::Api,
                probable: false,
                evidence: None,
                at: now,
            };
            opt_outs::record(conn, FIRST_CLIENT, phone, &change)?;
        }
        Ok(())
    };
    world.store.write(record).await.unwrap();
}

on_both! {
    async fn what_was_not_handed_over_at_an_opt_out_is_never_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let id = world.create(&engine, 100).await;
        gateway.has_submitted(10).await;
        opt_out(&world, id, &[3, 7, 11, 50, 99, 100]).await;
        gateway.follow(|_| Answer::Accept);
        // Those that are under way turn out not to be written: they would be sent again.
        gateway.answer_all(Answer::NotWritten);
        world.reaches(id, CampaignStatus::Submitted).await;

        let campaign = world.campaign(id).await.unwrap();
        for (status, seq) in world.statuses(&campaign).await.into_iter().zip(1..) {
            let expected = match seq {
                3 | 7 | 11 | 50 | 99 | 100 => MessageStatus::OptedOut,
                _ => MessageStatus::Sent,
            };
            assert_eq!(status, Some(expected), "recipient {seq}");
        }
        let submitted = gateway.submitted();
        let to = |seq| submitted.iter().filter(|message| message.recipient.seq == seq).count();
        assert_eq!([3, 7, 11, 50, 99, 100].map(to), [1, 1, 0, 0, 0, 0]);
        running.stop().await;
    }
}

on_both! {
    async fn who_has_opted_out_at_the_provider_is_sent_nothing_more(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |message| match message.recipient.seq {
            2 => Answer::OptedOut,
            _ => Answer::Accept,
        });
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let first = world.create(&engine, 4).await;
        world.reaches(first, CampaignStatus::Submitted).await;
        let to_third = &gateway.submitted()[2];
        let Inbound::Receipt(receipt) =
            world.receipt(&provider_id(to_third), MessageStatus::OptedOut)
        else {
            unreachable!()
        };
        let receipt = DeliveryReceipt {
            error: Some("1021".to_owned()),
            ..receipt
        };
        let sink = engine.inbound_sink();
        sink.receive("fake", Inbound::Receipt(receipt)).await.unwrap();
        let second = world.create(&engine, 4).await;
        world.reaches(second, CampaignStatus::Submitted).await;

        for id in [first, second] {
            let campaign = world.campaign(id).await.unwrap();
            let statuses = world.statuses(&campaign).await;
            let (sent, out) = (Some(MessageStatus::Sent), Some(MessageStatus::OptedOut));
            assert_eq!(statuses, [sent, out, out, sent]);
        }
        assert_eq!(gateway.submitted().len(), 4 + 2);
        let log = world.store.read(|conn| opt_outs::history(conn, FIRST_CLIENT, &PageRequest::default().into()));
        let log = log.await.unwrap().items;
        let lines: Vec<_> = log.iter().map(|line| (line.source, line.evidence.as_deref())).collect();
        assert_eq!(lines, [
            (OptOutSource::Provider, Some("gateway fake, receipt with error 1021")),
            (OptOutSource::Provider, Some("gateway fake, answer 0x00000421")),
        ]);
        running.stop().await;
    }
}

fn keywords() -> Arc<KeywordRules> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let english = Language {
        stop_text: "You are out.".to_owned(),
        help_text: "Write STOP or START.".to_owned(),
        ..Language::default()
    };
    Arc::new(KeywordRules {
        words: Words {
            stop: words(&["stop"]),
            stop_with_more: words(&["stop"]),
            start: words(&["start"]),
            start_if_opted_out: words(&["yes"]),
            help: words(&["help"]),
        },
        languages: BTreeMap::from([("en".to_owned(), english)]),
        ..KeywordRules::default()
    })
}

/// A reply of a recipient to the sender of the tests' campaigns.
async fn reply(world: &World, engine: &Engine, to: u32, text: &str) {
    let message = InboundMessage {
        source: contact(to).phone_number.unwrap().into_owned(),
        destination: "+447860000001".to_owned(),
        text: text.to_owned(),
        received_at: world.now(),
    };
    let sink = engine.inbound_sink();
    sink.receive("fake", Inbound::Message(message))
        .await
        .unwrap();
}

on_both! {
    async fn a_reply_opts_out_is_confirmed_once_and_opts_in_again(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            keywords: keywords(),
            ..EngineSettings::of_node("a", links())
        });
        let gateway = FakeGateway::new(10, |_| Answer::Accept);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let mut content = world.content("Hello");
        content.sender = SenderId::parse("+447860000001").unwrap();
        let first = world.create_saying(&engine, 2, content.clone()).await;
        world.reaches(first, CampaignStatus::Submitted).await;

        reply(&world, &engine, 0, "Stop!").await;
        gateway.has_submitted(3).await;
        reply(&world, &engine, 0, "stop sending me this").await;
        let second = world.create_saying(&engine, 2, content.clone()).await;
        world.reaches(second, CampaignStatus::Submitted).await;
        reply(&world, &engine, 1, "please don't stop").await;
        reply(&world, &engine, 0, "YES").await;
        reply(&world, &engine, 1, "help").await;
        gateway.has_submitted(5).await;
        let third = world.create_saying(&engine, 2, content).await;
        world.reaches(third, CampaignStatus::Submitted).await;

        let submitted = gateway.submitted();
        let to = |index: u32| {
            let phone = contact(index).phone_number.unwrap().into_owned();
            let own = submitted.iter().filter(|message| message.destination.to_string() == phone);
            own.map(|message| &*message.text).collect::<Vec<_>>()
        };
        assert_eq!(to(0), ["Hello", "You are out.", "Hello"]);
        assert_eq!(to(1), ["Hello", "Hello", "Write STOP or START.", "Hello"]);
        let log = world.store.read(|conn| opt_outs::history(conn, FIRST_CLIENT, &PageRequest::default().into()));
        let log = log.await.unwrap().items;
        let lines: Vec<_> = log.iter().map(|line| (line.consent, line.evidence.as_deref())).collect();
        assert_eq!(lines, [(Consent::OptIn, Some("YES")), (Consent::OptOut, Some("Stop!"))]);
        running.stop().await;
    }

    async fn what_a_client_sets_holds_from_the_next_reply_on(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            keywords: keywords(),
            ..EngineSettings::of_node("a", links())
        });
        let gateway = FakeGateway::new(10, |_| Answer::Accept);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let mut content = world.content("Hello");
        content.sender = SenderId::parse("+447860000001").unwrap();
        let id = world.create_saying(&engine, 2, content).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        reply(&world, &engine, 0, "help").await;
        gateway.has_submitted(3).await;
        let now = world.now();
        let set = OptOutSettings {
            scope: ScopeKind::Sender,
            brand: Some("Acme".to_owned()),
            stop_words: Some(vec!["stop".to_owned(), "enough".to_owned()]),
            help_words: Some(vec!["what".to_owned()]),
            stop_text: Some("Acme says bye.".to_owned()),
            ..OptOutSettings::default()
        };
        let work = move |conn: &mut _| opt_outs::set(conn, FIRST_CLIENT, &set, now);
        world.store.write(work).await.unwrap();
        reply(&world, &engine, 1, "help").await;
        reply(&world, &engine, 1, "What?").await;
        gateway.has_submitted(4).await;
        reply(&world, &engine, 0, "ENOUGH").await;
        gateway.has_submitted(5).await;
        let texts: Vec<_> = gateway.submitted()[2..]
            .iter()
            .map(|message| message.text.to_string())
            .collect();
        assert_eq!(texts, ["Write STOP or START.", "Acme: Write STOP or START.", "Acme says bye."]);
        let list = world.store.read(|conn| opt_outs::page(conn, FIRST_CLIENT, &PageRequest::default().into()));
        let list = list.await.unwrap().items;
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].scope, OptOutScope::of_sender("+447860000001"));
        running.stop().await;
    }
}
