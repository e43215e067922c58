//! Send units: runs of at most [`UNIT_SIZE`] recipients, the pieces that nodes lease. The mark of a unit says up to where
//! its messages may have been written to a socket.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::campaign::CampaignId;
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::CampaignKey;
use diesel::dsl::{count_star, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::campaigns::SENDING;
use crate::conn::on_each_backend;
use crate::messages::{Settlement, settle};
use crate::schema::{campaigns, messages, send_units};
use crate::{Conn, StoreError, dialect, stored};

/// Recipients of a unit; only a campaign's last unit has fewer. Unit n of a campaign begins at `n * UNIT_SIZE + 1`.
pub const UNIT_SIZE: u32 = 1_000;

/// Units that one statement inserts: it has room for 32,766 values on SQLite.
const UNITS_AT_ONCE: usize = 1_000;

/// Whether each recipient of a unit has a message that is not queued. In SQL, because the compiler's effort for an
/// expression of diesel's types doubles with each term.
const SETTLED: &str = "last_seq - first_seq + 1
    = sent + accepted + delivered + failed + unknown + opted_out";

/// A unit under lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The campaign.
    pub campaign: CampaignKey,
    /// Its first recipient.
    pub first_seq: u32,
    /// Its last recipient.
    pub last_seq: u32,
    /// Who holds it.
    pub owner: String,
    /// Counts its leases: who holds an older one has lost it.
    pub epoch: i64,
    /// Up to where its messages may have been sent, as of the claim; one less than `first_seq` where nothing is marked.
    pub marked_upto: u32,
    /// The campaign's last change as of the claim: what was read of it then is no longer to be sent once it has changed.
    pub as_of: DateTime<Utc>,
}

/// What became of the wish to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The messages may be written.
    Marked,
    /// The lease has run out or is another's.
    LeaseLost,
    /// The campaign is not in Sending any more, or has changed since the claim.
    NotSending,
}

/// Which units are in nobody's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Free {
    /// Those that were given back, or never taken.
    GivenBack,
    /// Those, and the ones whose lease has run out.
    RunOut,
}

/// What is left to hand over of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Units that are not finished.
    pub units: u64,
    /// Their messages that are not marked, or wait to be sent again.
    pub messages: u64,
}

/// A message known not to be written, that waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// The recipient.
    pub seq: u32,
    /// The attempt that did not come about.
    pub attempt: i16,
    /// The reference to use again.
    pub reference: u16,
}

/// Whether a unit has not been leased anew since this lease.
macro_rules! leased {
    ($unit:expr) => {
        send_units::campaign_id
            .eq($unit.campaign.0)
            .and(send_units::first_seq.eq(stored::seq($unit.first_seq)))
            .and(send_units::owner.eq(&$unit.owner))
            .and(send_units::epoch.eq($unit.epoch))
    };
}
/// Whether a unit's campaign is being sent, and has not changed since the claim.
macro_rules! unchanged {
    ($unit:expr) => {
        campaigns::table
            .filter(campaigns::id.eq($unit.campaign.0))
            .filter(campaigns::updated_at.eq(stored::moment($unit.as_of)))
            .filter(sql::<Bool>(SENDING))
    };
}
/// Whether a unit is still this owner's lease, and its campaign being sent: the condition under which anything of it may
/// be handed to a socket.
macro_rules! held {
    ($conn:expr, $unit:expr) => {
        leased!($unit)
            .and(send_units::lease_until.gt(dialect::lease_clock($conn).nullable()))
            .and(exists(unchanged!($unit)))
    };
}

/// Cuts a campaign's recipients into units.
pub(crate) fn insert_all(
    conn: &mut Conn,
    campaign: CampaignKey,
    recipients: u32,
) -> Result<(), StoreError> {
    insert_from(conn, campaign, 1, recipients)
}

/// Cuts recipients that were added to a campaign into units. The last one there was takes as many as it has room for, and
/// is unfinished again; who holds it now sends no further than it was when it was claimed.
pub(crate) fn extend(
    conn: &mut Conn,
    campaign: CampaignKey,
    before: u32,
    added: u32,
) -> Result<(), StoreError> {
    let recipients = before + added;
    let next = before.next_multiple_of(UNIT_SIZE) + 1;
    if added > 0 && next > before + 1 {
        diesel::update(send_units::table.find((campaign.0, stored::seq(first_seq_of(before)))))
            .set((
                send_units::last_seq.eq(stored::seq(recipients.min(next - 1))),
                send_units::sent_at.eq(None::<NaiveDateTime>),
                send_units::not_before.eq(None::<NaiveDateTime>),
            ))
            .execute(conn)?;
    }
    insert_from(conn, campaign, next, recipients)
}

/// Units for the recipients from `first` on, with which a unit begins.
fn insert_from(
    conn: &mut Conn,
    campaign: CampaignKey,
    first: u32,
    last: u32,
) -> Result<(), StoreError> {
    let step = usize::try_from(UNIT_SIZE).unwrap_or(usize::MAX);
    let starts: Vec<u32> = (first..=last).step_by(step).collect();
    for some in starts.chunks(UNITS_AT_ONCE) {
        let rows: Vec<NewRow> = some
            .iter()
            .map(|first| NewRow::new(campaign, *first, last))
            .collect();
        on_each_backend!(conn, inner => diesel::insert_into(send_units::table)
            .values(&rows)
            .execute(inner))?;
    }
    Ok(())
}

/// The first recipient of the unit that a recipient belongs to.
pub(crate) fn first_seq_of(seq: u32) -> u32 {
    seq - (seq - 1) % UNIT_SIZE
}

/// Leases up to `limit` units of a campaign that are not finished, in nobody's hands and due by `now`.
///
/// # Errors
/// The database's.
pub fn claim(
    conn: &mut Conn,
    campaign: CampaignKey,
    owner: &str,
    lease: Duration,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Unit>, StoreError> {
    claim_of(conn, campaign, Free::RunOut, owner, lease, now, limit)
}

/// [`claim`], of these.
///
/// # Errors
/// The database's.
pub fn claim_of(
    conn: &mut Conn,
    campaign: CampaignKey,
    which: Free,
    owner: &str,
    lease: Duration,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Unit>, StoreError> {
    let as_of = campaigns::table
        .find(campaign.0)
        .select(campaigns::updated_at)
        .first::<NaiveDateTime>(conn)?
        .and_utc();
    let due = stored::moment(now);
    let free = dialect::lock_free_units(conn, campaign.0, due, which, i64::from(limit))?;
    let lease_until = dialect::lease_end(conn, lease);
    let rows: Vec<Row> = diesel::update(send_units::table)
        .filter(send_units::campaign_id.eq(campaign.0))
        .filter(send_units::first_seq.eq_any(free))
        .set((
            send_units::owner.eq(owner),
            send_units::epoch.eq(send_units::epoch + 1),
            send_units::lease_until.eq(lease_until.nullable()),
        ))
        .returning((
            send_units::campaign_id,
            send_units::first_seq,
            send_units::last_seq,
            send_units::epoch,
            send_units::marked_upto,
        ))
        .load(conn)?;
    let mut units = rows
        .into_iter()
        .map(|row| row.into_unit(owner, as_of))
        .collect::<Result<Vec<_>, _>>()?;
    units.sort_unstable_by_key(|unit| unit.first_seq);
    Ok(units)
}

/// Prolongs those of this owner's leases that it knows of and that have not run out; how many.
///
/// A lease that it does not know of, since the answer to its claim got lost, must run out: nobody would send its messages.
///
/// # Errors
/// The database's.
pub fn renew(
    conn: &mut Conn,
    owner: &str,
    known: &BTreeMap<CampaignKey, Vec<u32>>,
    lease: Duration,
) -> Result<usize, StoreError> {
    let mut renewed = 0;
    for (campaign, units) in known {
        let (now, lease_until) = (dialect::lease_clock(conn), dialect::lease_end(conn, lease));
        let units: Vec<i32> = units.iter().map(|first| stored::seq(*first)).collect();
        renewed += diesel::update(send_units::table)
            .filter(send_units::campaign_id.eq(campaign.0))
            .filter(send_units::first_seq.eq_any(units))
            .filter(send_units::owner.eq(owner))
            .filter(send_units::lease_until.gt(now.nullable()))
            .set(send_units::lease_until.eq(lease_until.nullable()))
            .execute(conn)?;
    }
    Ok(renewed)
}

/// Gives back what others than this owner hold, where no other process can be alive: on SQLite, whose file one process
/// has. On PostgreSQL leases run out, and nothing is done. How many.
///
/// # Errors
/// The database's.
pub fn release_of_others(conn: &mut Conn, owner: &str) -> Result<usize, StoreError> {
    if !dialect::is_alone(conn) {
        return Ok(0);
    }
    let released = diesel::update(send_units::table)
        .filter(send_units::owner.ne(owner))
        .set((
            send_units::owner.eq(None::<String>),
            send_units::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(released)
}

/// Moves a unit's mark to `upto`: only what is marked may be written to a socket.
///
/// # Errors
/// The database's.
pub fn mark(conn: &mut Conn, unit: &Unit, upto: u32) -> Result<Mark, StoreError> {
    let upto = stored::seq(upto);
    let held = held!(conn, unit);
    let marked = diesel::update(send_units::table)
        .filter(held)
        // Never twice the same: what is marked again would be sent again.
        .filter(send_units::marked_upto.lt(upto))
        .filter(send_units::last_seq.ge(upto))
        .set(send_units::marked_upto.eq(upto))
        .execute(conn)?;
    if marked > 0 {
        return Ok(Mark::Marked);
    }
    refusal(conn, unit)
}

/// Moves the mark back to `upto`, behind which nothing was written: for when the answer to a mark got lost, and it is open
/// whether it lasts. Nothing happens where the unit has been leased anew: its next holder may have counted on the mark.
///
/// Whatever the mark is, since a condition on it would not wait for the lost transaction where that is still under way.
///
/// # Errors
/// The database's.
pub fn take_back(conn: &mut Conn, unit: &Unit, upto: u32) -> Result<(), StoreError> {
    diesel::update(send_units::table)
        .filter(leased!(unit))
        .set(send_units::marked_upto.eq(stored::seq(upto)))
        .execute(conn)?;
    Ok(())
}

/// Writes down what of a unit is not sent now: messages that wait or that are not sent at all, and when there is something to
/// send again, where all that is left waits. The mark stays: whoever claims the unit finds that they have messages.
///
/// # Errors
/// The database's.
pub fn set_aside(
    conn: &mut Conn,
    unit: &Unit,
    aside: &[Settlement],
    not_before: Option<DateTime<Utc>>,
) -> Result<Mark, StoreError> {
    // A change of the campaign ends the waiting, and must not overtake it.
    if !dialect::keep_campaign(conn, unit.campaign.0, stored::moment(unit.as_of))? {
        return refusal(conn, unit);
    }
    let held = held!(conn, unit);
    let held = diesel::update(send_units::table)
        .filter(held)
        .set(send_units::not_before.eq(not_before.map(stored::moment)))
        .execute(conn)?;
    if held == 0 {
        return refusal(conn, unit);
    }
    settle(conn, aside)?;
    Ok(Mark::Marked)
}

/// Ends the waiting of a campaign's units: its times have changed.
pub(crate) fn judge_anew(conn: &mut Conn, id: CampaignId) -> Result<(), StoreError> {
    let campaign = campaigns::table
        .filter(campaigns::public_id.eq(id.0.to_string()))
        .select(campaigns::id);
    diesel::update(send_units::table)
        .filter(send_units::campaign_id.eq_any(campaign))
        .filter(send_units::not_before.is_not_null())
        .set(send_units::not_before.eq(None::<NaiveDateTime>))
        .execute(conn)?;
    Ok(())
}

/// Recipients up to the mark without a message, and messages that are handed over again: what became of them is not known.
/// Each with the attempt that it is.
///
/// # Errors
/// The database's.
pub fn unsettled(conn: &mut Conn, unit: &Unit) -> Result<Vec<(u32, i16)>, StoreError> {
    let marked: Option<i32> = send_units::table
        .find((unit.campaign.0, stored::seq(unit.first_seq)))
        .select(send_units::marked_upto)
        .first(conn)
        .optional()?;
    let marked: u32 = stored::unsigned("mark", marked.unwrap_or_default())?;
    let known: Vec<(i32, i16, bool)> = messages::table
        .filter(messages::campaign_id.eq(unit.campaign.0))
        .filter(messages::seq.between(stored::seq(unit.first_seq), stored::seq(unit.last_seq)))
        .order(messages::seq)
        .select((messages::seq, messages::attempt, messages::handed_over))
        .load(conn)?;
    let mut known = known.into_iter().peekable();
    let open = (unit.first_seq..=unit.last_seq).filter_map(|seq| {
        match known.next_if(|(known, _, _)| *known == stored::seq(seq)) {
            None => (seq <= marked).then_some((seq, 1)),
            Some((_, attempt, true)) => Some((seq, attempt.saturating_add(1))),
            Some((_, _, false)) => None,
        }
    });
    Ok(open.collect())
}

/// Messages of a unit that are known not to be written.
///
/// # Errors
/// The database's.
pub fn queued(conn: &mut Conn, unit: &Unit) -> Result<Vec<Queued>, StoreError> {
    let rows: Vec<(i32, i16, i32)> = messages::table
        .filter(messages::campaign_id.eq(unit.campaign.0))
        .filter(messages::seq.between(stored::seq(unit.first_seq), stored::seq(unit.last_seq)))
        .filter(messages::status.eq(MessageStatus::Queued.number()))
        .filter(messages::handed_over.eq(false))
        .order(messages::seq)
        .select((messages::seq, messages::attempt, messages::reference))
        .load(conn)?;
    rows.into_iter()
        .map(|(seq, attempt, reference)| {
            Ok(Queued {
                seq: stored::unsigned("sequence number", seq)?,
                attempt,
                reference: stored::unsigned("reference", reference)?,
            })
        })
        .collect()
}

/// Marks messages that were queued as handed over: a crash leaves them unsettled like any marked one. Their rows stay, and
/// count as queued, so that no list is without them until their outcome is settled.
///
/// # Errors
/// The database's; [`StoreError::Query`] with `NotFound` where one of them is not queued.
pub fn mark_queued(conn: &mut Conn, unit: &Unit, seqs: &[u32]) -> Result<Mark, StoreError> {
    let held = held!(conn, unit);
    // Changes nothing, and locks the unit.
    let held = diesel::update(send_units::table)
        .filter(held)
        .set(send_units::queued.eq(send_units::queued))
        .execute(conn)?;
    if held == 0 {
        return refusal(conn, unit);
    }
    let seqs: Vec<i32> = seqs.iter().map(|seq| stored::seq(*seq)).collect();
    let handed_over = diesel::update(messages::table)
        .filter(messages::campaign_id.eq(unit.campaign.0))
        .filter(messages::seq.eq_any(&seqs))
        .filter(messages::status.eq(MessageStatus::Queued.number()))
        .filter(messages::handed_over.eq(false))
        .set(messages::handed_over.eq(true))
        .execute(conn)?;
    if handed_over == seqs.len() {
        Ok(Mark::Marked)
    } else {
        Err(StoreError::Query(diesel::result::Error::NotFound))
    }
}

/// Why a mark did not come about.
fn refusal(conn: &mut Conn, unit: &Unit) -> Result<Mark, StoreError> {
    let now = dialect::lease_clock(conn);
    let leased: i64 = send_units::table
        .filter(leased!(unit))
        .filter(send_units::lease_until.gt(now.nullable()))
        .count()
        .get_result(conn)?;
    let sending: i64 = unchanged!(unit).count().get_result(conn)?;
    match (leased, sending) {
        (1.., 0) => Ok(Mark::NotSending),
        _ => Ok(Mark::LeaseLost),
    }
}

/// What is left to hand over of a campaign.
///
/// # Errors
/// The database's.
pub fn left(conn: &mut Conn, campaign: CampaignKey) -> Result<Left, StoreError> {
    let messages = sql::<BigInt>("COALESCE(SUM(last_seq - marked_upto + queued), 0)");
    let (units, messages): (i64, i64) = send_units::table
        .filter(send_units::campaign_id.eq(campaign.0))
        .filter(send_units::sent_at.is_null())
        .select((count_star(), messages))
        .get_result(conn)?;
    Ok(Left {
        units: stored::unsigned("count of units", units)?,
        messages: stored::unsigned("count of messages", messages)?,
    })
}

/// Gives a lease back; the unit is finished where all its messages are settled and none is queued. Whether it is.
///
/// # Errors
/// The database's.
pub fn release(conn: &mut Conn, unit: &Unit, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let finished = diesel::update(send_units::table)
        .filter(leased!(unit))
        .filter(sql::<Bool>(SETTLED))
        .set(send_units::sent_at.eq(stored::moment(now)))
        .execute(conn)?;
    diesel::update(send_units::table)
        .filter(leased!(unit))
        .set((
            send_units::owner.eq(None::<String>),
            send_units::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(finished > 0)
}

#[derive(Insertable)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(table_name = send_units)]
struct NewRow {
    campaign_id: i64,
    first_seq: i32,
    last_seq: i32,
    epoch: i64,
    marked_upto: i32,
    queued: i32,
    sent: i32,
    accepted: i32,
    delivered: i32,
    failed: i32,
    unknown: i32,
    opted_out: i32,
}

impl NewRow {
    fn new(campaign: CampaignKey, first: u32, recipients: u32) -> Self {
        Self {
            campaign_id: campaign.0,
            first_seq: stored::seq(first),
            last_seq: stored::seq(recipients.min(first + UNIT_SIZE - 1)),
            epoch: 0,
            marked_upto: stored::seq(first - 1),
            queued: 0,
            sent: 0,
            accepted: 0,
            delivered: 0,
            failed: 0,
            unknown: 0,
            opted_out: 0,
        }
    }
}

#[derive(Queryable)]
struct Row {
    campaign_id: i64,
    first_seq: i32,
    last_seq: i32,
    epoch: i64,
    marked_upto: i32,
}

impl Row {
    fn into_unit(self, owner: &str, as_of: DateTime<Utc>) -> Result<Unit, StoreError> {
        Ok(Unit {
            campaign: CampaignKey(self.campaign_id),
            first_seq: stored::unsigned("sequence number", self.first_seq)?,
            last_seq: stored::unsigned("sequence number", self.last_seq)?,
            owner: owner.to_owned(),
            epoch: self.epoch,
            marked_upto: stored::unsigned("mark", self.marked_upto)?,
            as_of,
        })
    }
}
