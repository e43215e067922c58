//! The log of deliveries: what became of each event on its way to a web hook.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::message::MessageStatus;
use clarion_domain::page::Page;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::web_hook::{DeliveryId, DeliveryStatus, WebHookKey};
use diesel::prelude::*;

use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text};
use crate::schema::web_hook_deliveries as rows;
use crate::{Conn, FORGOTTEN_AT_ONCE, StoreError, stored};

/// A delivery, as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// The event's id, which its receiver is told as well.
    pub event_id: String,
    /// Whose message has changed.
    pub recipient: RecipientKey,
    /// To what.
    pub message_status: MessageStatus,
    /// Where the delivery stands.
    pub status: DeliveryStatus,
    /// How often it has been tried.
    pub attempts: u16,
    /// When the event happened.
    pub created_at: DateTime<Utc>,
    /// When it is to be tried next; `None`: not any more.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was last tried.
    pub tried_at: Option<DateTime<Utc>>,
    /// The HTTP status that its receiver last answered, if it did.
    pub response_status: Option<u16>,
    /// What went wrong the last time.
    pub error: Option<String>,
}

/// What became of the wish to deliver something again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// It will be tried at once, and as often as a new one.
    Done,
    /// The web hook has no such delivery.
    NotFound,
    /// The web hook is disabled.
    Disabled,
}

/// Lets a delivery of an enabled web hook begin anew, whatever became of it.
///
/// # Errors
/// The database's.
pub fn replay(
    conn: &mut Conn,
    hook: &super::WebHook,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<Replay, StoreError> {
    let own = rows::web_hook_id.eq(hook.key.0);
    if !hook.terms.enabled {
        let found = rows::table.find(id.0).filter(own).count();
        let found: i64 = found.get_result(conn)?;
        return Ok(match found {
            0 => Replay::NotFound,
            _ => Replay::Disabled,
        });
    }
    let replayed = diesel::update(rows::table.find(id.0))
        .filter(own)
        .set((
            rows::state.eq(DeliveryStatus::Waiting.number()),
            rows::attempts.eq(0),
            rows::next_at.eq(stored::shown_moment(now)),
        ))
        .execute(conn)?;
    Ok(match replayed {
        0 => Replay::NotFound,
        _ => Replay::Done,
    })
}

/// Forgets deliveries of events that happened before then, some at once: to be called until none is left.
///
/// # Errors
/// The database's.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize, StoreError> {
    let old: Vec<i64> = rows::table
        .filter(rows::changed_at.lt(stored::moment(before)))
        .order(rows::changed_at)
        .limit(FORGOTTEN_AT_ONCE)
        .select(rows::id)
        .load(conn)?;
    let forgotten = diesel::delete(rows::table)
        .filter(rows::id.eq_any(&old))
        .execute(conn)?;
    Ok(forgotten)
}

/// What deliveries can be filtered and sorted by.
pub static PROPERTIES: [Property; 11] = [
    integer("id", "web_hook_deliveries.id"),
    text("eventId", "web_hook_deliveries.event_id"),
    // `RecipientKey::message_id` in SQL.
    integer(
        "messageId",
        "(CASE WHEN web_hook_deliveries.campaign_id < 268435456 \
         THEN web_hook_deliveries.campaign_id * 16777216 + web_hook_deliveries.seq \
         ELSE web_hook_deliveries.campaign_id - 268435456 + 4503599627370496 END)",
    ),
    integer("statusCode", "web_hook_deliveries.message_status"),
    integer("status", "web_hook_deliveries.state"),
    integer("attempts", "web_hook_deliveries.attempts"),
    date_time("createdAt", "web_hook_deliveries.changed_at"),
    nullable(date_time(
        "nextAttemptAt",
        "(CASE WHEN web_hook_deliveries.state = 0 THEN web_hook_deliveries.next_at END)",
    )),
    nullable(date_time("lastAttemptAt", "web_hook_deliveries.tried_at")),
    nullable(integer(
        "responseStatus",
        "web_hook_deliveries.response_status",
    )),
    nullable(text("error", "web_hook_deliveries.error")),
];

/// The newest first.
const OWN_ORDER: &str = "web_hook_deliveries.id DESC";

/// A page of the deliveries to a web hook.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    hook: WebHookKey,
    request: &ListRequest,
) -> Result<Page<Delivery>, StoreError> {
    let wanted = rows::table
        .filter(rows::web_hook_id.eq(hook.0))
        .filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let sorts = listing::ordered(conn, &request.sorts, OWN_ORDER, &PROPERTIES[0]);
    let found: Vec<Row> = wanted
        .order(sorts)
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let items = found
        .into_iter()
        .map(Delivery::try_from)
        .collect::<Result<_, _>>()?;
    let total = stored::unsigned("count of deliveries", total)?;
    Ok(Page::new(request.page, total, items))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rows)]
struct Row {
    id: i64,
    event_id: String,
    campaign_id: i64,
    seq: i32,
    message_status: i16,
    state: i16,
    attempts: i16,
    changed_at: NaiveDateTime,
    next_at: NaiveDateTime,
    tried_at: Option<NaiveDateTime>,
    response_status: Option<i16>,
    error: Option<String>,
}

impl TryFrom<Row> for Delivery {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let status = DeliveryStatus::from_number(row.state)
            .ok_or_else(|| stored::corrupt("state of a delivery", row.state))?;
        let response = row.response_status;
        let response = response.map(|status| stored::unsigned("HTTP status", status));
        let waits = status == DeliveryStatus::Waiting;
        Ok(Self {
            id: DeliveryId(row.id),
            event_id: row.event_id,
            recipient: recipient(row.campaign_id, row.seq)?,
            message_status: stored::message_status(row.message_status)?,
            status,
            attempts: stored::unsigned("count of attempts", row.attempts)?,
            created_at: row.changed_at.and_utc(),
            next_at: waits.then(|| row.next_at.and_utc()),
            tried_at: row.tried_at.map(|at| at.and_utc()),
            response_status: response.transpose()?,
            error: row.error,
        })
    }
}

pub(super) fn recipient(campaign: i64, seq: i32) -> Result<RecipientKey, StoreError> {
    Ok(RecipientKey {
        campaign: CampaignKey(campaign),
        seq: stored::unsigned("sequence number", seq)?,
    })
}
