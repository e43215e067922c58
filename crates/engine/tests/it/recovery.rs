//! Stopping, failing and taking over: nothing is lost, nothing is sent twice.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::gateway::{Gateway, NotStored};
use clarion_domain::message::MessageStatus;
use clarion_engine::{Alarms, EngineSettings};
use clarion_persistence::campaigns::{self, Kind};
use clarion_persistence::nodes::Profile;
use clarion_persistence::{on_both, testing};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::{World, links};

fn profile(id: &str) -> Profile {
    Profile {
        id: id.to_owned(),
        host: String::new(),
        roles: Vec::new(),
        version: String::new(),
        gateways: Vec::new(),
    }
}

fn gateways(gateway: &Arc<FakeGateway>) -> Vec<Arc<dyn Gateway>> {
    vec![Arc::clone(gateway) as Arc<dyn Gateway>]
}

on_both! {
    async fn who_takes_over_sends_the_rest_and_holds_what_was_under_way(database) {
        let world = World::new(database).await;
        let (first, second) = (world.engine("first"), world.engine("second"));
        let stuck = FakeGateway::new(5, |_| Answer::Later);
        let running_first = first.start(gateways(&stuck));
        let id = world.create(&first, 20).await;
        stuck.has_submitted(5).await;

        // The first node was away for longer than its lease.
        world
            .store
            .write(testing::run_out_leases)
            .await
            .unwrap();
        let sound = FakeGateway::new(5, |_| Answer::Accept);
        let running_second = second.start(gateways(&sound));
        world.reaches(id, CampaignStatus::Submitted).await;
        let campaign = world.campaign(id).await.unwrap();
        let statuses = world.statuses(&campaign).await;
        assert_eq!(statuses[..5], [Some(MessageStatus::Unknown); 5]);
        assert_eq!(statuses[5..], [Some(MessageStatus::Sent); 15]);

        // Its answers still count when it comes back, but it sends nothing more.
        stuck.follow(|_| Answer::Accept);
        stuck.answer_all(Answer::Accept);
        world
            .eventually(async || world.statuses(&campaign).await == [Some(MessageStatus::Sent); 20])
            .await;
        running_first.stop().await;
        running_second.stop().await;
        assert_eq!(stuck.submitted().len(), 5);
        assert_eq!(sound.submitted().len(), 15);
    }

    async fn what_was_answered_before_a_crash_is_known_after_it(database) {
        let world = World::new(database).await;
        let directory = tempfile::tempdir().unwrap();
        let with_journal = |node: &str| EngineSettings {
            journal: Some(directory.path().join("journal")),
            ..EngineSettings::of_node(node, links())
        };
        // Answers wait for longer than this process lives.
        let never = Duration::from_secs(86_400);
        let engine = world.engine_with(EngineSettings { settle_interval: never, ..with_journal("first") });
        let gateway = FakeGateway::new(5, |message| match message.recipient.seq {
            ..=12 => Answer::Accept,
            _ => Answer::Later,
        });
        let id = world.create(&engine, 20).await;
        let submitted = Arc::clone(&gateway);
        // A room is free again only when its answer is in the journal.
        let crash = move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let running = engine.start(gateways(&submitted));
                submitted.has_submitted(17).await;
                drop(running);
            });
            runtime.shutdown_background();
        };
        std::thread::spawn(crash).join().unwrap();
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(world.statuses(&campaign).await, [None; 20]);

        world.store.write(testing::run_out_leases).await.unwrap();
        let next = FakeGateway::new(5, |_| Answer::Accept);
        let running = world.engine_with(with_journal("second")).start(gateways(&next));
        world.reaches(id, CampaignStatus::Submitted).await;
        let statuses = world.statuses(&campaign).await;
        assert_eq!(statuses[..12], [Some(MessageStatus::Sent); 12]);
        assert_eq!(statuses[12..17], [Some(MessageStatus::Unknown); 5]);
        assert_eq!(statuses[17..], [Some(MessageStatus::Sent); 3]);
        assert_eq!((gateway.submitted().len(), next.submitted().len()), (17, 3));
        running.stop().await;
        let left = std::fs::read_dir(directory.path().join("journal")).unwrap();
        assert_eq!(left.count(), 0);
    }

    async fn a_graceful_stop_leaves_nothing_unknown_and_the_next_start_sends_the_rest(database) {
        let world = World::new(database).await;
        let engine = world.engine("before");
        let gateway = FakeGateway::new(7, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 1_200).await;
        gateway.has_submitted(7).await;
        running.stop().await;
        let campaign = world.campaign(id).await.unwrap();
        let statuses = world.statuses(&campaign).await;
        let (tried, untried): (Vec<_>, Vec<_>) = statuses.into_iter().partition(Option::is_some);
        assert_eq!(tried, [Some(MessageStatus::Sent); 7]);
        assert_eq!(untried.len(), 1_193);

        let next = FakeGateway::new(100, |_| Answer::Accept);
        let engine = world.engine("after");
        let running = engine.start(gateways(&next));
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(gateway.submitted().len() + next.submitted().len(), 1_200);
        assert_eq!(
            world.statuses(&campaign).await,
            vec![Some(MessageStatus::Sent); 1_200]
        );
        running.stop().await;
    }

    async fn a_journal_that_cannot_be_written_is_an_alarm_and_sending_goes_on(database) {
        let world = World::new(database).await;
        let directory = tempfile::tempdir().unwrap();
        let journal = directory.path().join("journal");
        std::fs::write(&journal, "in the way").unwrap();
        let settings = EngineSettings::of_node("a", links());
        let engine = world.engine_with(EngineSettings { journal: Some(journal.clone()), ..settings });
        let gateway = FakeGateway::new(5, |_| Answer::Accept);
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 20).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(engine.alarms(), Alarms { database: false, journal: true });
        std::fs::remove_file(&journal).unwrap();
        let id = world.create(&engine, 20).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(engine.alarms(), Alarms::default());
        running.stop().await;
    }

    async fn what_a_broken_off_intake_left_behind_is_cleared_away(database) {
        let world = World::new(database).await;
        let now = world.now();
        world
            .store
            .write(move |conn| {
                let id = CampaignId(uuid::Uuid::from_u128(7));
                campaigns::insert_loading(conn, id, FIRST_CLIENT, Kind::Campaign, now)
            })
            .await
            .unwrap();
        world.clock.advance(TimeDelta::hours(2));
        let engine = world.engine("a");
        let running = engine.start(Vec::new());
        world
            .eventually(async || world.in_loading().await == 0)
            .await;
        running.stop().await;
    }

    async fn a_gateway_without_room_keeps_nothing_from_the_others(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let down = FakeGateway::new(0, |_| Answer::Accept);
        let up = FakeGateway::new(10, |_| Answer::Accept);
        let both = [gateways(&down), gateways(&up)].concat();
        let running = engine.start(both);
        let id = world.create(&engine, 1_500).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(up.submitted().len(), 1_500);
        running.stop().await;
    }

    async fn a_unit_that_arrives_while_there_is_no_room_is_given_back_too(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let stuck = FakeGateway::new(1, |_| Answer::Later);
        let up = FakeGateway::new(0, |_| Answer::Accept);
        let running = engine.start([gateways(&stuck), gateways(&up)].concat());
        world.create(&engine, 20).await;
        stuck.has_submitted(1).await;
        let second = world.create(&engine, 20).await;
        stuck.answer_all(Answer::Accept);
        // It has asked for the second campaign's unit before it waits for room.
        stuck.has_submitted(2).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        up.make_room(10);
        world.reaches(second, CampaignStatus::Submitted).await;
        running.stop().await;
    }

    async fn what_comes_in_after_the_stop_is_sent_again_by_the_provider(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let inbound = engine.inbound_sink();
        let early = inbound.receive("fake", world.receipt("1", MessageStatus::Delivered));
        let running = engine.start(Vec::new());
        assert_eq!(early.await, Ok(()));
        running.stop().await;
        let late = inbound.receive("fake", world.receipt("2", MessageStatus::Delivered));
        assert_eq!(late.await, Err(NotStored));
    }
}

#[tokio::test]
async fn nothing_is_sent_while_the_database_takes_nothing_and_all_of_it_afterwards() {
    let Some(database) = testing::postgres().await else {
        return;
    };
    let world = World::new(database).await;
    let engine = world.engine("node");
    let attendance = engine.attend(profile("node")).await.unwrap();
    let gateway = FakeGateway::new(5, |_| Answer::Later);
    let running = engine.start(gateways(&gateway));
    let id = world.create(&engine, 20).await;
    gateway.has_submitted(5).await;
    engine.check_database().await.unwrap();

    world.refuse_writes(true).await;
    world
        .eventually(async || engine.check_database().await.is_err())
        .await;
    gateway.follow(|_| Answer::Accept);
    gateway.answer_all(Answer::Accept);
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert_eq!(gateway.submitted().len(), 5);

    world.refuse_writes(false).await;
    world
        .eventually(async || engine.check_database().await.is_ok())
        .await;
    world.reaches(id, CampaignStatus::Submitted).await;
    let campaign = world.campaign(id).await.unwrap();
    assert_eq!(
        world.statuses(&campaign).await,
        [Some(MessageStatus::Sent); 20]
    );
    running.stop().await;
    attendance.end().await;
}
