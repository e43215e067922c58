//! Recipients: the accepted contacts of a campaign, numbered without gaps. Written once, never changed.

use chrono::{DateTime, Utc};
use clarion_domain::contact::Contact;
use clarion_domain::message::MessageStatus;
use clarion_domain::page::{Page, PageRequest};
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use diesel::prelude::*;
use uuid::Uuid;

use crate::listing::{self, ListRequest, Property, integer, nullable, text, uuid};
use crate::schema::{campaigns, messages, recipients};
use crate::{Conn, StoreError, clicks, dialect, stored};

/// A recipient, and what became of the message to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Its place.
    pub key: RecipientKey,
    /// The contact.
    pub contact: Contact,
    /// The status of its message; `None`: not tried.
    pub status: Option<MessageStatus>,
    /// Clicks of a person on its link. Counted for [`page`] alone, elsewhere 0: what is sent need not know.
    pub clicks: u64,
}

/// Stores contacts as the recipients from `first_seq` on of a campaign in loading.
///
/// # Errors
/// The database's; [`StoreError::Query`] with `NotFound` where the campaign is not loading.
pub fn insert_batch(
    conn: &mut Conn,
    key: CampaignKey,
    first_seq: u32,
    contacts: &[Contact],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    crate::campaigns::touch(conn, key, now)?;
    let rows: Vec<NewRow<'_>> = (first_seq..)
        .zip(contacts)
        .map(|(seq, contact)| NewRow::new(key, seq, contact))
        .collect();
    dialect::insert_recipients(conn, &rows)
}

/// What a campaign's contacts can be filtered and sorted by.
pub static PROPERTIES: [Property; 9] = [
    listing::contact_id("id"),
    text("phoneNumber", "recipients.phone"),
    nullable(text("name", "recipients.name")),
    nullable(text("custom1", "recipients.custom1")),
    nullable(text("custom2", "recipients.custom2")),
    nullable(uuid("contactGroupId", "recipients.contact_group_id")),
    nullable(text("timeZone", "recipients.time_zone")),
    nullable(integer("status", "messages.status")),
    integer("clicks", CLICKS),
];

/// By the index on clicks, a look-up for each recipient that is asked about.
const CLICKS: &str = "(SELECT COUNT(*) FROM clicks WHERE clicks.campaign_id = recipients.campaign_id \
     AND clicks.seq = recipients.seq AND clicks.class = 'human')";

/// The order they came in.
const OWN_ORDER: &str = "recipients.seq";

/// A page of a campaign's recipients.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    key: CampaignKey,
    request: &ListRequest,
) -> Result<Page<Recipient>, StoreError> {
    let total = if request.takes_all() {
        count(conn, key)?
    } else {
        let wanted = listing::passing(conn, &request.filter);
        let total: i64 = of_campaign(key.0).filter(wanted).count().get_result(conn)?;
        stored::unsigned("count", total)?
    };
    let mut items = if request.is_plain() {
        plain_items(conn, key, request.page, total)?
    } else {
        wished_items(conn, key, request)?
    };
    count_clicks(conn, key, &mut items)?;
    Ok(Page::new(request.page, total, items))
}

fn wished_items(
    conn: &mut Conn,
    key: CampaignKey,
    request: &ListRequest,
) -> Result<Vec<Recipient>, StoreError> {
    let wanted = listing::passing(conn, &request.filter);
    let rows = of_campaign(key.0)
        .filter(wanted)
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select((Row::as_select(), messages::status.nullable()))
        .load(conn)?;
    into_recipients(rows)
}

fn count_clicks(
    conn: &mut Conn,
    key: CampaignKey,
    items: &mut [Recipient],
) -> Result<(), StoreError> {
    let seqs: Vec<u32> = items.iter().map(|item| item.key.seq).collect();
    let counts = clicks::of_people(conn, key, &seqs)?;
    for item in items {
        item.clicks = counts.get(&item.key.seq).copied().unwrap_or_default();
    }
    Ok(())
}

/// They are numbered without gaps, so a page is a run of numbers and costs the same wherever it lies.
fn plain_items(
    conn: &mut Conn,
    key: CampaignKey,
    page: PageRequest,
    total: u64,
) -> Result<Vec<Recipient>, StoreError> {
    let before = u64::try_from(page.offset()).unwrap_or(u64::MAX);
    let last = before.saturating_add(u64::from(page.page_size)).min(total);
    match (u32::try_from(before), u32::try_from(last)) {
        (Ok(before), Ok(last)) if before < last => range(conn, key, before + 1, last),
        _ => Ok(Vec::new()),
    }
}

fn count(conn: &mut Conn, key: CampaignKey) -> Result<u64, StoreError> {
    let total: Option<i64> = campaigns::table
        .find(key.0)
        .select(campaigns::recipient_count)
        .first(conn)
        .optional()?;
    stored::unsigned("count of recipients", total.unwrap_or_default())
}

/// The recipients of a run, both ends included.
///
/// # Errors
/// The database's.
pub fn range(
    conn: &mut Conn,
    key: CampaignKey,
    from_seq: u32,
    to_seq: u32,
) -> Result<Vec<Recipient>, StoreError> {
    let rows = of_campaign(key.0)
        .filter(recipients::seq.between(stored::seq(from_seq), stored::seq(to_seq)))
        .order(recipients::seq)
        .select((Row::as_select(), messages::status.nullable()))
        .load(conn)?;
    into_recipients(rows)
}

/// A campaign's recipients, each with its message where there is one.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_campaign(key: i64) -> _ {
    recipients::table
        .left_join(
            messages::table.on(messages::campaign_id
                .eq(recipients::campaign_id)
                .and(messages::seq.eq(recipients::seq))),
        )
        .filter(recipients::campaign_id.eq(key))
}

fn into_recipients(rows: Vec<(Row, Option<i16>)>) -> Result<Vec<Recipient>, StoreError> {
    rows.into_iter()
        .map(|(row, status)| row.into_recipient(status))
        .collect()
}

/// The numbers of the recipients of a run, both ends included, as [`PhoneNumber::digits`], each with which of them has it.
///
/// # Errors
/// The database's.
pub fn numbers(
    conn: &mut Conn,
    key: CampaignKey,
    from_seq: u32,
    to_seq: u32,
) -> Result<Vec<(u64, u32)>, StoreError> {
    let rows: Vec<(String, String, i32)> = recipients::table
        .filter(recipients::campaign_id.eq(key.0))
        .filter(recipients::seq.between(stored::seq(from_seq), stored::seq(to_seq)))
        .select((recipients::phone, recipients::region, recipients::seq))
        .load(conn)?;
    rows.iter()
        .map(|(e164, region, seq)| {
            let number = phone(e164, region)?.digits();
            Ok((number, stored::unsigned("sequence number", *seq)?))
        })
        .collect()
}

/// A stored number.
pub(crate) fn phone(e164: &str, region: &str) -> Result<PhoneNumber, StoreError> {
    Region::new(region)
        .and_then(|region| PhoneNumber::from_stored(e164, region))
        .ok_or_else(|| StoreError::Corrupt(format!("a phone number of region {region:?}")))
}

/// A recipient about to be stored.
#[derive(Insertable)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(table_name = recipients)]
pub(crate) struct NewRow<'a> {
    campaign_id: i64,
    seq: i32,
    phone: String,
    region: String,
    name: Option<&'a str>,
    custom1: Option<&'a str>,
    custom2: Option<&'a str>,
    contact_group_id: Option<String>,
    time_zone: Option<&'static str>,
}

impl<'a> NewRow<'a> {
    fn new(campaign: CampaignKey, seq: u32, contact: &'a Contact) -> Self {
        Self {
            campaign_id: campaign.0,
            seq: stored::seq(seq),
            phone: contact.phone.to_string(),
            region: contact.phone.region().as_str().to_owned(),
            name: contact.name.as_deref(),
            custom1: contact.custom1.as_deref(),
            custom2: contact.custom2.as_deref(),
            contact_group_id: contact.contact_group_id.map(|id| id.to_string()),
            time_zone: contact.time_zone.map(|zone| zone.name()),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = recipients)]
struct Row {
    campaign_id: i64,
    seq: i32,
    phone: String,
    region: String,
    name: Option<String>,
    custom1: Option<String>,
    custom2: Option<String>,
    contact_group_id: Option<String>,
    time_zone: Option<String>,
}

impl Row {
    fn into_recipient(self, status: Option<i16>) -> Result<Recipient, StoreError> {
        let group = self.contact_group_id.as_deref().map(Uuid::parse_str);
        Ok(Recipient {
            key: RecipientKey {
                campaign: CampaignKey(self.campaign_id),
                seq: stored::unsigned("sequence number", self.seq)?,
            },
            contact: Contact {
                phone: phone(&self.phone, &self.region)?,
                name: self.name,
                custom1: self.custom1,
                custom2: self.custom2,
                contact_group_id: group
                    .transpose()
                    .map_err(|error| stored::corrupt("contact group", error))?,
                time_zone: stored::time_zone(self.time_zone.as_deref())?,
            },
            status: status.map(stored::message_status).transpose()?,
            clicks: 0,
        })
    }
}
