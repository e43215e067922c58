//! Messages from handsets, and whom they answer.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::{CampaignId, CampaignStatus};
use clarion_domain::client::ClientId;
use clarion_domain::gateway::InboundMessage;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::Page;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use diesel::prelude::*;
use uuid::Uuid;

use crate::campaigns::Kind;
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text, uuid};
use crate::schema::{campaigns, inbound_messages, messages};
use crate::{Conn, FORGOTTEN_AT_ONCE, StoreError, numbers, stored};

/// Campaigns of a sender, the latest first, among which the one that a reply answers is looked for.
const CAMPAIGNS_ASKED: i64 = 200;

/// Nobody got a message that stands there.
const NEVER_WRITTEN: [MessageStatus; 4] = [
    MessageStatus::Queued,
    MessageStatus::OptedOut,
    MessageStatus::OutsideWindow,
    MessageStatus::FrequencyCapped,
];

/// Whom a message from a handset answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The client that had written to the number.
    pub client: ClientId,
    /// The message that was answered: the latest campaign's from this sender to this number.
    pub recipient: RecipientKey,
}

/// A message from a handset, as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its number.
    pub id: i64,
    /// The gateway it came over.
    pub gateway: String,
    /// Who wrote it, where to, what and when.
    pub message: InboundMessage,
    /// The campaign that it answers, where it is a listed one.
    pub campaign: Option<CampaignId>,
    /// The recipient that wrote it.
    pub recipient: Option<RecipientKey>,
}

/// Stores a message from a handset; whom it answers, where that is known.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    gateway: &str,
    message: &InboundMessage,
) -> Result<Option<Answered>, StoreError> {
    let answered = answered(conn, message)?;
    let recipient = answered.map(|answered| answered.recipient);
    diesel::insert_into(inbound_messages::table)
        .values((
            inbound_messages::gateway.eq(gateway),
            inbound_messages::source.eq(stored::without_nul(&message.source)),
            inbound_messages::destination.eq(stored::without_nul(&message.destination)),
            inbound_messages::text.eq(stored::without_nul(&message.text)),
            inbound_messages::received_at.eq(stored::shown_moment(message.received_at)),
            inbound_messages::client_id.eq(answered.map(|answered| answered.client.0)),
            inbound_messages::campaign_id.eq(recipient.map(|key| key.campaign.0)),
            inbound_messages::seq.eq(recipient.map(|key| stored::seq(key.seq))),
        ))
        .execute(conn)?;
    Ok(answered)
}

/// What messages from handsets can be filtered and sorted by.
pub static PROPERTIES: [Property; 7] = [
    integer("id", "inbound_messages.id"),
    text("gateway", "inbound_messages.gateway"),
    text("from", "inbound_messages.source"),
    text("to", "inbound_messages.destination"),
    text("message", "inbound_messages.text"),
    date_time("receivedDateTime", "inbound_messages.received_at"),
    nullable(uuid("campaignId", "campaigns.public_id")),
];

/// The newest first.
const OWN_ORDER: &str = "inbound_messages.id DESC";

/// A page of the messages that answer a client.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<Reply>, StoreError> {
    let wanted = with_campaign()
        .filter(inbound_messages::client_id.eq(client.0))
        .filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let rows = wanted
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select((Row::as_select(), campaigns::public_id.nullable()))
        .load(conn)?;
    replies(request, total, rows)
}

/// A page of a gateway's messages of which it is not known whom they answer.
///
/// # Errors
/// The database's.
pub fn unmatched(
    conn: &mut Conn,
    gateway: &str,
    request: &ListRequest,
) -> Result<Page<Reply>, StoreError> {
    let wanted = with_campaign()
        .filter(inbound_messages::gateway.eq(gateway))
        .filter(inbound_messages::client_id.is_null())
        .filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let rows = wanted
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select((Row::as_select(), campaigns::public_id.nullable()))
        .load(conn)?;
    replies(request, total, rows)
}

/// The campaign of a direct message is nobody's business.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_campaign() -> _ {
    let kind: i16 = Kind::Campaign as i16;
    inbound_messages::table.left_join(
        campaigns::table.on(inbound_messages::campaign_id
            .eq(campaigns::id.nullable())
            .and(campaigns::kind.eq(kind))),
    )
}

fn replies(
    request: &ListRequest,
    total: i64,
    rows: Vec<(Row, Option<String>)>,
) -> Result<Page<Reply>, StoreError> {
    let items = rows
        .into_iter()
        .map(|(row, campaign)| row.into_reply(campaign))
        .collect::<Result<_, _>>()?;
    Ok(Page::new(
        request.page,
        stored::unsigned("count", total)?,
        items,
    ))
}

/// Forgets messages that came before then, some at once: to be called until none is left.
///
/// # Errors
/// The database's.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize, StoreError> {
    let old: Vec<i64> = inbound_messages::table
        .filter(inbound_messages::received_at.lt(stored::moment(before)))
        .order(inbound_messages::received_at)
        .limit(FORGOTTEN_AT_ONCE)
        .select(inbound_messages::id)
        .load(conn)?;
    let forgotten = diesel::delete(inbound_messages::table)
        .filter(inbound_messages::id.eq_any(&old))
        .execute(conn)?;
    Ok(forgotten)
}

/// Whom a message from a handset answers: of the campaigns from the sender that it went to, the latest that wrote to the
/// number it came from.
fn answered(conn: &mut Conn, message: &InboundMessage) -> Result<Option<Answered>, StoreError> {
    let Some(number) = number(&message.source) else {
        return Ok(None);
    };
    for (campaign, client) in campaigns_from(conn, &message.destination)? {
        let campaign = CampaignKey(campaign);
        let Some(seq) = numbers::find(conn, campaign, number)? else {
            continue;
        };
        let was_written = messages::table
            .find((campaign.0, stored::seq(seq)))
            .filter(messages::status.ne_all(NEVER_WRITTEN.map(MessageStatus::number)));
        if diesel::select(diesel::dsl::exists(was_written)).get_result(conn)? {
            return Ok(Some(Answered {
                client: ClientId(client),
                recipient: RecipientKey { campaign, seq },
            }));
        }
    }
    Ok(None)
}

fn campaigns_from(conn: &mut Conn, sender: &str) -> Result<Vec<(i64, i64)>, StoreError> {
    let bare = sender.trim().trim_start_matches('+');
    let international = format!("+{bare}");
    let campaigns = campaigns::table
        .filter(campaigns::sender.eq_any([bare, international.as_str()]))
        .filter(campaigns::status.ge(CampaignStatus::Sending.number()))
        .order((campaigns::start_at.desc(), campaigns::id.desc()))
        .limit(CAMPAIGNS_ASKED)
        .select((campaigns::id, campaigns::client_id))
        .load(conn)?;
    Ok(campaigns)
}

/// The number that an address is in its international form, with or without `+` or `00`.
fn number(address: &str) -> Option<u64> {
    let address = address.trim();
    let digits = address.strip_prefix('+').unwrap_or(address);
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = inbound_messages)]
struct Row {
    id: i64,
    gateway: String,
    source: String,
    destination: String,
    text: String,
    received_at: NaiveDateTime,
    campaign_id: Option<i64>,
    seq: Option<i32>,
}

impl Row {
    fn into_reply(self, campaign: Option<String>) -> Result<Reply, StoreError> {
        let received_at: DateTime<Utc> = self.received_at.and_utc();
        let seq: Option<u32> = self
            .seq
            .map(|seq| stored::unsigned("sequence number", seq))
            .transpose()?;
        let recipient = self
            .campaign_id
            .zip(seq)
            .map(|(campaign, seq)| RecipientKey {
                campaign: CampaignKey(campaign),
                seq,
            });
        let campaign =
            campaign.map(|id| Uuid::parse_str(&id).map_err(|_| stored::corrupt("campaign id", id)));
        Ok(Reply {
            id: self.id,
            gateway: self.gateway,
            message: InboundMessage {
                source: self.source,
                destination: self.destination,
                text: self.text,
                received_at,
            },
            campaign: campaign.transpose()?.map(CampaignId),
            recipient,
        })
    }
}
