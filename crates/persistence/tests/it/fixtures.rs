//! What the tests store.

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::campaign::{CampaignContent, CampaignId, Timing};
use clarion_domain::client::{ClientId, FIRST_CLIENT};
use clarion_domain::contact::Contact;
use clarion_domain::gateway::DeliveryReceipt;
use clarion_domain::hours::TimeZone;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::PageRequest;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::receipt::canonical_id;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::sender::SenderId;
use clarion_domain::tariff::Price;
use clarion_domain::template::Template;
use clarion_persistence::campaigns::{self, Kind, Loaded};
use clarion_persistence::listing::ListRequest;
use clarion_persistence::messages::{SettledPart, Settlement};
use clarion_persistence::{Conn, Store, StoreError, clients, recipients};
use uuid::Uuid;

pub(crate) const CLIENT: ClientId = FIRST_CLIENT;
pub(crate) const STRANGER: ClientId = ClientId(77);

/// So many seconds after the tests' beginning of time.
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

/// A page of a list as it is.
pub(crate) fn page(page: u32, page_size: u32) -> ListRequest {
    PageRequest { page, page_size }.into()
}

pub(crate) fn campaign_id(number: u128) -> CampaignId {
    CampaignId(Uuid::from_u128(number))
}

pub(crate) fn content(start: i64) -> CampaignContent {
    CampaignContent {
        name: None,
        start_at: at(start),
        sender: SenderId::Alphanumeric("ACME".to_owned()),
        message: Template::parse("Hello {Name}").unwrap(),
        smart_encoding: false,
        opt_out_link_id: None,
        track_link_url: None,
        utm: None,
        on_unknown: None,
        timing: Timing::default(),
    }
}

pub(crate) fn contact(number: u32) -> Contact {
    let phone = format!("+4477009{number:05}");
    Contact {
        phone: PhoneNumber::from_stored(&phone, Region::new("GB").unwrap()).unwrap(),
        name: Some(format!("Zoë {number}")),
        custom1: None,
        custom2: Some("\u{1f433}".to_owned()),
        contact_group_id: number.is_multiple_of(2).then(|| Uuid::from_u128(7)),
        time_zone: number
            .is_multiple_of(3)
            .then_some(TimeZone::Asia__Kathmandu),
    }
}

pub(crate) fn contacts(count: u32) -> Vec<Contact> {
    (1..=count).map(contact).collect()
}

/// A campaign in loading that has its recipients.
pub(crate) fn load(conn: &mut Conn, id: CampaignId, count: u32) -> Result<CampaignKey, StoreError> {
    clients::ensure_first(conn, at(0))?;
    let key = campaigns::insert_loading(conn, id, CLIENT, Kind::Campaign, at(0))?;
    recipients::insert_batch(conn, key, 1, &contacts(count), at(1))?;
    Ok(key)
}

/// A campaign that waits for its start.
pub(crate) async fn pending(store: &Store, number: u128, count: u32, start: i64) -> CampaignKey {
    let work = move |conn: &mut Conn| {
        let key = load(conn, campaign_id(number), count)?;
        let loaded = Loaded {
            recipients: count,
            ..Loaded::default()
        };
        campaigns::finish_loading(conn, key, &content(start), loaded, at(2))?;
        Ok(key)
    };
    store.write(work).await.unwrap()
}

/// A campaign that is being sent.
pub(crate) async fn sending(store: &Store, number: u128, count: u32) -> CampaignKey {
    let key = pending(store, number, count, 3).await;
    let started = store.write(|conn| campaigns::start_due(conn, at(3))).await;
    assert_eq!(started.unwrap(), [key]);
    key
}

/// The outcome of a first attempt, without parts.
pub(crate) fn settlement(key: CampaignKey, seq: u32, status: MessageStatus) -> Settlement {
    Settlement {
        recipient: RecipientKey { campaign: key, seq },
        attempt: 1,
        status,
        gateway: "main".to_owned(),
        destination: contact(seq).phone,
        text: "Hello Zoë".to_owned(),
        sender: "ACME".to_owned(),
        reference: 9,
        parts: vec![SettledPart::default()],
        price: Price::default(),
        error: None,
        at: at(10),
    }
}

/// A message whose parts were taken under these ids.
pub(crate) fn accepted(key: CampaignKey, seq: u32, ids: &[&str]) -> Settlement {
    let part = |id: &&str| SettledPart {
        provider_id: Some((*id).to_owned()),
    };
    Settlement {
        parts: ids.iter().map(part).collect(),
        ..settlement(key, seq, MessageStatus::Sent)
    }
}

pub(crate) fn receipt(id: &str, status: MessageStatus, second: i64) -> DeliveryReceipt {
    DeliveryReceipt {
        provider_id: id.to_owned(),
        response_id: canonical_id(id),
        status: Some(status),
        error: None,
        destination: None,
        received_at: at(second),
    }
}

/// Where the message to a recipient stands.
pub(crate) fn status_of(
    conn: &mut Conn,
    key: CampaignKey,
    seq: u32,
) -> Result<Option<MessageStatus>, StoreError> {
    Ok(recipients::range(conn, key, seq, seq)?[0].status)
}
