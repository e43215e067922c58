//! Messages: one for each recipient that was tried. Written when the outcome of the submit is known, changed by receipts.

mod breakages;
#[cfg(test)]
mod diagram;
mod direct;
mod matching;
mod noted;
mod receipts;
mod refusals;
mod settle;
mod state;
mod unknown;
mod unmatched;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::CampaignId;
use clarion_domain::client::ClientId;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::Page;
use clarion_domain::phone::PhoneNumber;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::tariff::Price;
use diesel::dsl::sum;
use diesel::prelude::*;

use crate::listing::{self, ListRequest, Property, date_time, decimal, integer, nullable, text};
use crate::schema::{campaigns, messages, recipients, send_units};
use crate::{Conn, StoreError, stored};

pub use direct::{insert_answer, insert_direct};
pub use noted::settle_noted;
pub use receipts::{apply_receipts, expire_outstanding, rematch};
pub use refusals::lock_for_receipts;
pub use settle::settle;
pub(crate) use settle::{NewMessage, OutstandingPart};
pub(crate) use state::{COUNTERS, Key, State, Tally};
pub(crate) use unknown::IN_DOUBT;
pub use unknown::unknown;
pub use unmatched::{
    Hint, UNMATCHED_PROPERTIES, UnmatchedReceipt, forget_unmatched, unmatched, unmatched_counts,
};

/// The outcome of a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whose message it is.
    pub recipient: RecipientKey,
    /// From 1; a resend counts up.
    pub attempt: i16,
    /// What came of it: Sent, Unknown, Queued (never written), OptedOut (with the provider's code where it was the provider that
    /// said so), or a failure. Parked: it broke what was to send it, and is parked where that was not for the first time or the
    /// second.
    pub status: MessageStatus,
    /// The gateway it went to; empty where it went to none.
    pub gateway: String,
    /// To whom.
    pub destination: PhoneNumber,
    /// The text as rendered.
    pub text: String,
    /// The sender as shown.
    pub sender: String,
    /// The reference that ties the parts together.
    pub reference: u16,
    /// Its parts.
    pub parts: Vec<SettledPart>,
    /// What it costs by the tariffs.
    pub price: Price,
    /// The provider's code of a refusal.
    pub error: Option<String>,
    /// When the outcome was known.
    pub at: DateTime<Utc>,
}

/// The outcome of one part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettledPart {
    /// The id a receipt will name, as the provider wrote it; `None`: the provider gave none, and no receipt can come.
    pub provider_id: Option<String>,
}

/// Stored receipts that have found their message, by gateway.
pub type Joined = BTreeMap<String, usize>;

/// What came of settling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Messages written.
    pub stored: usize,
    /// Receipts that had come before, and have been joined.
    pub joined: Joined,
}

/// What came of a batch of receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Receipts {
    /// Found their message.
    pub matched: usize,
    /// Of parts that had come to their end already: they change nothing.
    pub repeated: usize,
    /// Stored until their message turns up.
    pub unmatched: usize,
}

/// What came of giving up on receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expiry {
    /// Parts that are not waited for any more.
    pub removed: usize,
    /// Those of them whose end has become Unknown by that.
    pub given_up: usize,
}

/// A message of a client, as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whose message it is.
    pub recipient: RecipientKey,
    /// The campaign it belongs to; none where it was sent by itself.
    pub campaign: Option<CampaignId>,
    /// Whose campaign it belongs to.
    pub client: ClientId,
    /// To whom.
    pub phone: PhoneNumber,
    /// Where it stands.
    pub status: MessageStatus,
    /// The attempt, from 1.
    pub attempt: i16,
    /// The gateway it went to.
    pub gateway: String,
    /// How many parts it has.
    pub parts: i16,
    /// Its price, where it was known.
    pub price: Option<Price>,
    /// The text as rendered.
    pub text: String,
    /// The sender as shown.
    pub sender: String,
    /// The provider's error code, if any.
    pub error: Option<String>,
    /// When it was handed over, or failed to be.
    pub sent_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When the final receipt came.
    pub received_at: Option<DateTime<Utc>>,
}

/// Messages of a campaign by where they stand. Recipients that were not tried are in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Wait to be sent again.
    pub queued: u64,
    /// A provider has them.
    pub sent: u64,
    /// The network has them.
    pub accepted: u64,
    /// The handset has them.
    pub delivered: u64,
    /// Failed for good.
    pub failed: u64,
    /// Of these, the ones that are parked, since they broke what was to send them.
    pub parked: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// The recipient had opted out.
    pub opted_out: u64,
}

/// The sums of the unit counters.
macro_rules! summed {
    () => {
        (
            sum(send_units::queued),
            sum(send_units::sent),
            sum(send_units::accepted),
            sum(send_units::delivered),
            sum(send_units::failed),
            sum(send_units::unknown),
            sum(send_units::opted_out),
        )
    };
}

/// A message of a client: a recipient that was tried, or a direct message.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    recipient: RecipientKey,
) -> Result<Option<Message>, StoreError> {
    let found: Option<Found> = of_client(client.0)
        .filter(messages::campaign_id.eq(recipient.campaign.0))
        .filter(messages::seq.eq(stored::seq(recipient.seq)))
        .select(Found::as_select())
        .first(conn)
        .optional()?;
    found.map(|found| found.into_message(client)).transpose()
}

/// What messages can be filtered and sorted by.
pub static PROPERTIES: [Property; 14] = [
    listing::message_number("id"),
    listing::message_guid("newId"),
    integer("client_Id", "campaigns.client_id"),
    date_time("dateCreated", "messages.sent_at"),
    date_time("dateModified", "messages.updated_at"),
    text("phoneNumber", "recipients.phone"),
    integer("status", "messages.status"),
    nullable(decimal("price", "messages.price")),
    integer("smsCount", "messages.parts"),
    nullable(date_time("dateReceived", "messages.received_at")),
    text("countryCode", "recipients.region"),
    text("senderNumber", "messages.sender"),
    text("message", "messages.text"),
    listing::campaign_of_message("campaignId"),
];

/// The newest campaign first, direct messages before all.
const OWN_ORDER: &str = "messages.campaign_id DESC, messages.seq";

/// A page of a client's messages.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<Message>, StoreError> {
    let wanted = listing::passing(conn, &request.filter);
    let total = if request.takes_all() {
        counts_of_client(conn, client)?.all()
    } else {
        let total: i64 = of_client(client.0)
            .filter(wanted.clone())
            .count()
            .get_result(conn)?;
        stored::unsigned("count", total)?
    };
    let rows: Vec<Found> = of_client(client.0)
        .filter(wanted)
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Found::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(|found| found.into_message(client))
        .collect::<Result<_, _>>()?;
    Ok(Page::new(request.page, total, items))
}

fn counts_of_client(conn: &mut Conn, client: ClientId) -> Result<Counts, StoreError> {
    let counters: Counters = send_units::table
        .inner_join(campaigns::table)
        .filter(campaigns::client_id.eq(client.0))
        .select(summed!())
        .first(conn)?;
    Counts::try_from(counters)
}

/// How a campaign's messages stand.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, campaign: CampaignKey) -> Result<Counts, StoreError> {
    let counters: Counters = send_units::table
        .filter(send_units::campaign_id.eq(campaign.0))
        .select(summed!())
        .first(conn)?;
    Ok(Counts {
        parked: breakages::parked(conn, campaign)?,
        ..Counts::try_from(counters)?
    })
}

impl Counts {
    /// Recipients that were tried.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.queued
            + self.sent
            + self.accepted
            + self.delivered
            + self.failed
            + self.unknown
            + self.opted_out
    }
}

type Counters = (
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

impl TryFrom<Counters> for Counts {
    type Error = StoreError;

    fn try_from(sums: Counters) -> Result<Self, StoreError> {
        let (queued, sent, accepted, delivered, failed, unknown, opted_out) = sums;
        let count = |sum: Option<i64>| stored::unsigned("counter", sum.unwrap_or_default());
        Ok(Self {
            queued: count(queued)?,
            sent: count(sent)?,
            accepted: count(accepted)?,
            delivered: count(delivered)?,
            failed: count(failed)?,
            parked: 0,
            unknown: count(unknown)?,
            opted_out: count(opted_out)?,
        })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_client(client: i64) -> _ {
    messages::table
        .inner_join(campaigns::table)
        .inner_join(
            recipients::table.on(recipients::campaign_id
                .eq(messages::campaign_id)
                .and(recipients::seq.eq(messages::seq))),
        )
        .filter(campaigns::client_id.eq(client))
}

/// A message with what other tables know of it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct Found {
    #[diesel(embed)]
    row: Row,
    #[diesel(select_expression = recipients::phone)]
    phone: String,
    #[diesel(select_expression = recipients::region)]
    region: String,
    #[diesel(select_expression = campaigns::public_id)]
    campaign: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct Row {
    campaign_id: i64,
    seq: i32,
    status: i16,
    attempt: i16,
    gateway: String,
    parts: i16,
    price: Option<i64>,
    text: String,
    sender: String,
    error: Option<String>,
    sent_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    received_at: Option<NaiveDateTime>,
}

impl Found {
    fn into_message(self, client: ClientId) -> Result<Message, StoreError> {
        let row = self.row;
        let key = CampaignKey(row.campaign_id);
        Ok(Message {
            recipient: RecipientKey {
                campaign: key,
                seq: stored::unsigned("sequence number", row.seq)?,
            },
            campaign: match key.is_direct() {
                true => None,
                false => Some(stored::campaign_id(&self.campaign)?),
            },
            client,
            phone: crate::recipients::phone(&self.phone, &self.region)?,
            status: stored::message_status(row.status)?,
            attempt: row.attempt,
            gateway: row.gateway,
            parts: row.parts,
            price: row.price.map(|millionths| Price { millionths }),
            text: row.text,
            sender: row.sender,
            error: row.error,
            sent_at: row.sent_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
            received_at: row.received_at.map(|at| at.and_utc()),
        })
    }
}
