//! Nobody is sent more than their client may send to one person.

use std::sync::Arc;

use chrono::TimeDelta;
use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::gateway::Gateway;
use clarion_domain::message::MessageStatus::{self, FrequencyCapped, Sent};
use clarion_persistence::{clients, messages, on_both};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::World;

async fn cap(world: &World, count: u32, hours: u32) {
    let cap = FrequencyCap::new(count, hours);
    let set = move |conn: &mut _| clients::set_max_per_person(conn, FIRST_CLIENT, cap);
    assert!(world.store.write(set).await.unwrap());
}

async fn have(world: &World, id: CampaignId, expected: &[MessageStatus]) {
    world.reaches(id, CampaignStatus::Submitted).await;
    let campaign = world.campaign(id).await.unwrap();
    let statuses = world.statuses(&campaign).await;
    let expected: Vec<_> = expected.iter().copied().map(Some).collect();
    assert_eq!(statuses, expected);
}

on_both! {
    async fn who_has_had_as_much_as_may_be_is_sent_no_more_until_it_is_old(database) {
        let world = World::new(database).await;
        cap(&world, 1, 24).await;
        let engine = world.engine("a");
        let mut times = 0;
        // The first is not written at first, and has its place all the same.
        let gateway = FakeGateway::new(10, move |_| {
            times += 1;
            match times {
                1 => Answer::NotWritten,
                _ => Answer::Accept,
            }
        });
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        let first = world.create(&engine, 3).await;
        have(&world, first, &[Sent; 3]).await;
        let second = world.create(&engine, 4).await;
        have(&world, second, &[FrequencyCapped, FrequencyCapped, FrequencyCapped, Sent]).await;
        assert_eq!(gateway.submitted().len(), 3 + 1 + 1);
        world.clock.advance(TimeDelta::hours(24));
        let third = world.create(&engine, 4).await;
        have(&world, third, &[Sent; 4]).await;
        let counts = world.campaign(second).await.unwrap().key;
        let counts = world.store.read(move |conn| messages::counts(conn, counts)).await.unwrap();
        assert_eq!((counts.sent, counts.failed), (1, 3));
        running.stop().await;
    }

    async fn of_two_campaigns_at_once_each_person_gets_one(database) {
        let world = World::new(database).await;
        cap(&world, 1, 24).await;
        let engines = [world.engine("a"), world.engine("b")];
        let gateways = [0, 1].map(|_| FakeGateway::new(7, |_| Answer::Accept));
        let campaigns = [world.create(&engines[0], 200).await, world.create(&engines[1], 200).await];
        let running = [0, 1].map(|node| {
            engines[node].start(vec![Arc::clone(&gateways[node]) as Arc<dyn Gateway>])
        });
        let mut of_both = Vec::new();
        for id in campaigns {
            world.reaches(id, CampaignStatus::Submitted).await;
            let campaign = world.campaign(id).await.unwrap();
            of_both.push(world.statuses(&campaign).await);
        }
        for (one, other) in of_both[0].iter().zip(&of_both[1]) {
            let both = [*one, *other];
            assert!(both.contains(&Some(Sent)) && both.contains(&Some(FrequencyCapped)), "{both:?}");
        }
        for running in running {
            running.stop().await;
        }
    }
}
