//! To whom clients with a frequency cap have sent what, as long as it counts. Of other clients nothing is written here.
//!
//! A message has its place from the moment it is marked, whatever becomes of it then, and whatever is sent again has it already.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::phone::PhoneNumber;
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::conn::on_each_backend;
use crate::schema::{clients, person_sends};
use crate::{Conn, FORGOTTEN_AT_ONCE, StoreError, stored};

/// Numbers of one statement, or rows of five values.
const AT_ONCE: usize = 1_000;

/// A message that is to be sent: its recipient in the campaign, and the number.
pub type Addressed = (u32, PhoneNumber);

#[derive(Insertable)]
#[diesel(table_name = person_sends, treat_none_as_default_value = false)]
struct NewRow {
    client_id: i64,
    phone: i64,
    campaign_id: i64,
    seq: i32,
    sent_at: NaiveDateTime,
}

/// Gives messages of a campaign their places, and tells which have none, since their people have had as much as the client may
/// send. To be called in the transaction that marks them, after [`crate::opt_outs::hold_alone`].
///
/// # Errors
/// The database's.
pub fn take_places(
    conn: &mut Conn,
    client: ClientId,
    cap: FrequencyCap,
    campaign: CampaignKey,
    messages: &[Addressed],
    now: DateTime<Utc>,
) -> Result<BTreeSet<u32>, StoreError> {
    let since = stored::moment(now - cap.period());
    let mut over = BTreeSet::new();
    for some in messages.chunks(AT_ONCE) {
        let sent = Sent::of(conn, client, campaign, some, since)?;
        let mut rows = Vec::with_capacity(some.len());
        for (seq, phone) in some {
            let (seq, row) = (*seq, row(client, campaign, (*seq, *phone), now));
            if sent.own.contains(&row.seq) {
                continue;
            }
            match sent.to(row.phone) < u64::from(cap.count()) {
                true => rows.push(row),
                false => drop(over.insert(seq)),
            }
        }
        insert(conn, &rows)?;
    }
    Ok(over)
}

fn row(
    client: ClientId,
    campaign: CampaignKey,
    (seq, phone): Addressed,
    now: DateTime<Utc>,
) -> NewRow {
    NewRow {
        client_id: client.0,
        phone: stored::count(phone.digits()),
        campaign_id: campaign.0,
        seq: stored::seq(seq),
        sent_at: stored::moment(now),
    }
}

/// A message that is sent again after its place has been too old to count has a new one.
fn insert(conn: &mut Conn, rows: &[NewRow]) -> Result<(), StoreError> {
    let key = (
        person_sends::client_id,
        person_sends::phone,
        person_sends::campaign_id,
        person_sends::seq,
    );
    on_each_backend!(conn, inner => diesel::insert_into(person_sends::table)
        .values(rows)
        .on_conflict(key)
        .do_update()
        .set(person_sends::sent_at.eq(excluded(person_sends::sent_at)))
        .execute(inner))?;
    Ok(())
}

/// What counts of what these people were sent.
struct Sent {
    by_number: HashMap<i64, u64>,
    /// Those of the campaign's own messages that have their places.
    own: HashSet<i32>,
}

impl Sent {
    fn of(
        conn: &mut Conn,
        client: ClientId,
        campaign: CampaignKey,
        messages: &[Addressed],
        since: NaiveDateTime,
    ) -> Result<Self, StoreError> {
        let numbers = messages
            .iter()
            .map(|(_, phone)| stored::count(phone.digits()));
        let rows: Vec<(i64, i64, i32)> = person_sends::table
            .filter(person_sends::client_id.eq(client.0))
            .filter(person_sends::phone.eq_any(numbers))
            .filter(person_sends::sent_at.gt(since))
            .select((
                person_sends::phone,
                person_sends::campaign_id,
                person_sends::seq,
            ))
            .load(conn)?;
        let mut sent = Self {
            by_number: HashMap::new(),
            own: HashSet::new(),
        };
        for (phone, of, seq) in rows {
            *sent.by_number.entry(phone).or_default() += 1;
            if of == campaign.0 {
                sent.own.insert(seq);
            }
        }
        Ok(sent)
    }

    fn to(&self, phone: i64) -> u64 {
        self.by_number.get(&phone).copied().unwrap_or_default()
    }
}

/// Forgets what does not count any more, some at once: to be called until none is left. Without a cap nothing counts.
///
/// # Errors
/// The database's.
pub fn forget(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let with_rows = person_sends::table.filter(person_sends::client_id.eq(clients::id));
    let clients: Vec<(i64, Option<i32>)> = clients::table
        .filter(diesel::dsl::exists(with_rows))
        .order(clients::id)
        .select((clients::id, clients::max_per_person_hours))
        .load(conn)?;
    for (client, hours) in clients {
        let period = chrono::TimeDelta::hours(hours.unwrap_or_default().into());
        let forgotten = forget_of(conn, client, stored::moment(now - period))?;
        if forgotten > 0 {
            return Ok(forgotten);
        }
    }
    Ok(0)
}

fn forget_of(conn: &mut Conn, client: i64, upto: NaiveDateTime) -> Result<usize, StoreError> {
    let of_client = || person_sends::table.filter(person_sends::client_id.eq(client));
    // Up to the age of the last of them: all of one batch have the same.
    let last: Option<NaiveDateTime> = of_client()
        .filter(person_sends::sent_at.le(upto))
        .order(person_sends::sent_at)
        .offset(FORGOTTEN_AT_ONCE - 1)
        .select(person_sends::sent_at)
        .first(conn)
        .optional()?;
    let old = of_client().filter(person_sends::sent_at.le(last.unwrap_or(upto)));
    Ok(diesel::delete(old).execute(conn)?)
}
