//! Direct messages: campaigns of one. Such a message is in the ledger as Queued from the beginning, and sent like any other
//! that is.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{CampaignContent, CampaignId, Timing};
use clarion_domain::client::ClientId;
use clarion_domain::contact::Contact;
use clarion_domain::message::{MessageContent, MessageStatus};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::tariff::Price;
use clarion_domain::template::Template;
use diesel::prelude::*;

use super::{SettledPart, Settlement, settle};
use crate::campaigns::{self, Kind, Loaded};
use crate::schema::send_units;
use crate::{Conn, StoreError, stored};

/// The only recipient's.
const SEQ: u32 = 1;

/// Stores a message that is to be sent at once.
///
/// # Errors
/// The database's.
pub fn insert_direct(
    conn: &mut Conn,
    id: CampaignId,
    client: ClientId,
    message: &MessageContent,
    now: DateTime<Utc>,
) -> Result<RecipientKey, StoreError> {
    insert(conn, Kind::Direct, id, client, message, now)
}

/// Stores a message that answers a reply and is to be sent at once, to whoever has opted out, too.
///
/// # Errors
/// The database's.
pub fn insert_answer(
    conn: &mut Conn,
    id: CampaignId,
    client: ClientId,
    message: &MessageContent,
    now: DateTime<Utc>,
) -> Result<RecipientKey, StoreError> {
    insert(conn, Kind::Answer, id, client, message, now)
}

fn insert(
    conn: &mut Conn,
    kind: Kind,
    id: CampaignId,
    client: ClientId,
    message: &MessageContent,
    now: DateTime<Utc>,
) -> Result<RecipientKey, StoreError> {
    let key = campaigns::insert_loading(conn, id, client, kind, now)?;
    let contact = Contact {
        phone: message.phone,
        name: None,
        custom1: None,
        custom2: None,
        contact_group_id: None,
        time_zone: None,
    };
    crate::recipients::insert_batch(conn, key, SEQ, &[contact], now)?;
    crate::numbers::add(conn, key, 0, &[(message.phone.digits(), SEQ)])?;
    let loaded = Loaded {
        recipients: 1,
        ..Loaded::default()
    };
    campaigns::finish_loading(conn, key, &content(message, now), loaded, now)?;
    queue(conn, key, message, now)
}

fn content(message: &MessageContent, now: DateTime<Utc>) -> CampaignContent {
    CampaignContent {
        name: None,
        start_at: now,
        sender: message.sender.clone(),
        message: Template::literal(&message.text),
        smart_encoding: false,
        opt_out_link_id: None,
        track_link_url: None,
        utm: None,
        on_unknown: None,
        timing: Timing::default(),
    }
}

/// Marks the one recipient as tried, and known not to be written.
fn queue(
    conn: &mut Conn,
    campaign: CampaignKey,
    message: &MessageContent,
    now: DateTime<Utc>,
) -> Result<RecipientKey, StoreError> {
    let recipient = RecipientKey { campaign, seq: SEQ };
    let queued = Settlement {
        recipient,
        attempt: 0,
        status: MessageStatus::Queued,
        gateway: String::new(),
        destination: message.phone,
        text: message.text.clone(),
        sender: message.sender.as_str().to_owned(),
        reference: campaign.reference_for(message.phone),
        parts: vec![SettledPart::default(); usize::try_from(message.segments).unwrap_or_default()],
        price: Price::default(),
        error: None,
        at: now,
    };
    settle(conn, &[queued])?;
    diesel::update(send_units::table)
        .filter(send_units::campaign_id.eq(campaign.0))
        .set(send_units::marked_upto.eq(stored::seq(SEQ)))
        .execute(conn)?;
    Ok(recipient)
}
