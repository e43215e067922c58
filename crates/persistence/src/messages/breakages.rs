//! Messages that broke what was to send them, by a fault in the program: they are queued again, and parked after the third time.

use clarion_domain::breakage::MOST;
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Settlement;
use super::settle::{is_news, key_of};
use super::state::{Key, State};
use crate::conn::on_each_backend;
use crate::schema::{breakages, messages};
use crate::{Conn, StoreError, dialect, stored};

/// What a parked message is told by, where a provider's code would be.
const EXPLANATION: &str = "parked: it broke the sender three times";

/// What becomes of outcomes, some of which are that a message broke what was to send it (they say Parked): such a message is
/// queued again, and parked when it has done so often enough. One that is known already is left out, so that the journal may tell
/// it twice.
pub(super) fn judged(
    conn: &mut Conn,
    settlements: &[Settlement],
) -> Result<Vec<Settlement>, StoreError> {
    let mut judged = Vec::with_capacity(settlements.len());
    for settlement in settlements {
        if settlement.status != MessageStatus::Parked {
            judged.push(settlement.clone());
            continue;
        }
        let key = key_of(settlement);
        let known = dialect::lock_messages(conn, &[key])?;
        if is_another(settlement, known.first())? {
            let times = count(conn, key)?;
            judged.push(after(settlement, times));
        }
    }
    Ok(judged)
}

/// Whether that a message broke is news: it says no more than that the message was not written.
pub(super) fn is_another(
    settlement: &Settlement,
    known: Option<&State>,
) -> Result<bool, StoreError> {
    let unwritten = Settlement {
        status: MessageStatus::Queued,
        ..settlement.clone()
    };
    is_news(&unwritten, known)
}

/// What becomes of a message that has broken so often.
fn after(settlement: &Settlement, times: i16) -> Settlement {
    if times >= MOST {
        return Settlement {
            error: Some(EXPLANATION.to_owned()),
            ..settlement.clone()
        };
    }
    Settlement {
        status: MessageStatus::Queued,
        parts: Vec::new(),
        ..settlement.clone()
    }
}

/// Counts one more time; how many there are.
fn count(conn: &mut Conn, (campaign, seq): Key) -> Result<i16, StoreError> {
    let once = (
        breakages::campaign_id.eq(campaign),
        breakages::seq.eq(seq),
        breakages::times.eq(1_i16),
    );
    let times = on_each_backend!(conn, inner => diesel::insert_into(breakages::table)
        .values(once)
        .on_conflict((breakages::campaign_id, breakages::seq))
        .do_update()
        .set(breakages::times.eq(breakages::times + excluded(breakages::times)))
        .returning(breakages::times)
        .get_result(inner))?;
    Ok(times)
}

/// How many messages of a campaign are parked. Only those that broke something are looked at, which are few.
pub(super) fn parked(conn: &mut Conn, campaign: CampaignKey) -> Result<u64, StoreError> {
    let broke = breakages::table
        .filter(breakages::campaign_id.eq(campaign.0))
        .select(breakages::seq);
    let parked: i64 = messages::table
        .filter(messages::campaign_id.eq(campaign.0))
        .filter(messages::seq.eq_any(broke))
        .filter(messages::status.eq(MessageStatus::Parked.number()))
        .count()
        .get_result(conn)?;
    stored::unsigned("count", parked)
}
