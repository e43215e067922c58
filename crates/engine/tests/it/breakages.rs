//! Messages that make the program panic: they are parked after three times, and the others are sent.

use std::sync::Arc;

use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::contact::ContactDraft;
use clarion_domain::gateway::Gateway;
use clarion_domain::message::MessageStatus::{Delivered, Parked, Sent};
use clarion_engine::Engine;
use clarion_persistence::{messages, on_both};

use crate::fake_gateway::{Answer, FakeGateway, provider_id};
use crate::world::{World, contact};

const CONTACTS: u32 = 20;
/// The place of the contact that is bad, in the middle of the others.
const BAD: usize = 7;

/// A campaign to contacts of which one breaks what has these words in its message.
async fn campaign_with(world: &World, engine: &Engine, words: &'static str) -> CampaignId {
    let mut contacts: Vec<ContactDraft<'static>> = (0..CONTACTS).map(contact).collect();
    contacts[BAD].name = Some(words.into());
    world
        .create_to(engine, contacts, world.content("Hello {Name}"))
        .await
}

/// Waits until all but the bad one are sent and that one is parked; then all end, and so does the campaign.
async fn all_others_are_sent(
    world: &World,
    engine: &Engine,
    gateway: &FakeGateway,
    id: CampaignId,
) {
    world.reaches(id, CampaignStatus::Submitted).await;
    let campaign = world.campaign(id).await.unwrap();
    let mut expected = [Some(Sent); CONTACTS as usize];
    expected[BAD] = Some(Parked);
    assert_eq!(world.statuses(&campaign).await, expected);
    let key = campaign.key;
    let counts = world
        .store
        .read(move |conn| messages::counts(conn, key))
        .await
        .unwrap();
    assert_eq!((counts.sent, counts.failed, counts.parked), (19, 1, 1));
    let inbound = engine.inbound_sink();
    for (recipient, answer) in gateway.answered() {
        if answer == Answer::Accept {
            let message = gateway
                .submitted()
                .into_iter()
                .find(|message| message.recipient == recipient);
            let receipt = world.receipt(&provider_id(&message.unwrap()), Delivered);
            assert_eq!(inbound.receive("fake", receipt).await, Ok(()));
        }
    }
    world.reaches(id, CampaignStatus::Completed).await;
}

on_both! {
    async fn what_cannot_be_put_into_words_is_parked_and_the_others_are_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("node");
        let gateway = FakeGateway::new(5, |_| Answer::Accept);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let id = campaign_with(&world, &engine, "[break at rendering]").await;
        all_others_are_sent(&world, &engine, &gateway, id).await;
        running.stop().await;
        assert_eq!(gateway.submitted().len(), 19);
    }

    async fn what_breaks_the_gateway_three_times_is_parked_and_the_others_are_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("node");
        let gateway = FakeGateway::new(5, |message| match message.text.contains("bad") {
            true => Answer::Break,
            false => Answer::Accept,
        });
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let id = campaign_with(&world, &engine, "bad").await;
        all_others_are_sent(&world, &engine, &gateway, id).await;
        running.stop().await;
        assert_eq!(gateway.submitted().len(), 19 + 3);
    }

    async fn what_breaks_the_gateway_twice_is_sent(database) {
        let world = World::new(database).await;
        let engine = world.engine("node");
        let gateway = FakeGateway::new(5, |message| match message.attempt {
            3 => Answer::Accept,
            _ => Answer::Break,
        });
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let id = world.create(&engine, 1).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(world.statuses(&campaign).await, [Some(Sent)]);
        running.stop().await;
    }
}
