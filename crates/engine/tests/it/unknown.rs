//! Messages of which nobody knows whether they were sent, where the policy is to send them again.

use std::sync::Arc;

use chrono::TimeDelta;
use clarion_domain::campaign::{CampaignStatus, OnUnknown};
use clarion_domain::gateway::Gateway;
use clarion_domain::message::MessageStatus;
use clarion_engine::EngineSettings;
use clarion_persistence::{on_both, testing};

use crate::fake_gateway::{Answer, FakeGateway, provider_id};
use crate::world::{World, links};

fn gateways(gateway: &Arc<FakeGateway>) -> Vec<Arc<dyn Gateway>> {
    vec![Arc::clone(gateway) as Arc<dyn Gateway>]
}

on_both! {
    async fn what_nobody_answers_is_sent_again_after_a_while(database) {
        let world = World::new(database).await;
        let resend = EngineSettings {
            on_unknown: OnUnknown::Resend,
            ..EngineSettings::of_node("second", links())
        };
        let (first, second) = (world.engine("first"), world.engine_with(resend));
        let stuck = FakeGateway::new(5, |_| Answer::Later);
        let running_first = first.start(gateways(&stuck));
        let id = world.create(&first, 20).await;
        stuck.has_submitted(5).await;
        world.store.write(testing::run_out_leases).await.unwrap();
        let sound = FakeGateway::new(5, |_| Answer::Accept);
        let running_second = second.start(gateways(&sound));
        world.reaches(id, CampaignStatus::Submitted).await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(world.statuses(&campaign).await[..5], [Some(MessageStatus::Unknown); 5]);
        assert_eq!(sound.submitted().len(), 15);

        world.clock.advance(TimeDelta::minutes(11));
        sound.has_submitted(20).await;
        let (before, again) = (stuck.submitted(), sound.submitted().split_off(15));
        for (before, again) in before.iter().zip(&again) {
            assert_eq!(again.recipient, before.recipient);
            assert_eq!((again.attempt, again.reference), (2, before.reference));
        }
        world
            .eventually(async || world.statuses(&campaign).await == [Some(MessageStatus::Sent); 20])
            .await;
        // The first attempt turns out to have been taken, and delivered.
        stuck.follow(|_| Answer::Accept);
        stuck.answer_all(Answer::Accept);
        running_first.stop().await;
        let inbound = second.inbound_sink();
        for message in &before {
            let receipt = world.receipt(&provider_id(message), MessageStatus::Delivered);
            assert_eq!(inbound.receive("fake", receipt).await, Ok(()));
        }
        world
            .eventually(async || {
                world.statuses(&campaign).await[..5] == [Some(MessageStatus::Delivered); 5]
            })
            .await;
        running_second.stop().await;
        assert_eq!(sound.submitted().len(), 20);
    }
}
