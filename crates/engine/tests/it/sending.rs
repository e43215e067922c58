//! Each message leaves once, whatever the gateway answers and whatever is asked of its campaign meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use clarion_domain::campaign::CampaignStatus;
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::{Gateway, Inbound, InboundMessage, Submission};
use clarion_domain::link::LinkKind;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::PageRequest;
use clarion_persistence::{campaigns, inbound_messages, on_both};

use crate::fake_gateway::{Answer, FakeGateway, provider_id};
use crate::world::{World, links};

fn gateways(gateway: &Arc<FakeGateway>) -> Vec<Arc<dyn Gateway>> {
    vec![Arc::clone(gateway) as Arc<dyn Gateway>]
}

fn seqs(submitted: &[Submission]) -> Vec<u32> {
    let mut seqs: Vec<u32> = submitted
        .iter()
        .map(|message| message.recipient.seq)
        .collect();
    seqs.sort_unstable();
    seqs
}

/// Sends ten of a hundred, and lets something happen to the campaign while they are under way.
async fn interrupted(
    world: &World,
    engine: &clarion_engine::Engine,
    gateway: &FakeGateway,
    interrupt: impl AsyncFnOnce(clarion_domain::campaign::CampaignId),
) -> clarion_domain::campaign::CampaignId {
    let id = world.create(engine, 100).await;
    gateway.has_submitted(10).await;
    interrupt(id).await;
    gateway.follow(|_| Answer::Accept);
    gateway.answer_all(Answer::Accept);
    // A later campaign that gets through shows that the first is not only slow.
    let later = world.create(engine, 50).await;
    world.reaches(later, CampaignStatus::Submitted).await;
    id
}

fn of_campaign(world_key: i64, submitted: Vec<Submission>) -> Vec<Submission> {
    submitted
        .into_iter()
        .filter(|message| message.recipient.campaign.0 == world_key)
        .collect()
}

fn gateway_that_accepts() -> Arc<FakeGateway> {
    FakeGateway::new(100, |_| Answer::Accept)
}

on_both! {
    async fn every_contact_ends_once(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(100, |message| match message.recipient.seq % 5 {
            0 => Answer::Refuse,
            1 => Answer::Unknown,
            2 if message.attempt == 1 => Answer::NotWritten,
            _ => Answer::Accept,
        });
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 2_500).await;
        world.reaches(id, CampaignStatus::Submitted).await;

        let campaign = world.campaign(id).await.unwrap();
        for (status, seq) in world.statuses(&campaign).await.into_iter().zip(1..) {
            let expected = match seq % 5 {
                0 => MessageStatus::RejectedInvalidRecipient,
                1 => MessageStatus::Unknown,
                _ => MessageStatus::Sent,
            };
            assert_eq!(status, Some(expected), "recipient {seq}");
        }
        let mut times: HashMap<u32, Vec<i16>> = HashMap::new();
        for message in gateway.submitted() {
            times
                .entry(message.recipient.seq)
                .or_default()
                .push(message.attempt);
        }
        for seq in 1..=2_500 {
            let expected: &[i16] = if seq % 5 == 2 { &[1, 2] } else { &[1] };
            assert_eq!(times[&seq], expected, "recipient {seq}");
        }
        running.stop().await;
    }

    async fn each_gets_a_tracked_link_of_their_own(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let mut content = world.content("Sale {Name} https://shop.example/sale.");
        content.track_link_url = Some("https://shop.example/sale".to_owned());
        let id = world.create_saying(&engine, 2, content).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        for message in gateway.submitted() {
            let index = message.recipient.seq - 1;
            let link = links().link(LinkKind::Track, message.recipient);
            assert_eq!(&*message.text, format!("Sale Name{index} {link}."));
        }
        running.stop().await;
    }

    async fn the_message_is_put_into_words_for_each_and_keeps_its_reference(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |message| match message.attempt {
            1 => Answer::NotWritten,
            _ => Answer::Accept,
        });
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 2).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        let submitted = gateway.submitted();
        assert_eq!(submitted.len(), 4);
        for message in &submitted {
            let index = message.recipient.seq - 1;
            assert_eq!(&*message.text, format!("Hello Name{index}"));
            assert_eq!(
                message.destination.to_string(),
                format!("+4477221{index:05}")
            );
            assert_eq!(message.sender.as_str(), "ACME");
            let first = submitted
                .iter()
                .find(|first| first.recipient == message.recipient)
                .unwrap();
            assert_eq!(message.reference, first.reference);
        }
        running.stop().await;
    }

    async fn a_paused_campaign_sends_nothing_until_it_is_resumed_and_then_the_rest(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let id = interrupted(&world, &engine, &gateway, async |id| {
            world.ask(&engine, id, campaigns::pause).await;
        })
        .await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Paused);
        let sent = of_campaign(campaign.key.0, gateway.submitted());
        assert_eq!(seqs(&sent), (1..=10).collect::<Vec<_>>());

        let (now, content) = (world.now(), world.content("Changed"));
        world
            .store
            .write(move |conn| campaigns::replace(conn, FIRST_CLIENT, id, &content, now))
            .await
            .unwrap();
        world.ask(&engine, id, campaigns::resume).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        let sent = of_campaign(campaign.key.0, gateway.submitted());
        assert_eq!(seqs(&sent), (1..=100).collect::<Vec<_>>());
        for message in sent {
            let is_changed = &*message.text == "Changed";
            assert_eq!(is_changed, message.recipient.seq > 10);
        }
        running.stop().await;
    }

    async fn what_was_read_before_a_change_is_not_sent_after_it(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 100).await;
        gateway.has_submitted(10).await;
        // The sender waits for room all the while, with the rest of the unit in hand.
        world.ask(&engine, id, campaigns::pause).await;
        world.clock.advance(TimeDelta::seconds(1));
        let (now, content) = (world.now(), world.content("Changed"));
        world
            .store
            .write(move |conn| campaigns::replace(conn, FIRST_CLIENT, id, &content, now))
            .await
            .unwrap();
        world.ask(&engine, id, campaigns::resume).await;
        gateway.follow(|_| Answer::Accept);
        gateway.answer_all(Answer::Accept);
        world.reaches(id, CampaignStatus::Submitted).await;
        let sent = gateway.submitted();
        assert_eq!(seqs(&sent), (1..=100).collect::<Vec<_>>());
        for message in sent {
            let is_changed = &*message.text == "Changed";
            assert_eq!(is_changed, message.recipient.seq > 10);
        }
        running.stop().await;
    }

    async fn nothing_more_of_a_cancelled_campaign_is_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let id = interrupted(&world, &engine, &gateway, async |id| {
            world.ask(&engine, id, campaigns::cancel).await;
        })
        .await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Cancelled);
        let sent = of_campaign(campaign.key.0, gateway.submitted());
        assert_eq!(sent.len(), 10);
        let statuses = world.statuses(&campaign).await;
        assert_eq!(statuses[..10], [Some(MessageStatus::Sent); 10]);
        assert_eq!(statuses[10..], [None; 90]);
        running.stop().await;
    }

    async fn nothing_more_of_a_deleted_campaign_is_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let id = interrupted(&world, &engine, &gateway, async |id| {
            let now = world.now();
            let deleted = world
                .store
                .write(move |conn| campaigns::delete(conn, FIRST_CLIENT, id, now))
                .await;
            assert!(deleted.unwrap());
        })
        .await;
        assert!(world.campaign(id).await.is_none());
        // Ten of the deleted one, fifty of the later one.
        assert_eq!(gateway.submitted().len(), 60);
        running.stop().await;
    }

    async fn a_message_of_unknown_outcome_is_not_sent_again(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(10, |_| Answer::Unknown);
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 30).await;
        world.reaches(id, CampaignStatus::Completed).await;
        running.stop().await;

        let second = world.engine("b");
        let running = second.start(gateways(&gateway_that_accepts()));
        let later = world.create(&second, 1).await;
        world.reaches(later, CampaignStatus::Submitted).await;
        assert_eq!(gateway.submitted().len(), 30);
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(
            world.statuses(&campaign).await,
            [Some(MessageStatus::Unknown); 30]
        );
        running.stop().await;
    }

    async fn a_receipt_counts_whether_it_comes_before_or_after_its_message_is_settled(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let inbound = engine.inbound_sink();
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 2).await;
        gateway.has_submitted(2).await;
        let ids: Vec<_> = gateway.submitted().iter().map(provider_id).collect();

        let early = world.receipt(&ids[0], MessageStatus::Delivered);
        inbound.receive("fake", early).await.unwrap();
        gateway.answer_all(Answer::Accept);
        world.reaches(id, CampaignStatus::Submitted).await;
        let late = world.receipt(&ids[1], MessageStatus::Undeliverable);
        inbound.receive("fake", late).await.unwrap();
        world.reaches(id, CampaignStatus::Completed).await;

        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(
            world.statuses(&campaign).await,
            [
                Some(MessageStatus::Delivered),
                Some(MessageStatus::Undeliverable)
            ]
        );
        let unknown = world.receipt("x", MessageStatus::Delivered);
        inbound.receive("fake", unknown).await.unwrap();
        let traffic = &engine.gateways().await.unwrap()[0];
        assert_eq!(traffic.state.name, "fake");
        let receipts = (traffic.receipts_matched, traffic.receipts_unmatched);
        assert_eq!(receipts, (2, 1));
        running.stop().await;
    }

    async fn a_campaign_waits_for_its_start(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let mut content = world.content("Hello");
        content.start_at = world.now() + TimeDelta::minutes(10);
        let id = world.create_saying(&engine, 5, content).await;
        let at_once = world.create(&engine, 1).await;
        world.reaches(at_once, CampaignStatus::Submitted).await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Pending);
        assert_eq!(gateway.submitted().len(), 1);

        world.clock.advance(TimeDelta::minutes(10));
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(gateway.submitted().len(), 6);
        running.stop().await;
    }

    async fn a_campaign_whose_start_was_missed_by_too_much_is_held_back(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let missed = world.create(&engine, 2).await;
        world.clock.advance(TimeDelta::hours(5));
        let late = world.create(&engine, 3).await;
        world.clock.advance(TimeDelta::hours(2));
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        world.reaches(late, CampaignStatus::Submitted).await;
        let campaign = world.campaign(missed).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Paused);
        assert!(campaign.paused_reason.unwrap().contains("missed"));
        assert_eq!(gateway.submitted().len(), 3);

        world.ask(&engine, missed, campaigns::resume).await;
        world.reaches(missed, CampaignStatus::Submitted).await;
        assert_eq!(gateway.submitted().len(), 5);
        running.stop().await;
    }

    async fn a_reply_is_stored_with_the_message_that_it_answers(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 3).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        let sent = gateway.submitted();
        let reply = InboundMessage {
            source: sent[1].destination.to_string(),
            destination: "ACME".to_owned(),
            text: "STOP".to_owned(),
            received_at: world.now(),
        };
        let inbound = engine.inbound_sink();
        inbound
            .receive("fake", Inbound::Message(reply.clone()))
            .await
            .unwrap();
        let replies = world
            .store
            .read(|conn| {
                inbound_messages::page(conn, FIRST_CLIENT, &PageRequest::default().into())
            })
            .await
            .unwrap();
        assert_eq!(replies.items.len(), 1);
        assert_eq!(replies.items[0].message, reply);
        assert_eq!(replies.items[0].recipient, Some(sent[1].recipient));
        assert_eq!(replies.items[0].campaign, Some(id));
        running.stop().await;
    }

    async fn a_small_campaign_does_not_wait_for_a_large_one(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let large = world.create(&engine, 1_500).await;
        let small = world.create(&engine, 10).await;
        let gateway = FakeGateway::new(10, |_| Answer::Accept);
        let running = engine.start(gateways(&gateway));
        world.reaches(small, CampaignStatus::Submitted).await;
        world.reaches(large, CampaignStatus::Submitted).await;
        let small = world.campaign(small).await.unwrap();
        let last_of_small = gateway
            .submitted()
            .iter()
            .rposition(|message| message.recipient.campaign == small.key);
        assert!(last_of_small.unwrap() < 40, "{last_of_small:?}");
        running.stop().await;
    }
}
