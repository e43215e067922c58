//! More contacts for a campaign that is there: each of its contacts, old or new, is sent to once.

use std::sync::Arc;

use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::fault::Faults;
use clarion_domain::gateway::Gateway;
use clarion_domain::message::MessageStatus;
use clarion_engine::{Engine, EngineSettings, IntakeRefusal, IntakeReport, InvalidContacts};
use clarion_persistence::{campaigns, on_both};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::{PHONES, World, contact, links};

/// A campaign that waits for its start, with contacts 0 up to `contacts`.
async fn waiting(world: &World, engine: &Engine, contacts: u32) -> CampaignId {
    let mut content = world.content("Hello {Name}");
    content.start_at = world.now() + chrono::TimeDelta::days(1);
    world.create_saying(engine, contacts, content).await
}

/// Adds the contacts of these numbers; `meanwhile` happens after they were read.
async fn add_while(
    world: &World,
    engine: &Engine,
    id: CampaignId,
    contacts: std::ops::Range<u32>,
    meanwhile: impl AsyncFnOnce(),
) -> Result<IntakeReport, IntakeRefusal> {
    let campaign = world.campaign(id).await.unwrap();
    let addition = engine.addition(campaign, Arc::clone(&PHONES), InvalidContacts::Refuse);
    let read = move || {
        let mut load = addition.begin()?;
        for index in contacts {
            load.contact(contact(index))?;
        }
        Ok::<_, IntakeRefusal>(load)
    };
    let load = tokio::task::spawn_blocking(read).await.unwrap()?;
    meanwhile().await;
    tokio::task::spawn_blocking(|| load.finish()).await.unwrap()
}

async fn add(
    world: &World,
    engine: &Engine,
    id: CampaignId,
    contacts: std::ops::Range<u32>,
) -> Result<IntakeReport, IntakeRefusal> {
    add_while(world, engine, id, contacts, async || {}).await
}

async fn recipients(world: &World, id: CampaignId) -> u64 {
    world.campaign(id).await.unwrap().recipient_count
}

on_both! {
    async fn numbers_that_are_there_are_dropped_and_the_others_follow(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let id = waiting(&world, &engine, 3).await;
        let report = add(&world, &engine, id, 1..5_001).await.unwrap();
        assert_eq!((report.id, report.recipients, report.duplicates), (id, 4_998, 2));
        let again = add(&world, &engine, id, 0..5_001).await.unwrap();
        assert_eq!((again.recipients, again.duplicates), (0, 5_001));
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!((campaign.recipient_count, campaign.duplicate_count), (5_001, 5_003));
        assert_eq!(world.statuses(&campaign).await.len(), 5_001);
        assert_eq!(world.in_loading().await, 0);
    }

    async fn a_campaign_that_was_sent_in_full_goes_on_with_the_new_ones(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(100, |_| Answer::Accept);
        let running = engine.start(vec![Arc::clone(&gateway) as Arc<dyn Gateway>]);
        // It is paused while the last messages are under way, so that it keeps from ending.
        gateway.follow(|_| Answer::Later);
        let id = world.create(&engine, 30).await;
        gateway.has_submitted(30).await;
        world.ask(&engine, id, campaigns::pause).await;
        gateway.follow(|_| Answer::Accept);
        gateway.answer_all(Answer::Accept);
        let report = add(&world, &engine, id, 30..2_400).await.unwrap();
        assert_eq!(report.recipients, 2_370);
        world.ask(&engine, id, campaigns::resume).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        let campaign = world.campaign(id).await.unwrap();
        let statuses = world.statuses(&campaign).await;
        assert_eq!(statuses, vec![Some(MessageStatus::Sent); 2_400]);
        let mut numbers: Vec<u32> = gateway.submitted().iter().map(|one| one.recipient.seq).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=2_400).collect::<Vec<_>>());
        running.stop().await;
    }

    async fn what_has_changed_meanwhile_takes_nothing(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let id = waiting(&world, &engine, 3).await;
        let outdated = add_while(&world, &engine, id, 3..10, async || {
            add(&world, &engine, id, 3..4).await.unwrap();
        })
        .await;
        assert!(matches!(outdated, Err(IntakeRefusal::Outdated)), "{outdated:?}");
        let cancelled = add_while(&world, &engine, id, 4..5_000, async || {
            world.ask(&engine, id, campaigns::cancel).await;
        })
        .await;
        assert!(matches!(cancelled, Err(IntakeRefusal::Forbidden(_))), "{cancelled:?}");
        let deleted = add_while(&world, &engine, id, 4..10, async || {
            let now = world.now();
            let delete = move |conn: &mut _| campaigns::delete(conn, FIRST_CLIENT, id, now);
            assert!(world.store.write(delete).await.unwrap());
        });
        // A campaign that is gone cannot be looked at any more, so its count is taken before.
        assert_eq!(recipients(&world, id).await, 4);
        let deleted = deleted.await;
        assert!(matches!(deleted, Err(IntakeRefusal::Gone)), "{deleted:?}");
        assert_eq!(world.in_loading().await, 0);
    }

    async fn the_limits_hold_for_all_contacts_together(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            max_contacts: 5,
            ..EngineSettings::of_node("a", links())
        });
        let id = waiting(&world, &engine, 3).await;
        let faults: Faults = match add(&world, &engine, id, 3..6).await {
            Err(IntakeRefusal::Faults(faults)) => faults,
            other => panic!("{other:?}"),
        };
        assert_eq!(faults.listed()[0].message, "must hold at most 2 contacts");
        assert_eq!(recipients(&world, id).await, 3);
        add(&world, &engine, id, 3..5).await.unwrap();
        assert_eq!(recipients(&world, id).await, 5);
    }
}
