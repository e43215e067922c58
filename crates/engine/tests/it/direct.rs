//! A message by itself goes the way of all others.

use std::collections::BTreeMap;
use std::sync::Arc;

use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::Gateway;
use clarion_domain::message::{MessageContent, MessageStatus};
use clarion_domain::page::PageRequest;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::RecipientKey;
use clarion_domain::sender::SenderId;
use clarion_domain::tariff::{GatewayTariff, Price, Tariffs};
use clarion_engine::EngineSettings;
use clarion_persistence::messages::{self, Message};
use clarion_persistence::{campaigns, on_both};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::{World, links};

fn content() -> MessageContent {
    MessageContent {
        text: "{Name} means nothing".to_owned(),
        sender: SenderId::Alphanumeric("ACME".to_owned()),
        phone: PhoneNumber::from_stored("+447722123456", Region::new("GB").unwrap()).unwrap(),
        segments: 1,
    }
}

/// What the gateway of the tests takes for a part.
const PART: Price = Price { millionths: 45_000 };

fn tariffs() -> Tariffs {
    let gateway = GatewayTariff {
        default: Some(PART),
        ..GatewayTariff::default()
    };
    Tariffs {
        gateways: BTreeMap::from([("fake".to_owned(), gateway)]),
        ..Tariffs::default()
    }
}

async fn find(world: &World, message: RecipientKey) -> Message {
    let found = world
        .store
        .read(move |conn| messages::find(conn, FIRST_CLIENT, message))
        .await;
    found.unwrap().expect("the message")
}

async fn listed(world: &World) -> (u64, u64) {
    let all = PageRequest::default().into();
    let count = move |conn: &mut _| {
        let campaigns = campaigns::page(conn, FIRST_CLIENT, &all)?;
        let messages = messages::page(conn, FIRST_CLIENT, &all)?;
        assert_eq!(messages.items.len() as u64, messages.total_records);
        Ok((campaigns.total_records, messages.total_records))
    };
    world.store.read(count).await.unwrap()
}

on_both! {
    async fn a_direct_message_is_there_at_once_and_sent_once(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            tariffs: Arc::new(tariffs()),
            ..EngineSettings::of_node("a", links())
        });
        let key = engine.send_direct(FIRST_CLIENT, content()).await.unwrap();
        assert_eq!(listed(&world).await, (0, 1));
        let queued = find(&world, key).await;
        assert_eq!((queued.status, queued.parts), (MessageStatus::Queued, 1));

        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        gateway.has_submitted(1).await;
        let on_its_way = find(&world, key).await;
        assert_eq!(on_its_way.status, MessageStatus::Queued);
        assert_eq!(on_its_way.text, content().text);
        assert_eq!(listed(&world).await, (0, 1));

        gateway.answer_all(Answer::Accept);
        world
            .eventually(async || find(&world, key).await.status == MessageStatus::Sent)
            .await;
        let sent = find(&world, key).await;
        assert_eq!((sent.text, sent.campaign, sent.attempt), (content().text, None, 1));
        assert_eq!((sent.phone, sent.sender.as_str()), (content().phone, "ACME"));
        assert_eq!(sent.price, Some(PART));
        assert_eq!(listed(&world).await, (0, 1));
        running.stop().await;
        assert_eq!(gateway.submitted().len(), 1);
    }
}
