//! What the lists hold, and each row by the names of its properties.

use std::collections::HashMap;

use chrono::TimeDelta;
use clarion_domain::campaign::{Audience, Campaign, CampaignContent, OnUnknown, Pace, Timing, Utm};
use clarion_domain::click::{Click, ClickRules};
use clarion_domain::contact::Contact;
use clarion_domain::contact_group::ContactGroupId;
use clarion_domain::filter::{Decimal, Value};
use clarion_domain::hours::OutsideWindow;
use clarion_domain::message::MessageStatus;
use clarion_domain::network::Network;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::sender::SenderId;
use clarion_domain::tariff::Price;
use clarion_domain::template::Template;
use clarion_persistence::campaigns::{self, Kind, Loaded};
use clarion_persistence::clicks::{self, StoredClick};
use clarion_persistence::contact_groups;
use clarion_persistence::group_contacts::{self, GroupContact};
use clarion_persistence::invalid_contacts::{self, InvalidContact};
use clarion_persistence::messages::{self, Message, SettledPart, Settlement};
use clarion_persistence::recipients::{self, Recipient};
use clarion_persistence::{Conn, Store, StoreError, clients};
use diesel::connection::SimpleConnection;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::wishes::text;
use crate::fixtures::{self, CLIENT, at, campaign_id};

const CAMPAIGNS: u32 = 36;
/// Contacts of the first campaign; the others have one.
const CONTACTS: u32 = 60;

const TEXT_COLUMNS: [(&str, &str); 18] = [
    ("clicks", "user_agent"),
    ("clicks", "rule"),
    ("campaigns", "public_id"),
    ("campaigns", "sender"),
    ("campaigns", "name"),
    ("campaigns", "message"),
    ("campaigns", "track_link_url"),
    ("recipients", "name"),
    ("recipients", "custom1"),
    ("recipients", "custom2"),
    ("recipients", "contact_group_id"),
    ("group_contacts", "name"),
    ("group_contacts", "custom1"),
    ("group_contacts", "custom2"),
    ("invalid_contacts", "phone_number"),
    ("invalid_contacts", "reason"),
    ("messages", "sender"),
    ("messages", "text"),
];

type Values = HashMap<&'static str, Value>;

/// Draws texts, the same in each run.
struct Draw(TestRunner);

impl Draw {
    fn text(&mut self) -> String {
        self.one(text())
    }

    fn maybe_text(&mut self) -> Option<String> {
        self.one(proptest::option::of(text()))
    }

    fn one<T: std::fmt::Debug>(&mut self, of: impl Strategy<Value = T>) -> T {
        of.new_tree(&mut self.0).unwrap().current()
    }
}

/// Campaigns, direct messages among them; the key of the one with contacts and messages.
pub(super) async fn store_all(store: &Store) -> CampaignKey {
    store
        .write(|conn| {
            use_another_collation(conn)?;
            let mut draw = Draw(TestRunner::deterministic());
            clients::ensure_first(conn, at(0))?;
            let first = store_one(conn, 1, Kind::Campaign, CONTACTS, &mut draw)?;
            for number in 2..=CAMPAIGNS {
                let kind = if number % 3 == 0 {
                    Kind::Direct
                } else {
                    Kind::Campaign
                };
                store_one(conn, number, kind, 1, &mut draw)?;
            }
            Ok(first)
        })
        .await
        .unwrap()
}

/// [`store_all`], and a group with the contacts of the one campaign.
pub(super) async fn store_group(store: &Store) -> ContactGroupId {
    let key = store_all(store).await;
    store
        .write(move |conn| {
            let id = ContactGroupId(campaign_id(1).0);
            contact_groups::insert(conn, CLIENT, id, "group", at(0))?;
            let group = contact_groups::find(conn, CLIENT, id)?.unwrap();
            group_contacts::merge_loaded(conn, group.key, key, CONTACTS)?;
            Ok(id)
        })
        .await
        .unwrap()
}

/// PostgreSQL's databases mostly have a language's order, unlike the one that tests are given.
fn use_another_collation(conn: &mut Conn) -> Result<(), StoreError> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    for (table, column) in TEXT_COLUMNS {
        let change =
            format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT COLLATE \"en-x-icu\"");
        conn.batch_execute(&change)?;
    }
    Ok(())
}

fn store_one(
    conn: &mut Conn,
    number: u32,
    kind: Kind,
    count: u32,
    draw: &mut Draw,
) -> Result<CampaignKey, StoreError> {
    // Ids in another order than the campaigns come in.
    let id = campaign_id(u128::from(number * 7 % 37));
    let key = campaigns::insert_loading(conn, id, CLIENT, kind, at(0))?;
    let contacts: Vec<Contact> = (1..=count).map(|place| contact_of(place, draw)).collect();
    recipients::insert_batch(conn, key, 1, &contacts, at(1))?;
    let invalid: Vec<InvalidContact> = (0..count).map(|place| invalid_of(place, draw)).collect();
    invalid_contacts::insert_batch(conn, key, &invalid, at(1))?;
    let loaded = Loaded {
        recipients: count,
        invalid: u64::from(count),
        duplicates: 0,
    };
    campaigns::finish_loading(conn, key, &content_of(number, draw), loaded, at(2))?;
    let groups = (0..number % 3).map(|place| ContactGroupId(uuid::Uuid::from_u128(place.into())));
    let audience = Audience {
        excluded: groups.clone().skip(1).collect(),
        groups: groups.collect(),
    };
    campaigns::set_audience(conn, key, &audience)?;
    campaigns::start_due(conn, at(2))?;
    let tried = (1..=count).filter(|seq| seq % 4 != 0);
    let settlements: Vec<Settlement> = tried.map(|seq| settlement(key, seq, draw)).collect();
    messages::settle(conn, &settlements)?;
    let clicks: Vec<Click> = (1..=count * 2).map(|n| click_of(key, n, draw)).collect();
    clicks::insert(conn, &clicks, &ClickRules::default())?;
    Ok(key)
}

fn content_of(number: u32, draw: &mut Draw) -> CampaignContent {
    let message = format!("={}", draw.text().replace(['{', '}'], ""));
    CampaignContent {
        name: draw.maybe_text(),
        start_at: at(i64::from(number % 5)) + TimeDelta::microseconds(i64::from(number) * 374_512),
        sender: SenderId::Alphanumeric(draw.text()),
        message: Template::parse(&message).unwrap(),
        smart_encoding: number.is_multiple_of(2),
        opt_out_link_id: draw.one(proptest::option::of(-3..3_i32)).map(OptOutLinkId),
        track_link_url: draw.maybe_text(),
        utm: (!number.is_multiple_of(3)).then(|| Utm::read("utm_source=a%2Fb&utm_term=c").unwrap()),
        on_unknown: match number % 3 {
            0 => None,
            1 => Some(OnUnknown::Hold),
            _ => Some(OnUnknown::Resend),
        },
        timing: Timing {
            window: number.is_multiple_of(2).then(|| WINDOW.parse().unwrap()),
            outside: match number % 3 {
                0 => OutsideWindow::Drop,
                _ => OutsideWindow::Hold,
            },
            expires_at: (number % 5 > 1).then(|| at(i64::from(number))),
            pace: Pace {
                max_per_second: (number % 4 > 1).then_some(number % 3),
                spread_until: (number % 7 > 2).then(|| at(i64::from(number))),
            },
        },
    }
}

const WINDOW: &str = "08:00-20:00 Mon,Sun recipient";

fn contact_of(place: u32, draw: &mut Draw) -> Contact {
    Contact {
        name: draw.maybe_text(),
        custom1: draw.maybe_text(),
        custom2: draw.maybe_text(),
        ..fixtures::contact(place)
    }
}

/// Of every third recipient none.
fn click_of(campaign: CampaignKey, n: u32, draw: &mut Draw) -> Click {
    let seq = (n % CONTACTS / 3 * 3 + n % 2).max(1);
    let octet = u8::try_from(n % 5).unwrap();
    Click {
        recipient: RecipientKey { campaign, seq },
        at: at(i64::from(n % 9)) + TimeDelta::microseconds(i64::from(n) * 374_512),
        is_head: n.is_multiple_of(4),
        network: (!n.is_multiple_of(5)).then(|| Network::around([192, 0, octet, 1].into())),
        user_agent: draw.text(),
        purpose: String::new(),
    }
}

fn invalid_of(place: u32, draw: &mut Draw) -> InvalidContact {
    InvalidContact {
        position: u64::from(place) * 3,
        phone_number: draw.text(),
        property: "phoneNumber".to_owned(),
        reason: draw.text(),
    }
}

fn settlement(campaign: CampaignKey, seq: u32, draw: &mut Draw) -> Settlement {
    Settlement {
        recipient: RecipientKey { campaign, seq },
        attempt: 1,
        status: MessageStatus::ALL[seq as usize % MessageStatus::ALL.len()],
        gateway: "main".to_owned(),
        destination: fixtures::contact(seq).phone,
        text: draw.text(),
        sender: draw.text(),
        reference: 7,
        parts: vec![SettledPart::default(); draw.one(0..3_usize)],
        price: Price {
            millionths: draw.one(-2..2_i64),
        },
        error: None,
        at: at(i64::from(seq % 7)) + TimeDelta::microseconds(i64::from(seq) * 374_512),
    }
}

pub(super) fn campaign(campaign: &Campaign) -> Values {
    present([
        ("id", Some(Value::Uuid(campaign.id.0))),
        ("startDateTime", Some(Value::DateTime(campaign.start_at))),
        ("sender", text_of(campaign.sender.as_str())),
        ("recipientCount", number(campaign.recipient_count)),
        ("message", text_of(&campaign.message)),
        ("status", number(campaign.status.number())),
        (
            "optOutLinkId",
            campaign.opt_out_link_id.and_then(|id| number(id.0)),
        ),
        (
            "trackLinkUrl",
            campaign.track_link_url.as_deref().and_then(text_of),
        ),
        (
            "onUnknown",
            campaign
                .on_unknown
                .and_then(|policy| text_of(policy.name())),
        ),
        (
            "utm",
            campaign.utm.as_ref().and_then(|utm| text_of(&utm.query())),
        ),
        ("name", campaign.name.as_deref().and_then(text_of)),
        (
            "maxPerSecond",
            campaign.timing.pace.max_per_second.and_then(number),
        ),
        (
            "spreadUntil",
            campaign.timing.pace.spread_until.map(Value::DateTime),
        ),
        (
            "smartEncoding",
            Some(Value::Boolean(campaign.smart_encoding)),
        ),
        ("contactGroupIds", groups_of(&campaign.audience.groups)),
        (
            "excludeContactGroupIds",
            groups_of(&campaign.audience.excluded),
        ),
        (
            "sendingWindow",
            campaign
                .timing
                .window
                .and_then(|window| text_of(&window.to_string())),
        ),
        ("outsideWindow", text_of(campaign.timing.outside.name())),
        ("expiresAt", campaign.timing.expires_at.map(Value::DateTime)),
        (
            "pausedReason",
            campaign.paused_reason.as_deref().and_then(text_of),
        ),
    ])
}

fn groups_of(groups: &[ContactGroupId]) -> Option<Value> {
    let ids: Vec<_> = groups.iter().map(|group| group.0.to_string()).collect();
    (!ids.is_empty()).then(|| text_of(&ids.join(","))).flatten()
}

pub(super) fn contact(recipient: &Recipient) -> Values {
    let contact = &recipient.contact;
    let optional = |text: &Option<String>| text.as_deref().and_then(text_of);
    present([
        ("id", Some(Value::Uuid(recipient.key.contact_id()))),
        ("phoneNumber", text_of(&contact.phone.to_string())),
        ("name", optional(&contact.name)),
        ("custom1", optional(&contact.custom1)),
        ("custom2", optional(&contact.custom2)),
        ("contactGroupId", contact.contact_group_id.map(Value::Uuid)),
        (
            "timeZone",
            contact.time_zone.and_then(|zone| text_of(zone.name())),
        ),
        (
            "status",
            recipient.status.and_then(|status| number(status.number())),
        ),
        ("clicks", number(recipient.clicks)),
    ])
}

pub(super) fn group_contact(grouped: &GroupContact) -> Values {
    let contact = &grouped.contact;
    let optional = |text: &Option<String>| text.as_deref().and_then(text_of);
    present([
        ("id", Some(Value::Uuid(grouped.key.contact_id()))),
        ("phoneNumber", text_of(&contact.phone.to_string())),
        ("name", optional(&contact.name)),
        ("custom1", optional(&contact.custom1)),
        ("custom2", optional(&contact.custom2)),
        (
            "timeZone",
            contact.time_zone.and_then(|zone| text_of(zone.name())),
        ),
    ])
}

pub(super) fn click(click: &StoredClick) -> Values {
    present([
        ("id", number(click.id)),
        ("contactId", Some(Value::Uuid(click.recipient.contact_id()))),
        ("phoneNumber", text_of(&click.phone)),
        ("clickedDateTime", Some(Value::DateTime(click.at))),
        ("class", text_of(click.class.name())),
        ("rule", text_of(&click.rule)),
        ("agent", text_of(&click.agent)),
        ("userAgent", text_of(&click.user_agent)),
        ("network", click.network.as_deref().and_then(text_of)),
    ])
}

pub(super) fn invalid_contact(contact: &InvalidContact) -> Values {
    present([
        ("index", number(contact.position)),
        ("phoneNumber", text_of(&contact.phone_number)),
        ("property", text_of(&contact.property)),
        ("reason", text_of(&contact.reason)),
    ])
}

pub(super) fn message(message: &Message) -> Values {
    let price = |Price { millionths }| Value::Decimal(Decimal { millionths });
    present([
        ("id", Some(Value::Integer(message.recipient.message_id()))),
        ("newId", Some(Value::Uuid(message.recipient.message_guid()))),
        ("client_Id", Some(Value::Integer(message.client.0))),
        ("dateCreated", Some(Value::DateTime(message.sent_at))),
        ("dateModified", Some(Value::DateTime(message.updated_at))),
        ("phoneNumber", text_of(&message.phone.to_string())),
        ("status", number(message.status.number())),
        ("price", message.price.map(price)),
        ("smsCount", number(message.parts)),
        ("dateReceived", message.received_at.map(Value::DateTime)),
        ("countryCode", text_of(message.phone.region().as_str())),
        ("senderNumber", text_of(&message.sender)),
        ("message", text_of(&message.text)),
        ("campaignId", message.campaign.map(|id| Value::Uuid(id.0))),
    ])
}

fn present<const N: usize>(values: [(&'static str, Option<Value>); N]) -> Values {
    let values = values.into_iter();
    values
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "stands in a list with what may be missing"
)]
fn text_of(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn number(number: impl TryInto<i64>) -> Option<Value> {
    number.try_into().ok().map(Value::Integer)
}
