//! Delivering: who may try a delivery holds its lease, and what came of it is written down under that lease.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::tariff::Price;
use clarion_domain::web_hook::{
    Answer, Change, DeliveryId, DeliveryStatus, GONE, Next, Secret, StatusChange, Verdict,
    WebHookKey,
};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::deliveries::recipient;
use crate::schema::{recipients, web_hook_deliveries as rows, web_hooks};
use crate::{Conn, StoreError, dialect, stored};

/// As a literal, since an index that holds those rows alone serves only who asks for just this.
const WAITING: &str = "web_hook_deliveries.state = 0";

/// Deliveries to one web hook under lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Where to.
    pub url: String,
    /// What to sign with, the newest first.
    pub secrets: Vec<Secret>,
    /// What to deliver.
    pub deliveries: Vec<ClaimedDelivery>,
}

/// A delivery under lease.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedDelivery {
    /// Its number.
    pub id: DeliveryId,
    /// The event's id.
    pub event_id: String,
    /// What happened.
    pub event: StatusChange,
    /// How often it has been tried before.
    pub attempts: u16,
    /// Since when it could have been tried again.
    pub due_at: DateTime<Utc>,
}

/// What came of a delivery that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It was tried.
    Answered {
        /// Which.
        id: DeliveryId,
        /// When.
        at: DateTime<Utc>,
        /// What came back.
        answer: Answer,
        /// What is next for it.
        next: Next,
    },
    /// It was not: it waits as before.
    Untried(DeliveryId),
    /// It was not, and never is, for this reason.
    GivenUp(DeliveryId, &'static str),
}

/// Whether a delivery waits in nobody's hands, its moment having come.
macro_rules! free_at {
    ($conn:expr, $now:expr) => {
        sql::<Bool>(WAITING).and(rows::next_at.le($now)).and(
            rows::lease_until
                .is_null()
                .or(rows::lease_until.le(dialect::lease_clock($conn).nullable())),
        )
    };
}

/// The enabled web hooks for which something waits whose moment has come: one look at an index for each web hook.
///
/// # Errors
/// The database's.
pub fn due(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<WebHookKey>, StoreError> {
    let free = free_at!(conn, stored::moment(now));
    let waiting = rows::table
        .filter(rows::web_hook_id.eq(web_hooks::id))
        .filter(free);
    let keys: Vec<i64> = web_hooks::table
        .filter(web_hooks::enabled.eq(true))
        .filter(exists(waiting))
        .order(web_hooks::id)
        .select(web_hooks::id)
        .load(conn)?;
    Ok(keys.into_iter().map(WebHookKey).collect())
}

/// Leases up to `limit` deliveries to a web hook, the oldest first; `None`: it is disabled or gone.
///
/// Of two that want the same, the second finds them taken: its update looks at the lease again once it has the row.
///
/// # Errors
/// The database's.
pub fn claim(
    conn: &mut Conn,
    hook: WebHookKey,
    owner: &str,
    lease: Duration,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Option<Claimed>, StoreError> {
    let target: Option<Target> = web_hooks::table
        .find(hook.0)
        .filter(web_hooks::enabled.eq(true))
        .select(Target::as_select())
        .first(conn)
        .optional()?;
    let Some(target) = target else {
        return Ok(None);
    };
    let now = stored::moment(now);
    let free = free_at!(conn, now);
    let ids: Vec<i64> = rows::table
        .filter(rows::web_hook_id.eq(hook.0))
        .filter(free)
        .order((rows::next_at, rows::id))
        .limit(i64::from(limit))
        .select(rows::id)
        .load(conn)?;
    let (free, lease_until) = (free_at!(conn, now), dialect::lease_end(conn, lease));
    let taken: Vec<i64> = diesel::update(rows::table)
        .filter(rows::id.eq_any(ids))
        .filter(free)
        .set((
            rows::owner.eq(owner),
            rows::lease_until.eq(lease_until.nullable()),
        ))
        .returning(rows::id)
        .load(conn)?;
    let client = ClientId(target.client_id);
    Ok(Some(Claimed {
        secrets: target.secrets(now)?,
        url: target.url,
        deliveries: events(conn, client, &taken)?,
    }))
}

/// What is to be told, in the order in which it happened.
fn events(
    conn: &mut Conn,
    client: ClientId,
    ids: &[i64],
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let found: Vec<(EventRow, String)> = rows::table
        .inner_join(
            recipients::table.on(recipients::campaign_id
                .eq(rows::campaign_id)
                .and(recipients::seq.eq(rows::seq))),
        )
        .filter(rows::id.eq_any(ids))
        .order((rows::next_at, rows::id))
        .select((EventRow::as_select(), recipients::phone))
        .load(conn)?;
    found
        .into_iter()
        .map(|(row, phone)| row.into_delivery(client, phone))
        .collect()
}

/// Writes down what came of deliveries that this owner holds, and gives them back. One that another has taken since is left
/// to it. A web hook whose receiver wants nothing more is disabled.
///
/// # Errors
/// The database's.
pub fn record(
    conn: &mut Conn,
    hook: WebHookKey,
    owner: &str,
    tried: &[Tried],
) -> Result<(), StoreError> {
    for one in tried {
        match one {
            Tried::Answered {
                id,
                at,
                answer,
                next,
            } => record_answer(conn, *id, owner, *at, answer, *next)?,
            Tried::Untried(id) => give_back(conn, *id, owner)?,
            Tried::GivenUp(id, reason) => give_up(conn, *id, owner, reason)?,
        }
    }
    let gone = tried.iter().any(|one| match one {
        Tried::Answered { answer, .. } => answer.verdict() == Verdict::Gone,
        Tried::Untried(_) | Tried::GivenUp(..) => false,
    });
    if gone {
        diesel::update(web_hooks::table.find(hook.0))
            .set((
                web_hooks::enabled.eq(false),
                web_hooks::disabled_reason.eq(GONE),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn record_answer(
    conn: &mut Conn,
    id: DeliveryId,
    owner: &str,
    at: DateTime<Utc>,
    answer: &Answer,
    next: Next,
) -> Result<(), StoreError> {
    let at = stored::shown_moment(at);
    let (status, next_at) = match next {
        Next::Delivered => (DeliveryStatus::Delivered, at),
        Next::Failed => (DeliveryStatus::Failed, at),
        Next::Again(next) => (DeliveryStatus::Waiting, stored::shown_moment(next)),
    };
    let response = answer
        .status()
        .and_then(|status| i16::try_from(status).ok());
    diesel::update(rows::table.find(id.0))
        .filter(rows::owner.eq(owner))
        .set((
            rows::state.eq(status.number()),
            rows::attempts.eq(rows::attempts + 1),
            rows::next_at.eq(next_at),
            rows::tried_at.eq(at),
            rows::response_status.eq(response),
            rows::error.eq(answer.error()),
            rows::owner.eq(None::<String>),
            rows::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(())
}

fn give_back(conn: &mut Conn, id: DeliveryId, owner: &str) -> Result<(), StoreError> {
    diesel::update(rows::table.find(id.0))
        .filter(rows::owner.eq(owner))
        .set((
            rows::owner.eq(None::<String>),
            rows::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(())
}

fn give_up(
    conn: &mut Conn,
    id: DeliveryId,
    owner: &str,
    reason: &'static str,
) -> Result<(), StoreError> {
    diesel::update(rows::table.find(id.0))
        .filter(rows::owner.eq(owner))
        .set((
            rows::state.eq(DeliveryStatus::Failed.number()),
            rows::error.eq(reason),
        ))
        .execute(conn)?;
    give_back(conn, id, owner)
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
    let released = diesel::update(rows::table)
        .filter(sql::<Bool>(WAITING))
        .filter(rows::owner.ne(owner))
        .set((
            rows::owner.eq(None::<String>),
            rows::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(released)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = web_hooks)]
struct Target {
    client_id: i64,
    url: String,
    secret: Vec<u8>,
    former_secret: Option<Vec<u8>>,
    former_until: Option<NaiveDateTime>,
}

impl Target {
    /// What signs at this moment.
    fn secrets(&self, now: NaiveDateTime) -> Result<Vec<Secret>, StoreError> {
        let former = self.former_secret.clone();
        let former = former.filter(|_| self.former_until.is_some_and(|until| until > now));
        [Some(self.secret.clone()), former]
            .into_iter()
            .flatten()
            .map(|bytes| {
                let length = bytes.len();
                Secret::from_bytes(bytes)
                    .ok_or_else(|| stored::corrupt("length of a web hook's secret", length))
            })
            .collect()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rows)]
struct EventRow {
    id: i64,
    event_id: String,
    campaign_id: i64,
    seq: i32,
    attempt: i16,
    message_status: i16,
    parts: i16,
    price: Option<i64>,
    sent_at: NaiveDateTime,
    changed_at: NaiveDateTime,
    attempts: i16,
    next_at: NaiveDateTime,
}

impl EventRow {
    fn into_delivery(
        self,
        client: ClientId,
        phone_number: String,
    ) -> Result<ClaimedDelivery, StoreError> {
        let change = Change {
            recipient: recipient(self.campaign_id, self.seq)?,
            attempt: self.attempt,
            status: stored::message_status(self.message_status)?,
            parts: self.parts,
            price: self.price.map(|millionths| Price { millionths }),
            created_at: self.sent_at.and_utc(),
            updated_at: self.changed_at.and_utc(),
        };
        Ok(ClaimedDelivery {
            id: DeliveryId(self.id),
            event_id: self.event_id,
            event: StatusChange {
                client,
                phone_number,
                change,
            },
            attempts: stored::unsigned("count of attempts", self.attempts)?,
            due_at: self.next_at.and_utc(),
        })
    }
}
