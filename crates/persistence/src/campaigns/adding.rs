//! How a campaign gets more contacts: they are loaded under a campaign of their own that nobody sees, and become the other's
//! in one step. What reads recipients thus never has to tell those that are not there yet from those that are.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Campaign, Forbidden};
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;

use super::life::decided;
use super::{Loaded, discard_loading};
use crate::schema::{campaigns, invalid_contacts, recipients};
use crate::{Change, Conn, StoreError, send_units, stored};

/// Rows that one statement moves, so that none runs into the statement timeout.
const MOVED_AT_ONCE: i32 = 50_000;

/// What became of contacts that were to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// They are the campaign's.
    Done,
    /// The campaign is gone.
    NotFound,
    /// Its status forbids it now.
    Forbidden(Forbidden),
    /// Its contacts or its message are not those any more that the new contacts were checked against.
    Outdated,
}

/// Makes what was loaded a campaign's own. `campaign` is as it was when the contacts were checked against it.
///
/// # Errors
/// The database's.
pub fn add_loaded(
    conn: &mut Conn,
    campaign: &Campaign,
    loading: CampaignKey,
    loaded: Loaded,
    now: DateTime<Utc>,
) -> Result<Added, StoreError> {
    let change = decided(conn, campaign.client, campaign.id, now, |at| {
        at.status.edit().map(|()| at.status)
    })?;
    match change {
        Change::NotFound => return Ok(Added::NotFound),
        Change::Forbidden(forbidden) => return Ok(Added::Forbidden(forbidden)),
        Change::Done => {}
    }
    if !has_same_links(conn, campaign)? || !raise_counts(conn, campaign, loaded)? {
        return Ok(Added::Outdated);
    }
    let before = stored::unsigned(
        "count of recipients",
        stored::count(campaign.recipient_count),
    )?;
    move_recipients(conn, loading, campaign.key, before, loaded.recipients)?;
    move_invalid(conn, loading, campaign)?;
    send_units::extend(conn, campaign.key, before, loaded.recipients)?;
    discard_loading(conn, loading)?;
    Ok(Added::Done)
}

/// Makes sure that a campaign has no other contacts than those that a change of it was checked against. Asked in the
/// transaction of the change and after it, when nobody else can add any.
///
/// # Errors
/// [`StoreError::Conflict`] where contacts were added meanwhile, or the database's.
pub fn require_same_contacts(conn: &mut Conn, known: &Campaign) -> Result<(), StoreError> {
    let count: i64 = campaigns::table
        .find(known.key.0)
        .select(campaigns::recipient_count)
        .first(conn)?;
    if count == stored::count(known.recipient_count) {
        return Ok(());
    }
    Err(StoreError::Conflict(
        "contacts were added meanwhile".to_owned(),
    ))
}

/// Whether the campaign still has the links that are known of it. Asked when nobody else can change them any more.
fn has_same_links(conn: &mut Conn, known: &Campaign) -> Result<bool, StoreError> {
    let links: (Option<i32>, Option<String>) = campaigns::table
        .find(known.key.0)
        .select((campaigns::opt_out_link_id, campaigns::track_link_url))
        .first(conn)?;
    let opt_out_link = known.opt_out_link_id.map(|id| id.0);
    Ok(links == (opt_out_link, known.track_link_url.clone()))
}

/// Whether the campaign still has the contacts and the message that are known of it.
fn raise_counts(conn: &mut Conn, known: &Campaign, loaded: Loaded) -> Result<bool, StoreError> {
    let raised = diesel::update(campaigns::table.find(known.key.0))
        .filter(campaigns::recipient_count.eq(stored::count(known.recipient_count)))
        .filter(campaigns::message.eq(&known.message))
        .set((
            campaigns::recipient_count
                .eq(campaigns::recipient_count + i64::from(loaded.recipients)),
            campaigns::invalid_count.eq(campaigns::invalid_count + stored::count(loaded.invalid)),
            campaigns::duplicate_count
                .eq(campaigns::duplicate_count + stored::count(loaded.duplicates)),
        ))
        .execute(conn)?;
    Ok(raised > 0)
}

fn move_recipients(
    conn: &mut Conn,
    from: CampaignKey,
    to: CampaignKey,
    before: u32,
    count: u32,
) -> Result<(), StoreError> {
    let (before, count) = (stored::seq(before), stored::seq(count));
    let mut moved = 0;
    while moved < count {
        let upto = count.min(moved + MOVED_AT_ONCE);
        diesel::update(recipients::table)
            .filter(recipients::campaign_id.eq(from.0))
            .filter(recipients::seq.between(moved + 1, upto))
            .set((
                recipients::campaign_id.eq(to.0),
                recipients::seq.eq(recipients::seq + before),
            ))
            .execute(conn)?;
        moved = upto;
    }
    Ok(())
}

/// Their indexes count on from all contacts that were ever given for the campaign.
fn move_invalid(conn: &mut Conn, from: CampaignKey, to: &Campaign) -> Result<(), StoreError> {
    let given = to.recipient_count + to.invalid_count + to.duplicate_count;
    diesel::update(invalid_contacts::table)
        .filter(invalid_contacts::campaign_id.eq(from.0))
        .set((
            invalid_contacts::campaign_id.eq(to.key.0),
            invalid_contacts::position.eq(invalid_contacts::position + stored::count(given)),
        ))
        .execute(conn)?;
    Ok(())
}
