//! The outbox: what clients are to be told is written in the transaction that changes a message, so that neither is ever
//! there without the other. Where nobody listens, it costs one look at a small table.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDateTime;
use clarion_domain::web_hook::{Change, DeliveryStatus};
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::schema::{campaigns, web_hook_deliveries, web_hooks};
use crate::{Conn, StoreError, stored};

/// Campaigns or rows of one statement: it has room for 32,766 values on SQLite.
const AT_ONCE: usize = 1_000;

/// A delivery about to be stored.
#[derive(Insertable)]
#[diesel(table_name = web_hook_deliveries, treat_none_as_default_value = false)]
struct NewRow {
    web_hook_id: i64,
    event_id: String,
    campaign_id: i64,
    seq: i32,
    attempt: i16,
    message_status: i16,
    parts: i16,
    price: Option<i64>,
    sent_at: NaiveDateTime,
    changed_at: NaiveDateTime,
    state: i16,
    attempts: i16,
    next_at: NaiveDateTime,
}

/// Writes down what the clients of these messages are to be told, each change once for each of their web hooks.
pub(crate) fn tell(conn: &mut Conn, changes: &[Change]) -> Result<(), StoreError> {
    let told = changes
        .iter()
        .filter(|change| Change::is_told(change.status));
    let campaigns: BTreeSet<i64> = told
        .clone()
        .map(|change| change.recipient.campaign.0)
        .collect();
    let listeners = listeners(conn, campaigns)?;
    if listeners.is_empty() {
        return Ok(());
    }
    let rows: Vec<NewRow> = told
        .filter_map(|change| Some((change, listeners.get(&change.recipient.campaign.0)?)))
        .flat_map(|(change, hooks)| hooks.iter().map(|hook| NewRow::new(*hook, change)))
        .collect();
    for some in rows.chunks(AT_ONCE) {
        on_each_backend!(conn, inner => diesel::insert_into(web_hook_deliveries::table)
            .values(some)
            .execute(inner))?;
    }
    Ok(())
}

/// The enabled web hooks of the client of each campaign that has any.
fn listeners(conn: &mut Conn, of: BTreeSet<i64>) -> Result<HashMap<i64, Vec<i64>>, StoreError> {
    let of: Vec<i64> = of.into_iter().collect();
    let mut listeners: HashMap<i64, Vec<i64>> = HashMap::new();
    for some in of.chunks(AT_ONCE) {
        let found: Vec<(i64, i64)> = web_hooks::table
            .inner_join(campaigns::table.on(campaigns::client_id.eq(web_hooks::client_id)))
            .filter(campaigns::id.eq_any(some))
            .filter(web_hooks::enabled.eq(true))
            .order(web_hooks::id)
            .select((campaigns::id, web_hooks::id))
            .load(conn)?;
        for (campaign, hook) in found {
            listeners.entry(campaign).or_default().push(hook);
        }
    }
    Ok(listeners)
}

impl NewRow {
    fn new(hook: i64, change: &Change) -> Self {
        let changed_at = stored::shown_moment(change.updated_at);
        Self {
            web_hook_id: hook,
            event_id: change.event_id(),
            campaign_id: change.recipient.campaign.0,
            seq: stored::seq(change.recipient.seq),
            attempt: change.attempt,
            message_status: change.status.number(),
            parts: change.parts,
            price: change.price.map(|price| price.millionths),
            sent_at: stored::shown_moment(change.created_at),
            changed_at,
            state: DeliveryStatus::Waiting.number(),
            attempts: 0,
            next_at: changed_at,
        }
    }
}
