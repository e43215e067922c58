//! How a campaign changes once it is there. What is allowed is the domain's to say; here the decision is made safe against
//! others that decide at the same time.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::{
    CampaignContent, CampaignId, CampaignStatus, Forbidden, OnUnknown, Step, Utm,
};
use clarion_domain::client::ClientId;
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::recipient::CampaignKey;
use diesel::dsl::{exists, min, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Advanced, Kind, Outgoing, TimingRow, listed, unknown};
use crate::clients::CapRow;
use crate::schema::{campaigns, clients, send_units};
use crate::{Change, Conn, StoreError, stored};

// The status is written into these conditions: with a bound value, neither database could tell that a partial index fits.
const PENDING: &str = "campaigns.status = 0 AND campaigns.deleted_at IS NULL";
pub(crate) const SENDING: &str = "campaigns.status = 1 AND campaigns.deleted_at IS NULL";
pub(super) const SUBMITTED: &str = "campaigns.status = 2 AND campaigns.deleted_at IS NULL";

/// Replaces what a campaign says; its contacts stay.
///
/// # Errors
/// The database's.
pub fn replace(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    content: &CampaignContent,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let decide = |at: &Standing| at.status.edit().map(|()| at.status);
    let change = decided(conn, client, id, now, decide)?;
    if change == Change::Done {
        diesel::update(campaigns::table)
            .filter(campaigns::public_id.eq(id.0.to_string()))
            .set((
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
            ))
            .execute(conn)?;
        crate::send_units::judge_anew(conn, id)?;
    }
    Ok(change)
}

/// Deletes a campaign: nothing more of it is sent, and it leaves every list. Its messages stay. Whether there was one.
///
/// # Errors
/// The database's.
pub fn delete(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(campaign) = standing(conn, client, id)? else {
        return Ok(false);
    };
    let now = stored::moment(now);
    let deleted = diesel::update(campaigns::table.find(campaign.id))
        .filter(campaigns::deleted_at.is_null())
        .set((campaigns::deleted_at.eq(now), campaigns::updated_at.eq(now)))
        .execute(conn)?;
    Ok(deleted > 0)
}

/// Holds a campaign back.
///
/// # Errors
/// The database's.
pub fn pause(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    decided(conn, client, id, now, |at| at.status.pause())
}

/// Lets a paused campaign go on.
///
/// # Errors
/// The database's.
pub fn resume(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    decided(conn, client, id, now, |at| {
        at.status.resume(at.start_at.and_utc(), now)
    })
}

/// Stops a campaign for good.
///
/// # Errors
/// The database's.
pub fn cancel(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    decided(conn, client, id, now, |at| at.status.cancel())
}

/// Lets every campaign whose start has come begin.
///
/// # Errors
/// The database's.
pub fn start_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<CampaignKey>, StoreError> {
    let now = stored::moment(now);
    let keys: Vec<i64> = diesel::update(campaigns::table)
        .filter(sql::<Bool>(PENDING))
        .filter(campaigns::start_at.le(now))
        .set((
            campaigns::status.eq(Step::Start.to().number()),
            campaigns::updated_at.eq(now),
        ))
        .returning(campaigns::id)
        .load(conn)?;
    Ok(in_order(keys))
}

/// Holds back every campaign that should have started before then, for this reason; how many.
///
/// # Errors
/// The database's.
pub fn hold_back_late(
    conn: &mut Conn,
    due_before: DateTime<Utc>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let held_back = diesel::update(campaigns::table)
        .filter(sql::<Bool>(PENDING))
        .filter(campaigns::start_at.lt(stored::moment(due_before)))
        .set((
            campaigns::status.eq(Step::HoldBack.to().number()),
            campaigns::paused_reason.eq(reason),
            campaigns::updated_at.eq(stored::moment(now)),
        ))
        .execute(conn)?;
    Ok(held_back)
}

/// When the next campaign starts.
///
/// # Errors
/// The database's.
pub fn next_start(conn: &mut Conn) -> Result<Option<DateTime<Utc>>, StoreError> {
    let next: Option<NaiveDateTime> = campaigns::table
        .filter(sql::<Bool>(PENDING))
        .select(min(campaigns::start_at))
        .get_result(conn)?;
    Ok(next.map(|at| at.and_utc()))
}

/// Campaigns in Sending with units that are not handed over, and of which something may be sent now.
///
/// # Errors
/// The database's.
pub fn sending(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<Outgoing>, StoreError> {
    let rows: Vec<OutgoingRow> = campaigns::table
        .inner_join(clients::table)
        .filter(sql::<Bool>(SENDING))
        .filter(exists(units_to_send(stored::moment(now))))
        .order(campaigns::id)
        .select(OutgoingRow::as_select())
        .load(conn)?;
    rows.into_iter().map(Outgoing::try_from).collect()
}

/// Moves on the campaigns that are handed over (to Submitted), those with messages that are to be sent again (back to
/// Sending) and those whose messages are all final (to Completed). `usual` is what becomes of messages of unknown outcome
/// where neither campaign nor client says: those that will be sent again are not final.
///
/// # Errors
/// The database's.
pub fn advance(
    conn: &mut Conn,
    usual: OnUnknown,
    now: DateTime<Utc>,
) -> Result<Advanced, StoreError> {
    let now = stored::moment(now);
    let sent_again = diesel::update(campaigns::table)
        .filter(sql::<Bool>(SUBMITTED))
        .filter(exists(unfinished_units()))
        .set((
            campaigns::status.eq(Step::SendAgain.to().number()),
            campaigns::updated_at.eq(now),
        ))
        .returning(campaigns::id)
        .load(conn)?;
    let submitted = diesel::update(campaigns::table)
        .filter(sql::<Bool>(SENDING))
        .filter(not(exists(unfinished_units())))
        .set((
            campaigns::status.eq(Step::HandOver.to().number()),
            campaigns::updated_at.eq(now),
        ))
        .returning(campaigns::id)
        .load(conn)?;
    let completed = diesel::update(campaigns::table)
        .filter(sql::<Bool>(SUBMITTED))
        .filter(not(exists(units_with_open_messages())))
        .filter(sql::<Bool>(&unknown::none_to_be_sent_again(usual)))
        .set((
            campaigns::status.eq(Step::Complete.to().number()),
            campaigns::updated_at.eq(now),
        ))
        .returning(campaigns::id)
        .load(conn)?;
    Ok(Advanced {
        sent_again: in_order(sent_again),
        submitted: in_order(submitted),
        completed: in_order(completed),
    })
}

#[diesel::dsl::auto_type(no_type_alias)]
fn unfinished_units() -> _ {
    send_units::table
        .filter(send_units::campaign_id.eq(campaigns::id))
        .filter(send_units::sent_at.is_null())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn units_to_send(now: NaiveDateTime) -> _ {
    let is_due = send_units::not_before
        .is_null()
        .or(send_units::not_before.le(now));
    send_units::table
        .filter(send_units::campaign_id.eq(campaigns::id))
        .filter(send_units::sent_at.is_null())
        .filter(is_due)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn units_with_open_messages() -> _ {
    send_units::table
        .filter(send_units::campaign_id.eq(campaigns::id))
        .filter(
            send_units::queued
                .gt(0_i32)
                .or(send_units::sent.gt(0_i32))
                .or(send_units::accepted.gt(0_i32)),
        )
}

pub(super) struct Standing {
    id: i64,
    pub(super) status: CampaignStatus,
    start_at: NaiveDateTime,
    paused_reason: Option<String>,
}

fn standing(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
) -> Result<Option<Standing>, StoreError> {
    let found: Option<(i64, i16, NaiveDateTime, Option<String>)> = listed(client.0)
        .filter(campaigns::public_id.eq(id.0.to_string()))
        .select((
            campaigns::id,
            campaigns::status,
            campaigns::start_at,
            campaigns::paused_reason,
        ))
        .first(conn)
        .optional()?;
    let Some((id, status, start_at, paused_reason)) = found else {
        return Ok(None);
    };
    Ok(Some(Standing {
        id,
        status: stored::campaign_status(status)?,
        start_at,
        paused_reason,
    }))
}

/// Takes a campaign from the status that the decision was made on to the one decided; where somebody was faster, the
/// whole is run again.
pub(super) fn decided(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    now: DateTime<Utc>,
    decide: impl FnOnce(&Standing) -> Result<CampaignStatus, Forbidden>,
) -> Result<Change, StoreError> {
    let Some(campaign) = standing(conn, client, id)? else {
        return Ok(Change::NotFound);
    };
    let status = match decide(&campaign) {
        Ok(status) => status,
        Err(forbidden) => return Ok(Change::Forbidden(forbidden)),
    };
    let paused_reason = campaign.paused_reason.filter(|_| status == campaign.status);
    let changed = diesel::update(campaigns::table.find(campaign.id))
        .filter(campaigns::status.eq(campaign.status.number()))
        .filter(campaigns::deleted_at.is_null())
        .set((
            campaigns::status.eq(status.number()),
            campaigns::paused_reason.eq(paused_reason),
            campaigns::updated_at.eq(stored::moment(now)),
        ))
        .execute(conn)?;
    match changed {
        0 => Err(StoreError::Conflict("the campaign has moved".to_owned())),
        _ => Ok(Change::Done),
    }
}

fn in_order(mut keys: Vec<i64>) -> Vec<CampaignKey> {
    keys.sort_unstable();
    keys.into_iter().map(CampaignKey).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = campaigns)]
struct OutgoingRow {
    id: i64,
    client_id: i64,
    kind: i16,
    sender_kind: i16,
    sender: String,
    message: String,
    smart_encoding: bool,
    opt_out_link_id: Option<i32>,
    track_link_url: Option<String>,
    updated_at: NaiveDateTime,
    #[diesel(embed)]
    timing: TimingRow,
    #[diesel(embed)]
    max_per_person: CapRow,
}

impl TryFrom<OutgoingRow> for Outgoing {
    type Error = StoreError;

    fn try_from(row: OutgoingRow) -> Result<Self, StoreError> {
        let key = CampaignKey(row.id);
        let cap: Option<FrequencyCap> = row.max_per_person.try_into()?;
        Ok(Self {
            key,
            client: ClientId(row.client_id),
            answers: row.kind == Kind::Answer as i16,
            max_per_person: cap.filter(|_| !key.is_direct()),
            sender: stored::sender(row.sender_kind, row.sender)?,
            message: row.message,
            smart_encoding: row.smart_encoding,
            opt_out_link_id: row.opt_out_link_id.map(OptOutLinkId),
            track_link_url: row.track_link_url,
            timing: row.timing.try_into()?,
            updated_at: row.updated_at.and_utc(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conditions_are_where_the_steps_begin() {
        for (step, condition) in [
            (Step::Start, PENDING),
            (Step::HoldBack, PENDING),
            (Step::HandOver, SENDING),
            (Step::SendAgain, SUBMITTED),
            (Step::Complete, SUBMITTED),
        ] {
            let status = format!("campaigns.status = {} AND ", step.from().number());
            assert!(condition.starts_with(&status), "{step:?}");
        }
    }
}
