//! How a campaign comes to be: invisible while its contacts are stored, then Pending in one step, or gone.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{CampaignContent, CampaignId, CampaignStatus, OnUnknown, Utm};
use clarion_domain::client::ClientId;
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;

use super::{Kind, LOADING, Loaded, TimingRow};
use crate::schema::{campaigns, invalid_contacts, recipients};
use crate::{Conn, StoreError, dialect, send_units, stored};

/// Rows that one statement removes, so that none runs into the statement timeout.
const REMOVED_AT_ONCE: i32 = 50_000;

/// Makes a campaign in loading: nobody sees it before [`finish_loading`].
///
/// # Errors
/// The database's.
pub fn insert_loading(
    conn: &mut Conn,
    id: CampaignId,
    client: ClientId,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<CampaignKey, StoreError> {
    let key = dialect::next_campaign_key(conn, kind)?;
    let now = stored::moment(now);
    diesel::insert_into(campaigns::table)
        .values((
            campaigns::id.eq(key),
            campaigns::public_id.eq(id.0.to_string()),
            campaigns::client_id.eq(client.0),
            campaigns::kind.eq(kind as i16),
            campaigns::status.eq(LOADING),
            campaigns::start_at.eq(now),
            campaigns::sender_kind.eq(0),
            campaigns::sender.eq(""),
            campaigns::message.eq(""),
            campaigns::recipient_count.eq(0),
            campaigns::invalid_count.eq(0),
            campaigns::duplicate_count.eq(0),
            campaigns::created_at.eq(now),
            campaigns::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(CampaignKey(key))
}

/// Ends the loading: the campaign is Pending, and its recipients are cut into send units.
///
/// # Errors
/// The database's; [`StoreError::Query`] with `NotFound` where no such campaign is loading.
pub fn finish_loading(
    conn: &mut Conn,
    key: CampaignKey,
    content: &CampaignContent,
    loaded: Loaded,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let updated = diesel::update(campaigns::table.find(key.0))
        .filter(campaigns::status.eq(LOADING))
        .set((
            campaigns::status.eq(CampaignStatus::Pending.number()),
            campaigns::start_at.eq(stored::shown_moment(content.start_at)),
            campaigns::sender_kind.eq(stored::sender_kind(&content.sender)),
            campaigns::sender.eq(content.sender.as_str()),
            campaigns::name.eq(&content.name),
            campaigns::message.eq(content.message.source()),
            campaigns::smart_encoding.eq(content.smart_encoding),
            campaigns::opt_out_link_id.eq(content.opt_out_link_id.map(|id| id.0)),
            campaigns::track_link_url.eq(&content.track_link_url),
            campaigns::utm.eq(content.utm.as_ref().map(Utm::query)),
            campaigns::on_unknown.eq(content.on_unknown.map(OnUnknown::number)),
            TimingRow::from(&content.timing),
            campaigns::recipient_count.eq(i64::from(loaded.recipients)),
            campaigns::invalid_count.eq(stored::count(loaded.invalid)),
            campaigns::duplicate_count.eq(stored::count(loaded.duplicates)),
            campaigns::updated_at.eq(stored::moment(now)),
        ))
        .execute(conn)?;
    expect_one(updated)?;
    send_units::insert_all(conn, key, loaded.recipients)
}

/// Removes a campaign in loading and all that was stored for it; nothing where it is not loading.
///
/// # Errors
/// The database's.
pub fn discard_loading(conn: &mut Conn, key: CampaignKey) -> Result<(), StoreError> {
    let locked = diesel::update(campaigns::table.find(key.0))
        .filter(campaigns::status.eq(LOADING))
        .set(campaigns::status.eq(LOADING))
        .execute(conn)?;
    if locked == 0 {
        return Ok(());
    }
    remove_recipients(conn, key)?;
    diesel::delete(invalid_contacts::table.filter(invalid_contacts::campaign_id.eq(key.0)))
        .execute(conn)?;
    diesel::delete(campaigns::table.find(key.0)).execute(conn)?;
    Ok(())
}

fn remove_recipients(conn: &mut Conn, key: CampaignKey) -> Result<(), StoreError> {
    let own = recipients::campaign_id.eq(key.0);
    let last: Option<i32> = recipients::table
        .filter(own)
        .select(diesel::dsl::max(recipients::seq))
        .get_result(conn)?;
    let mut from = 0;
    while from <= last.unwrap_or_default() {
        let upto = from.saturating_add(REMOVED_AT_ONCE);
        let run = recipients::seq.between(from, upto);
        diesel::delete(recipients::table.filter(own).filter(run)).execute(conn)?;
        from = upto;
    }
    Ok(())
}

/// Campaigns in loading that nothing was stored for since then: what a crash leaves behind.
///
/// # Errors
/// The database's.
pub fn abandoned_loading(
    conn: &mut Conn,
    untouched_since: DateTime<Utc>,
) -> Result<Vec<CampaignKey>, StoreError> {
    let keys: Vec<i64> = campaigns::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("status = -1"))
        .filter(campaigns::updated_at.lt(stored::moment(untouched_since)))
        .order(campaigns::updated_at)
        .select(campaigns::id)
        .load(conn)?;
    Ok(keys.into_iter().map(CampaignKey).collect())
}

/// Notes that something was stored for a campaign in loading; this also stands in for a foreign key.
pub(crate) fn touch(
    conn: &mut Conn,
    key: CampaignKey,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let touched = diesel::update(campaigns::table.find(key.0))
        .filter(campaigns::status.eq(LOADING))
        .set(campaigns::updated_at.eq(stored::moment(now)))
        .execute(conn)?;
    expect_one(touched)
}

fn expect_one(changed: usize) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::Query(diesel::result::Error::NotFound)),
        _ => Ok(()),
    }
}
