//! Campaigns: how they come to be, what can be read of them, and how they change. What a change may do is the domain's
//! to say.

mod adding;
mod audience;
mod life;
mod loading;
mod timing;
mod unknown;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::{Campaign, CampaignId, Timing, Utm};
use clarion_domain::client::ClientId;
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::page::Page;
use clarion_domain::recipient::CampaignKey;
use clarion_domain::sender::SenderId;
use diesel::prelude::*;

use crate::listing::{
    self, ListRequest, Property, boolean, date_time, integer, nullable, text, uuid,
};
use crate::schema::campaigns;
use crate::{Conn, StoreError, stored};

pub use adding::{Added, add_loaded, require_same_contacts};
use audience::AudienceRow;
pub use audience::set_audience;
pub(crate) use life::SENDING;
pub use life::{
    advance, cancel, delete, hold_back_late, next_start, pause, replace, resume, sending, start_due,
};
pub(crate) use loading::touch;
pub use loading::{abandoned_loading, discard_loading, finish_loading, insert_loading};
use timing::TimingRow;
pub use unknown::{MOST_RESENDS, is_resend_due, resend_due, resend_unknown};

/// The status of a campaign in loading; the domain knows no such campaign.
const LOADING: i16 = -1;

/// What a campaign is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum Kind {
    /// A campaign that is listed.
    Campaign = 0,
    /// The campaign of one that carries a direct message.
    Direct = 1,
    /// The same, of a message that answers a reply: it is sent to whoever has opted out, too.
    Answer = 2,
}

/// What came of a campaign's contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Accepted, and stored as recipients 1 to this.
    pub recipients: u32,
    /// Left out because they were invalid.
    pub invalid: u64,
    /// Left out because their number stood there already.
    pub duplicates: u64,
}

/// A campaign that is being sent: what the sending needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The campaign.
    pub key: CampaignKey,
    /// Whose it is.
    pub client: ClientId,
    /// Whether it is sent to whoever has opted out, too: it says just that.
    pub answers: bool,
    /// How many messages its client may send to one person; direct messages are not counted.
    pub max_per_person: Option<FrequencyCap>,
    /// From whom.
    pub sender: SenderId,
    /// The message template as it was written.
    pub message: String,
    /// Whether its texts are written in GSM look-alikes.
    pub smart_encoding: bool,
    /// The opt-out link, if any.
    pub opt_out_link_id: Option<OptOutLinkId>,
    /// The URL to track, if any.
    pub track_link_url: Option<String>,
    /// At what times it may be sent, and how fast.
    pub timing: Timing,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Campaigns that have moved on by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advanced {
    /// Some of their messages are to be sent again.
    pub sent_again: Vec<CampaignKey>,
    /// Every message is handed over.
    pub submitted: Vec<CampaignKey>,
    /// Every message has its final status.
    pub completed: Vec<CampaignKey>,
}

/// A listed campaign of a client.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
) -> Result<Option<Campaign>, StoreError> {
    let row: Option<Row> = listed(client.0)
        .filter(campaigns::public_id.eq(id.0.to_string()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Campaign::try_from).transpose()
}

/// What a listed campaign can be filtered and sorted by.
pub static PROPERTIES: [Property; 20] = [
    uuid("id", "campaigns.public_id"),
    date_time("startDateTime", "campaigns.start_at"),
    text("sender", "campaigns.sender"),
    integer("recipientCount", "campaigns.recipient_count"),
    text("message", "campaigns.message"),
    integer("status", "campaigns.status"),
    nullable(integer("optOutLinkId", "campaigns.opt_out_link_id")),
    nullable(text("trackLinkUrl", "campaigns.track_link_url")),
    nullable(text("name", "campaigns.name")),
    // By the names of `OnUnknown`.
    nullable(text(
        "onUnknown",
        "(CASE campaigns.on_unknown WHEN 0 THEN 'hold' WHEN 1 THEN 'resend' END)",
    )),
    nullable(text("sendingWindow", "campaigns.sending_window")),
    text("outsideWindow", "campaigns.outside_window"),
    nullable(date_time("expiresAt", "campaigns.expires_at")),
    nullable(integer("maxPerSecond", "campaigns.max_per_second")),
    nullable(date_time("spreadUntil", "campaigns.spread_until")),
    boolean("smartEncoding", "campaigns.smart_encoding"),
    nullable(text("contactGroupIds", "campaigns.contact_group_ids")),
    nullable(text(
        "excludeContactGroupIds",
        "campaigns.exclude_contact_group_ids",
    )),
    nullable(text("pausedReason", "campaigns.paused_reason")),
    nullable(text("utm", "campaigns.utm")),
];

/// The newest start first.
const OWN_ORDER: &str = "campaigns.start_at DESC, campaigns.id DESC";

/// A page of a client's campaigns.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<Campaign>, StoreError> {
    let wanted = listing::passing(conn, &request.filter);
    // A client's campaigns are thousands at most, and an index leads to them: counting is cheap.
    let total: i64 = listed(client.0)
        .filter(wanted.clone())
        .count()
        .get_result(conn)?;
    let rows: Vec<Row> = listed(client.0)
        .filter(wanted)
        .order(listing::ordered(
            conn,
            &request.sorts,
            OWN_ORDER,
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(Campaign::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page::new(
        request.page,
        stored::unsigned("count", total)?,
        items,
    ))
}

/// What a campaign's tracked links lead to, with what is added to it. A campaign that was deleted still has its address: what was
/// sent goes on working.
///
/// # Errors
/// The database's.
pub fn track_target(conn: &mut Conn, key: CampaignKey) -> Result<Option<String>, StoreError> {
    let found: Option<(Option<String>, Option<String>)> = campaigns::table
        .find(key.0)
        .select((campaigns::track_link_url, campaigns::utm))
        .first(conn)
        .optional()?;
    let Some((Some(url), added)) = found else {
        return Ok(None);
    };
    Ok(Some(match utm(added)? {
        Some(utm) => utm.added_to(&url),
        None => url,
    }))
}

fn utm(stored: Option<String>) -> Result<Option<Utm>, StoreError> {
    let read =
        |query: String| Utm::read(&query).ok_or_else(|| stored::corrupt("UTM parameters", query));
    stored.map(read).transpose()
}

/// What a client sees in its lists.
#[diesel::dsl::auto_type(no_type_alias)]
fn listed(client: i64) -> _ {
    let kind: i16 = Kind::Campaign as i16;
    let loading: i16 = LOADING;
    campaigns::table
        .filter(campaigns::client_id.eq(client))
        .filter(campaigns::kind.eq(kind))
        .filter(campaigns::status.ne(loading))
        .filter(campaigns::deleted_at.is_null())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = campaigns)]
struct Row {
    id: i64,
    public_id: String,
    client_id: i64,
    status: i16,
    start_at: NaiveDateTime,
    sender_kind: i16,
    sender: String,
    name: Option<String>,
    message: String,
    smart_encoding: bool,
    recipient_count: i64,
    invalid_count: i64,
    duplicate_count: i64,
    opt_out_link_id: Option<i32>,
    track_link_url: Option<String>,
    utm: Option<String>,
    on_unknown: Option<i16>,
    paused_reason: Option<String>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    #[diesel(embed)]
    timing: TimingRow,
    #[diesel(embed)]
    audience: AudienceRow,
}

impl TryFrom<Row> for Campaign {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            key: CampaignKey(row.id),
            id: stored::campaign_id(&row.public_id)?,
            client: ClientId(row.client_id),
            status: stored::campaign_status(row.status)?,
            start_at: row.start_at.and_utc(),
            sender: stored::sender(row.sender_kind, row.sender)?,
            name: row.name,
            message: row.message,
            smart_encoding: row.smart_encoding,
            recipient_count: stored::unsigned("count of recipients", row.recipient_count)?,
            opt_out_link_id: row.opt_out_link_id.map(OptOutLinkId),
            track_link_url: row.track_link_url,
            utm: utm(row.utm)?,
            on_unknown: row.on_unknown.map(stored::on_unknown).transpose()?,
            timing: row.timing.try_into()?,
            audience: row.audience.try_into()?,
            paused_reason: row.paused_reason,
            invalid_count: stored::unsigned("count of invalid contacts", row.invalid_count)?,
            duplicate_count: stored::unsigned("count of duplicates", row.duplicate_count)?,
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
        })
    }
}
