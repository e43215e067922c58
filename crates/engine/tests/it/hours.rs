//! Nothing is sent outside its hours, whatever the zone, whatever the clocks do, and whatever happens meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use clarion_domain::campaign::{CampaignContent, CampaignDraft, CampaignStatus};
use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::contact::ContactDraft;
use clarion_domain::gateway::Gateway;
use clarion_domain::hours::{HourRules, WindowDraft};
use clarion_domain::message::MessageStatus;
use clarion_engine::{Engine, EngineSettings, QuietHours};
use clarion_persistence::{campaigns, on_both};

use crate::fake_gateway::{Answer, FakeGateway};
use crate::world::{World, contact, links};

/// Twelve people: by their numbers alone in London, New York, Honolulu, India (UTC+5:30), Nepal (UTC+5:45), Iran (UTC+3:30)
/// and New Zealand; by zones of their own in St John's (UTC-3:30), whose numbers are also Labrador's, in Adelaide (UTC+9:30),
/// on the Chatham Islands (UTC+12:45), on Lord Howe Island, whose summer time is half an hour, and on the Marquesas
/// (UTC-9:30).
const PEOPLE: [(&str, Option<&str>); 12] = [
    ("+447400123456", None),
    ("+12125550123", None),
    ("+17095550123", Some("America/St_Johns")),
    ("+18085550123", None),
    ("+918123456789", None),
    ("+9779841234567", None),
    ("+989123456789", None),
    ("+64211234567", None),
    ("+447400123457", Some("Australia/Adelaide")),
    ("+447400123458", Some("Pacific/Chatham")),
    ("+447400123459", Some("Australia/Lord_Howe")),
    ("+447400123460", Some("Pacific/Marquesas")),
];

/// Sundays on which clocks are changed somewhere, from when on sending is allowed there, and which moment (day and time in
/// UTC) that is for each of the people: by another implementation of time zones, minute after minute until the local time
/// allows it.
const SUNDAYS: [(&str, &str, [&str; 12]); 8] = [
    (
        "2026-03-08",
        "02:30",
        [
            "08 02:30", "08 07:00", "08 05:30", "08 12:30", "07 21:00", "07 20:45", "07 23:00",
            "07 13:30", "07 16:00", "07 12:45", "07 15:30", "08 12:00",
        ],
    ),
    (
        "2026-03-29",
        "01:30",
        [
            "29 01:00", "29 05:30", "29 04:00", "29 11:30", "28 20:00", "28 19:45", "28 22:00",
            "28 12:30", "28 15:00", "28 11:45", "28 14:30", "29 11:00",
        ],
    ),
    (
        "2026-03-29",
        "08:00",
        [
            "29 07:00", "29 12:00", "29 10:30", "29 18:00", "29 02:30", "29 02:15", "29 04:30",
            "28 19:00", "28 21:30", "28 18:15", "28 21:00", "29 17:30",
        ],
    ),
    (
        "2026-04-05",
        "02:30",
        [
            "05 01:30", "05 06:30", "05 05:00", "05 12:30", "04 21:00", "04 20:45", "04 23:00",
            "04 13:30", "04 16:00", "04 12:45", "04 16:00", "05 12:00",
        ],
    ),
    (
        "2026-10-04",
        "02:30",
        [
            "04 01:30", "04 06:30", "04 05:00", "04 12:30", "03 21:00", "03 20:45", "03 23:00",
            "03 13:30", "03 16:30", "03 12:45", "03 15:30", "04 12:00",
        ],
    ),
    (
        "2026-10-25",
        "01:30",
        [
            "25 00:30", "25 05:30", "25 04:00", "25 11:30", "24 20:00", "24 19:45", "24 22:00",
            "24 12:30", "24 15:00", "24 11:45", "24 14:30", "25 11:00",
        ],
    ),
    (
        "2026-10-25",
        "08:00",
        [
            "25 08:00", "25 12:00", "25 10:30", "25 18:00", "25 02:30", "25 02:15", "25 04:30",
            "24 19:00", "24 21:30", "24 18:15", "24 21:00", "25 17:30",
        ],
    ),
    (
        "2026-11-01",
        "01:30",
        [
            "01 01:30", "01 05:30", "01 04:00", "01 11:30", "31 20:00", "31 19:45", "31 22:00",
            "31 12:30", "31 15:00", "31 11:45", "31 14:30", "01 11:00",
        ],
    ),
];

fn gateways(gateway: &Arc<FakeGateway>) -> Vec<Arc<dyn Gateway>> {
    vec![Arc::clone(gateway) as Arc<dyn Gateway>]
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A campaign with a window in each recipient's time.
fn content(world: &World, from: &str, to: &str) -> CampaignDraft {
    CampaignDraft {
        sender: Some("ACME".to_owned()),
        message: Some("Hello {Name}".to_owned()),
        start_at: Some(world.now()),
        sending_window: Some(WindowDraft {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            ..WindowDraft::default()
        }),
        ..CampaignDraft::default()
    }
}

fn checked(world: &World, draft: CampaignDraft) -> CampaignContent {
    draft.check(world.now()).unwrap()
}

/// Contacts whose owners are, one after the other, in these zones.
fn people_in(zones: &[&str], count: u32) -> Vec<ContactDraft<'static>> {
    let in_zone = |index: u32| ContactDraft {
        time_zone: Some(zones[index as usize % zones.len()].to_owned().into()),
        ..contact(index)
    };
    (0..count).map(in_zone).collect()
}

/// An engine that waits for receipts longer than these tests last: the gateway's outcomes bear an old date.
fn patient(world: &World, node: &str) -> Engine {
    world.engine_with(EngineSettings {
        receipt_timeout: Duration::from_secs(10 * 365 * 86_400),
        ..EngineSettings::of_node(node, links())
    })
}

/// Long enough for a sender to find what there is to send.
async fn a_while() {
    tokio::time::sleep(Duration::from_secs(5)).await;
}

fn sent_to(gateway: &FakeGateway) -> Vec<u32> {
    let mut seqs: Vec<u32> = gateway
        .submitted()
        .iter()
        .map(|message| message.recipient.seq)
        .collect();
    seqs.sort_unstable();
    seqs
}

/// The moment that the table gives as a day of the Sunday's month, or of the one before, and a time.
fn moment(sunday: NaiveDate, told: &str) -> DateTime<Utc> {
    let (day, time) = told.split_once(' ').unwrap();
    let mut date = sunday;
    while date.day() != day.parse::<u32>().unwrap() {
        date = date.checked_sub_days(Days::new(1)).unwrap();
    }
    let time: NaiveTime = format!("{time}:00").parse().unwrap();
    date.and_time(time).and_utc()
}

/// Moves the clock from one opening to the next: a second before it nobody more has their message, at it exactly those.
async fn check_sunday(world: &World, sunday: &str, from: &str, told: &[&str; 12]) {
    let engine = patient(world, &format!("{sunday} {from}"));
    let sunday: NaiveDate = sunday.parse().unwrap();
    let saturday = sunday.checked_sub_days(Days::new(1)).unwrap();
    world
        .clock
        .set(saturday.and_hms_opt(1, 0, 0).unwrap().and_utc());
    let mut draft = content(world, from, "24:00");
    draft.sending_window.as_mut().unwrap().days = Some(vec!["Sunday".to_owned()]);
    let people = PEOPLE.map(|(number, zone)| ContactDraft {
        phone_number: Some(number.into()),
        time_zone: zone.map(Into::into),
        ..ContactDraft::default()
    });
    let gateway = FakeGateway::new(100, |_| Answer::Accept);
    let running = engine.start(gateways(&gateway));
    let content = checked(world, draft);
    let id = world.create_to(&engine, people.to_vec(), content).await;

    // Its start is not to be missed.
    world.reaches(id, CampaignStatus::Sending).await;

    let openings = told.map(|told| moment(sunday, told));
    for opening in BTreeSet::from(openings) {
        let open_before = |seq: &u32| openings[*seq as usize - 1] < opening;
        let open_at = |seq: &u32| openings[*seq as usize - 1] <= opening;
        world.clock.set(opening - TimeDelta::seconds(1));
        a_while().await;
        let expected: Vec<u32> = (1..=12).filter(open_before).collect();
        assert_eq!(sent_to(&gateway), expected, "{from} before {opening}");
        world.clock.set(opening);
        let expected: Vec<u32> = (1..=12).filter(open_at).collect();
        world
            .eventually(async || sent_to(&gateway).len() >= expected.len())
            .await;
        assert_eq!(sent_to(&gateway), expected, "{from} at {opening}");
    }
    world.reaches(id, CampaignStatus::Submitted).await;
    running.stop().await;
}

on_both! {
    async fn in_twelve_zones_each_is_sent_when_their_clock_allows_it_whatever_is_done_to_clocks(database) {
        let world = World::new(database).await;
        for (sunday, from, told) in &SUNDAYS {
            check_sunday(&world, sunday, from, told).await;
        }
    }

    async fn some_of_a_unit_go_and_the_others_wait_through_a_restart(database) {
        let world = World::new(database).await;
        world.clock.set(at("2026-01-05T08:00:00Z"));
        let engine = patient(&world, "a");
        let gateway = FakeGateway::new(100, |_| Answer::Accept);
        let running = engine.start(gateways(&gateway));
        let contacts = people_in(&["Europe/London", "America/Chicago", "Asia/Tokyo"], 1_300);
        let content = checked(&world, content(&world, "08:00", "20:00"));
        let id = world.create_to(&engine, contacts, content).await;
        let of = |places: [u32; 2]| (1..=1_300).filter(move |seq| places.contains(&(seq % 3)));
        gateway.has_submitted(of([1, 0]).count()).await;
        a_while().await;
        assert_eq!(sent_to(&gateway), of([1, 0]).collect::<Vec<_>>());
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Sending);
        running.stop().await;

        let engine = patient(&world, "b");
        let next = FakeGateway::new(100, |_| Answer::Accept);
        let running = engine.start(gateways(&next));
        world.clock.set(at("2026-01-05T13:59:59Z"));
        a_while().await;
        assert_eq!(sent_to(&next), [0_u32; 0]);
        world.clock.set(at("2026-01-05T14:00:00Z"));
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(sent_to(&next), of([2, 2]).collect::<Vec<_>>());
        let statuses = world.statuses(&campaign).await;
        assert!(statuses.iter().all(|status| *status == Some(MessageStatus::Sent)));
        running.stop().await;
    }

    async fn what_is_in_hand_when_the_window_closes_waits_for_the_next(database) {
        let world = World::new(database).await;
        world.clock.set(at("2026-01-05T19:59:00Z"));
        let engine = patient(&world, "a");
        let gateway = FakeGateway::new(10, |_| Answer::Later);
        let running = engine.start(gateways(&gateway));
        let content = checked(&world, content(&world, "08:00", "20:00"));
        let id = world.create_saying(&engine, 50, content).await;
        gateway.has_submitted(10).await;
        let told = gateway.submitted();
        let end = Some(at("2026-01-05T20:00:00Z"));
        assert!(told.iter().all(|message| message.not_begun_from == end));
        world.clock.set(at("2026-01-05T20:00:00Z"));
        // Five were not begun in time, and come back.
        gateway.follow(|_| Answer::Accept);
        let mut place = 0;
        gateway.answer_each(|_| {
            place += 1;
            if place > 5 { Answer::NotWritten } else { Answer::Accept }
        });
        a_while().await;
        assert_eq!(gateway.submitted().len(), 10);
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Sending);
        world.clock.set(at("2026-01-06T08:00:00Z"));
        world.reaches(id, CampaignStatus::Submitted).await;
        assert_eq!(gateway.submitted().len(), 55);
        let statuses = world.statuses(&campaign).await;
        assert_eq!(statuses, [Some(MessageStatus::Sent); 50]);
        running.stop().await;
    }

    async fn what_a_campaign_drops_ends_and_is_never_sent(database) {
        let world = World::new(database).await;
        world.clock.set(at("2026-01-05T08:00:00Z"));
        let engine = world.engine("a");
        let gateway = FakeGateway::new(100, |_| Answer::Refuse);
        let running = engine.start(gateways(&gateway));
        let draft = CampaignDraft {
            outside_window: Some("drop".to_owned()),
            ..content(&world, "08:00", "20:00")
        };
        let contacts = people_in(&["Europe/London", "America/Chicago"], 40);
        let id = world.create_to(&engine, contacts, checked(&world, draft)).await;
        world.reaches(id, CampaignStatus::Completed).await;
        assert_eq!(sent_to(&gateway), (1..=40).step_by(2).collect::<Vec<_>>());
        let campaign = world.campaign(id).await.unwrap();
        for (status, seq) in world.statuses(&campaign).await.into_iter().zip(1..) {
            let expected = match seq % 2 {
                1 => MessageStatus::RejectedInvalidRecipient,
                _ => MessageStatus::OutsideWindow,
            };
            assert_eq!(status, Some(expected), "recipient {seq}");
        }
        running.stop().await;
    }

    async fn what_is_held_beyond_the_end_expires_with_it(database) {
        let world = World::new(database).await;
        world.clock.set(at("2026-01-05T08:00:00Z"));
        let engine = world.engine("a");
        let gateway = FakeGateway::new(100, |_| Answer::Refuse);
        let running = engine.start(gateways(&gateway));
        let draft = CampaignDraft {
            expires_at: Some(at("2026-01-05T12:00:00Z")),
            ..content(&world, "08:00", "20:00")
        };
        let contacts = people_in(&["Europe/London", "America/Chicago"], 40);
        let id = world.create_to(&engine, contacts, checked(&world, draft)).await;
        gateway.has_submitted(20).await;
        world.clock.set(at("2026-01-05T11:59:59Z"));
        a_while().await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.status, CampaignStatus::Sending);
        world.clock.set(at("2026-01-05T12:00:00Z"));
        world.reaches(id, CampaignStatus::Completed).await;
        assert_eq!(gateway.submitted().len(), 20);
        let expired = world.statuses(&campaign).await;
        let expired = expired.iter().skip(1).step_by(2);
        assert!(expired.eq([Some(MessageStatus::Expired); 20].iter()));
        running.stop().await;
    }

    async fn another_window_counts_at_once_for_what_waits(database) {
        let world = World::new(database).await;
        world.clock.set(at("2026-01-05T06:00:00Z"));
        let engine = world.engine("a");
        let gateway = FakeGateway::new(100, |_| Answer::Accept);
        let running = engine.start(gateways(&gateway));
        let later = checked(&world, content(&world, "08:00", "20:00"));
        let id = world.create_saying(&engine, 10, later).await;
        world.reaches(id, CampaignStatus::Sending).await;
        a_while().await;
        assert_eq!(gateway.submitted().len(), 0);
        world.ask(&engine, id, campaigns::pause).await;
        let (now, sooner) = (world.now(), checked(&world, content(&world, "05:00", "20:00")));
        world
            .store
            .write(move |conn| campaigns::replace(conn, FIRST_CLIENT, id, &sooner, now))
            .await
            .unwrap();
        world.ask(&engine, id, campaigns::resume).await;
        world.reaches(id, CampaignStatus::Submitted).await;
        running.stop().await;
    }

    async fn where_they_always_count_the_country_s_hours_bind_a_campaign_without_a_window(database) {
        let world = World::new(database).await;
        world.clock.set(at("2026-01-05T07:59:00Z"));
        let rules: HourRules = toml::from_str(
            "[[rules]]\nname = 'UK'\nregion = 'GB'\nhours = [{ from = '08:00', to = '21:00' }]
             source = 'a code'\ndate = '2026-01-01'",
        )
        .unwrap();
        let engine = world.engine_with(EngineSettings {
            hours: Arc::new(rules),
            quiet_hours: QuietHours::Always,
            ..EngineSettings::of_node("a", links())
        });
        let gateway = FakeGateway::new(100, |_| Answer::Accept);
        let running = engine.start(gateways(&gateway));
        let id = world.create(&engine, 10).await;
        world.reaches(id, CampaignStatus::Sending).await;
        a_while().await;
        assert_eq!(gateway.submitted().len(), 0);
        world.clock.set(at("2026-01-05T08:00:00Z"));
        world.reaches(id, CampaignStatus::Submitted).await;
        running.stop().await;
    }
}
