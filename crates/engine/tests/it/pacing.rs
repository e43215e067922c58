//! A campaign is sent no faster than it asked for, evenly where it asked for that, and none keeps the others waiting.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clarion_domain::campaign::{CampaignContent, CampaignId, CampaignStatus, Pace};
use clarion_domain::contact::ContactDraft;
use clarion_domain::gateway::{Gateway, Submission};
use clarion_domain::hours::OutsideWindow;
use clarion_domain::message::MessageStatus;
use clarion_persistence::{Change, campaigns, on_both};
use tokio::time::{Instant, sleep};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::{World, contact};

fn gateways(gateway: &Arc<FakeGateway>) -> Vec<Arc<dyn Gateway>> {
    vec![Arc::clone(gateway) as Arc<dyn Gateway>]
}

fn gateway_that_accepts() -> Arc<FakeGateway> {
    FakeGateway::new(100, |_| Answer::Accept)
}

fn at_most(world: &World, message: &str, per_second: u32) -> CampaignContent {
    let mut content = world.content(message);
    content.timing.pace = Pace {
        max_per_second: Some(per_second),
        ..Pace::default()
    };
    content
}

/// How many were handed over by the end of each tenth of a second, until so many were.
async fn tenths(gateway: &FakeGateway, until: usize) -> Vec<usize> {
    let begun = Instant::now();
    let mut counts = vec![0];
    while *counts.last().unwrap() < until {
        assert!(begun.elapsed() < Duration::from_secs(60), "{counts:?}");
        sleep(Duration::from_millis(100)).await;
        counts.push(gateway.submitted().len());
    }
    counts
}

fn most_in_a_second(counts: &[usize]) -> usize {
    let seconds = counts.windows(11).map(|tenths| tenths[10] - tenths[0]);
    seconds.max().unwrap()
}

async fn submitted_of(world: &World, gateway: &FakeGateway, id: CampaignId) -> Vec<Submission> {
    let key = world.campaign(id).await.unwrap().key;
    let mut submitted = gateway.submitted();
    submitted.retain(|message| message.recipient.campaign == key);
    submitted
}

/// From seven in the morning on, where it is evening in London and morning in Tokyo.
fn in_the_morning(world: &World, per_second: u32, outside: OutsideWindow) -> CampaignContent {
    let mut content = at_most(world, "Hello", per_second);
    let window = "07:00-20:00 Mon,Tue,Wed,Thu,Fri,Sat,Sun recipient".parse();
    content.timing.window = Some(window.unwrap());
    content.timing.outside = outside;
    content
}

/// Contacts in these zones, so many in each, one zone after the other.
fn in_zones(zones: [&'static str; 2], each: u32) -> Vec<ContactDraft<'static>> {
    let all = (0..2 * each).map(|index| ContactDraft {
        time_zone: Some(zones[(index / each) as usize].into()),
        ..contact(index)
    });
    all.collect()
}

on_both! {
    async fn what_is_closed_is_dropped_when_its_turn_comes_and_no_sooner(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let content = in_the_morning(&world, 2, OutsideWindow::Drop);
        let mut contacts = in_zones(["Europe/London", "Asia/Tokyo"], 200);
        // By turns: each second has one that is dropped and one that is sent.
        contacts.sort_by_key(|contact| contact.phone_number.as_ref().map(|phone| {
            let number: u32 = phone[phone.len() - 3..].parse().unwrap();
            (number % 200, number / 200)
        }));
        let id = world.create_to(&engine, contacts, content).await;
        gateway.has_submitted(15).await;
        let campaign = world.campaign(id).await.unwrap();
        let statuses = world.statuses(&campaign).await;
        let dropped = statuses.iter().filter(|status| **status == Some(MessageStatus::OutsideWindow)).count();
        assert!((10..=40).contains(&dropped), "{dropped}");
        running.stop().await;
    }

    async fn what_never_may_be_sent_keeps_no_one_behind_it_waiting(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let mut content = in_the_morning(&world, 1, OutsideWindow::Hold);
        let window = "07:00-07:30 Mon,Tue,Wed,Thu,Fri,Sat,Sun recipient".parse();
        content.timing.window = Some(window.unwrap());
        // One who is held, more than go in ten seconds who may be in either of Alaska's zones, which are an hour apart, then
        // one who may be sent.
        let mut contacts = in_zones(["Europe/London", "Asia/Tokyo"], 1);
        let alaskans = (0..20).map(|index| ContactDraft {
            phone_number: Some(format!("+1907310{index:04}").into()),
            ..ContactDraft::default()
        });
        contacts.splice(1..1, alaskans);
        let id = world.create_to(&engine, contacts, content).await;
        gateway.has_submitted(1).await;
        assert_eq!(gateway.submitted()[0].recipient.seq, 22);
        let campaign = world.campaign(id).await.unwrap();
        let statuses = world.statuses(&campaign).await;
        assert!(statuses[1..21].iter().all(|status| *status == Some(MessageStatus::OutsideWindow)));
        running.stop().await;
    }

    async fn what_is_held_has_its_turn_as_soon_as_it_may(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let content = in_the_morning(&world, 1, OutsideWindow::Hold);
        let contacts = in_zones(["Europe/London", "Asia/Tokyo"], 100);
        world.create_to(&engine, contacts, content).await;
        gateway.has_submitted(3).await;
        assert!(gateway.submitted().iter().all(|message| message.recipient.seq > 100));
        world.clock.set("2023-11-15T07:00:00Z".parse().unwrap());
        gateway.has_submitted(20).await;
        let to_london = gateway.submitted().iter().filter(|message| message.recipient.seq <= 100).count();
        assert!(to_london >= 10, "{to_london}");
        running.stop().await;
    }

    async fn no_second_sees_more_than_a_campaign_asked_for(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let begun = Instant::now();
        world.create_saying(&engine, 100, at_most(&world, "Hello", 20)).await;
        let counts = tenths(&gateway, 100).await;
        assert!(most_in_a_second(&counts) <= 20, "{counts:?}");
        assert!(begun.elapsed() < Duration::from_secs(7), "{counts:?}");
        running.stop().await;
    }

    async fn a_message_counts_by_its_parts(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let three_parts = "a".repeat(400);
        world.create_saying(&engine, 60, at_most(&world, &three_parts, 60)).await;
        let counts = tenths(&gateway, 60).await;
        assert!(most_in_a_second(&counts) <= 20, "{counts:?}");
        running.stop().await;
    }

    async fn a_campaign_is_spread_evenly_until_its_end(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let mut content = world.content("Hello {Name}");
        content.timing.pace.spread_until = Some(world.now() + TimeDelta::seconds(50));
        world.create_saying(&engine, 1_500, content).await;
        for second in 1..50 {
            sleep(Duration::from_secs(1)).await;
            world.clock.advance(TimeDelta::seconds(1));
            let (sent, even) = (gateway.submitted().len(), second * 30);
            assert!(sent.abs_diff(even) <= 60, "{sent} after {second} seconds");
        }
        world.clock.advance(TimeDelta::seconds(1));
        gateway.has_submitted(1_500).await;
        running.stop().await;
    }

    async fn a_slow_campaign_keeps_none_waiting(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let slow = world.create_saying(&engine, 1_200, at_most(&world, "Hello", 1)).await;
        gateway.has_submitted(2).await;
        let begun = Instant::now();
        let other = world.create(&engine, 2_000).await;
        world.reaches(other, CampaignStatus::Submitted).await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        let sent = submitted_of(&world, &gateway, slow).await.len();
        assert!(sent < 8, "{sent}");
        running.stop().await;
    }

    async fn more_slow_campaigns_than_places_keep_none_waiting(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let mut slow = Vec::new();
        for _ in 0..70 {
            slow.push(world.create_saying(&engine, 30, at_most(&world, "Hello", 1)).await);
        }
        world.eventually(async || gateway.submitted().len() > 100).await;
        let other = world.create(&engine, 200).await;
        let begun = Instant::now();
        world.reaches(other, CampaignStatus::Submitted).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        for id in slow {
            world.eventually(async || !submitted_of(&world, &gateway, id).await.is_empty()).await;
        }
        running.stop().await;
    }

    async fn a_small_campaign_is_not_starved_by_a_large_one(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = FakeGateway::new(100, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let large = world.create(&engine, 20_000).await;
        gateway.has_submitted(100).await;
        let small = world.create(&engine, 200).await;
        // Room for a hundred at a time, as if the provider answered all of them together.
        world
            .eventually(async || {
                gateway.answer_all(Answer::Accept);
                world.campaign(small).await.unwrap().status == CampaignStatus::Submitted
            })
            .await;
        let sent = submitted_of(&world, &gateway, large).await.len();
        assert!(sent < 2_000, "{sent} of the large one went before");
        running.stop().await;
    }

    async fn a_pace_that_is_lifted_holds_no_longer(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let gateway = gateway_that_accepts();
        let running = engine.start(gateways(&gateway));
        let id = world.create_saying(&engine, 500, at_most(&world, "Hello", 1)).await;
        gateway.has_submitted(2).await;
        world.clock.advance(TimeDelta::seconds(1));
        world.ask(&engine, id, campaigns::pause).await;
        world.clock.advance(TimeDelta::seconds(1));
        let (content, now) = (world.content("Hello"), world.now());
        let replaced = world
            .store
            .write(move |conn| campaigns::replace(conn, clarion_domain::client::FIRST_CLIENT, id, &content, now))
            .await;
        assert_eq!(replaced.unwrap(), Change::Done);
        world.clock.advance(TimeDelta::seconds(1));
        world.ask(&engine, id, campaigns::resume).await;
        let begun = Instant::now();
        world.reaches(id, CampaignStatus::Submitted).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        running.stop().await;
    }
}
