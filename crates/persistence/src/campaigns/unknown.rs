//! Messages of which it is not known whether they were sent, once they are to be sent again: they are queued like any other
//! that is known not to be written, and go the same way from there.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::{CampaignId, OnUnknown};
use clarion_domain::client::ClientId;
use clarion_domain::message::MessageStatus;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::life::{SENDING, SUBMITTED, decided};
use super::listed;
use crate::messages::{IN_DOUBT, Tally};
use crate::schema::{campaigns, messages, send_units};
use crate::{Change, Conn, StoreError, dialect, stored};

/// How often a message is sent again by itself. A provider that never answers gets no more of it: then it is held.
pub const MOST_RESENDS: i16 = 3;

/// Messages that one statement queues, and one call of [`resend_due`].
const AT_ONCE: usize = 1_000;

/// In SQL, whether the messages of a campaign that are in doubt are sent again by themselves.
fn is_resent(usual: OnUnknown) -> String {
    format!(
        "coalesce(campaigns.on_unknown,
            (SELECT clients.on_unknown FROM clients WHERE clients.id = campaigns.client_id), {}) = {}",
        usual.number(),
        OnUnknown::Resend.number()
    )
}

/// In SQL, whether no message of a campaign will be sent again by itself.
pub(super) fn none_to_be_sent_again(usual: OnUnknown) -> String {
    format!(
        "NOT ({} AND EXISTS (SELECT 1 FROM messages WHERE messages.campaign_id = campaigns.id
            AND {IN_DOUBT} AND messages.resends < {MOST_RESENDS}))",
        is_resent(usual)
    )
}

/// Queues messages that are in doubt since before then, where that is their campaign's policy, or its client's, or else
/// the usual one; some at once: to be called until none is left. How many.
///
/// # Errors
/// The database's.
pub fn resend_due(
    conn: &mut Conn,
    usual: OnUnknown,
    unknown_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut queued = 0;
    for (campaign, seqs) in due(conn, usual, unknown_before)? {
        queued += queue(conn, campaign, &seqs, now)?;
    }
    Ok(queued)
}

/// Whether [`resend_due`] would queue any.
///
/// # Errors
/// The database's.
pub fn is_resend_due(
    conn: &mut Conn,
    usual: OnUnknown,
    unknown_before: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(!due(conn, usual, unknown_before)?.is_empty())
}

/// Messages that are to be sent again, by campaign.
fn due(
    conn: &mut Conn,
    usual: OnUnknown,
    unknown_before: DateTime<Utc>,
) -> Result<Vec<(i64, Vec<i32>)>, StoreError> {
    let is_under_way = format!("(({SENDING}) OR ({SUBMITTED}))");
    let resent: Vec<i64> = campaigns::table
        .filter(sql::<Bool>(&is_under_way))
        .filter(sql::<Bool>(&is_resent(usual)))
        .order(campaigns::id)
        .select(campaigns::id)
        .load(conn)?;
    let mut due = Vec::new();
    for campaign in resent {
        let seqs: Vec<i32> = messages::table
            .filter(messages::campaign_id.eq(campaign))
            .filter(sql::<Bool>(IN_DOUBT))
            .filter(messages::unknown_since.le(stored::moment(unknown_before)))
            .filter(messages::resends.lt(MOST_RESENDS))
            .order(messages::seq)
            .limit(i64::try_from(AT_ONCE).unwrap_or(i64::MAX))
            .select(messages::seq)
            .load(conn)?;
        if !seqs.is_empty() {
            due.push((campaign, seqs));
        }
    }
    Ok(due)
}

/// Queues a campaign's messages that are in doubt: all of them, or those of these recipients. One that is not in doubt any
/// more is left alone, so that asking twice sends nothing twice. How many.
///
/// # Errors
/// The database's.
pub fn resend_unknown(
    conn: &mut Conn,
    client: ClientId,
    id: CampaignId,
    chosen: Option<&[u32]>,
    now: DateTime<Utc>,
) -> Result<(Change, usize), StoreError> {
    let campaign: Option<i64> = listed(client.0)
        .filter(campaigns::public_id.eq(id.0.to_string()))
        .select(campaigns::id)
        .first(conn)
        .optional()?;
    let Some(campaign) = campaign else {
        return Ok((Change::NotFound, 0));
    };
    let mut seqs: Vec<i32> = messages::table
        .filter(messages::campaign_id.eq(campaign))
        .filter(sql::<Bool>(IN_DOUBT))
        .order(messages::seq)
        .select(messages::seq)
        .load(conn)?;
    if let Some(chosen) = chosen {
        seqs.retain(|seq| chosen.iter().any(|chosen| stored::seq(*chosen) == *seq));
    }
    let change = decided(conn, client, id, now, |at| match seqs.is_empty() {
        true => at.status.send_again().map(|_| at.status),
        false => at.status.send_again(),
    })?;
    match change {
        Change::Done => Ok((change, queue(conn, campaign, &seqs, now)?)),
        _ => Ok((change, 0)),
    }
}

/// Makes messages that are still in doubt queued ones, and their units unfinished.
fn queue(
    conn: &mut Conn,
    campaign: i64,
    seqs: &[i32],
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut tally = Tally::default();
    let mut count = 0;
    for some in seqs.chunks(AT_ONCE) {
        let queued: Vec<i32> = diesel::update(messages::table)
            .filter(messages::campaign_id.eq(campaign))
            .filter(messages::seq.eq_any(some))
            .filter(sql::<Bool>(IN_DOUBT))
            .set((
                messages::status.eq(MessageStatus::Queued.number()),
                messages::unknown_since.eq(None::<NaiveDateTime>),
                messages::resends.eq(messages::resends + 1),
                messages::updated_at.eq(stored::shown_moment(now)),
            ))
            .returning(messages::seq)
            .load(conn)?;
        count += queued.len();
        for seq in queued {
            tally.leave((campaign, seq), MessageStatus::Unknown.number())?;
            tally.enter((campaign, seq), MessageStatus::Queued.number())?;
        }
    }
    let changes = tally.into_changes();
    dialect::add_to_units(conn, &changes)?;
    for ((_, first_seq), _) in &changes {
        diesel::update(send_units::table.find((campaign, *first_seq)))
            .set((
                send_units::sent_at.eq(None::<NaiveDateTime>),
                send_units::not_before.eq(None::<NaiveDateTime>),
            ))
            .execute(conn)?;
    }
    Ok(count)
}
