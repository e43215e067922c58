//! What the database says of a campaign, held against what the oracle saw.

use std::collections::HashMap;

use anyhow::Context as _;

use crate::database::Database;
use crate::faults::Policy;
use crate::oracle::{Receipt, Submit};

/// Statuses of messages by the published numbers.
const SENT: i64 = 0;
const DELIVERED: i64 = 1;
const ACCEPTED: i64 = 2;
const UNDELIVERABLE: i64 = 5;
const UNKNOWN: i64 = 6;
const QUEUED: i64 = 1001;
const OPTED_OUT: i64 = 1002;
/// Counters of a unit, in the order of [`counter_of`].
const COUNTERS: &str = "queued, sent, accepted, delivered, failed, unknown, opted_out";

/// What was counted at one point.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counts {
    /// Recipients that never got to the SMSC, although the service does not say so.
    pub(crate) lost: usize,
    /// Times that the SMSC took a message once too often, and messages of other campaigns than the one that was running.
    pub(crate) duplicates: usize,
    /// Of these, the ones beyond those that the service says it sent again.
    pub(crate) unexplained: usize,
    /// Messages whose outcome the service says it does not know, and times that it sent one again for that.
    pub(crate) unknown: usize,
    /// Of these, the ones whose answers the SMSC had written.
    pub(crate) answered: usize,
    /// Messages that the service says it sent and the SMSC never saw, or the reverse.
    pub(crate) lies: usize,
    /// Recipients without an end at the deadline.
    pub(crate) stuck: usize,
    /// Receipts that changed nothing, although the service knows the message's id; and those never acknowledged.
    pub(crate) unmatched: usize,
    /// Units whose counters differ from their rows.
    pub(crate) counter_errors: usize,
}

/// What the oracle saw of one recipient.
#[derive(Default)]
struct Seen {
    /// How often each part was taken.
    parts: HashMap<u8, usize>,
    answered: bool,
    receipts_taken: bool,
    begins_with: String,
}

/// A recipient with the status of its message, if there is one.
struct Row {
    phone: String,
    seq: u32,
    token: String,
    status: Option<i64>,
    /// How often it was sent again, since its outcome was unknown.
    resends: usize,
}

/// Counts for one campaign.
pub(crate) fn count(
    database: &Database,
    campaign: &str,
    submits: &[Submit],
    completed: bool,
    policy: Policy,
) -> anyhow::Result<Counts> {
    let rows = recipients(database, campaign)?;
    let mut seen = seen(submits);
    let mut counts = Counts::default();
    for row in &rows {
        let seen = seen.remove(&row.phone).unwrap_or_default();
        counts.add(row, &seen, completed);
        if policy == Policy::Resend && row.status == Some(UNKNOWN) && seen.parts.is_empty() {
            counts.lost += 1;
        }
    }
    // What is left belongs to no recipient of this campaign: something old was sent again.
    counts.duplicates += seen.len();
    counts.unexplained += seen.len();
    counts.counter_errors = counter_errors(database, campaign, &rows)?;
    Ok(counts)
}

fn seen(submits: &[Submit]) -> HashMap<String, Seen> {
    let mut all: HashMap<String, Seen> = HashMap::new();
    for submit in submits.iter().filter(|submit| submit.accepted) {
        let seen = all
            .entry(submit.destination.clone())
            .or_insert_with(|| Seen {
                answered: true,
                receipts_taken: true,
                ..Seen::default()
            });
        *seen.parts.entry(submit.part).or_default() += 1;
        seen.answered &= submit.answered;
        seen.receipts_taken &= submit.receipt == Receipt::Taken;
        if submit.part == 1 {
            seen.begins_with.clone_from(&submit.text);
        }
    }
    all
}

impl Counts {
    fn add(&mut self, row: &Row, seen: &Seen, completed: bool) {
        let was_seen = !seen.parts.is_empty();
        let times = seen.parts.values().max().copied().unwrap_or_default();
        let too_many = times.saturating_sub(1);
        self.duplicates += too_many;
        self.unexplained += too_many.saturating_sub(row.resends);
        self.unknown += row.resends;
        // Of a message that broke off the SMSC may have another part alone.
        if seen.parts.contains_key(&1) && !seen.begins_with.starts_with(&row.token) {
            self.lies += 1;
        }
        match row.status {
            Some(UNKNOWN) => {
                self.unknown += 1;
                self.answered += usize::from(was_seen && seen.answered);
            }
            None | Some(QUEUED) if completed && !was_seen => self.lost += 1,
            None | Some(QUEUED) if was_seen => self.lies += 1,
            None | Some(QUEUED) => self.stuck += 1,
            Some(SENT..=UNDELIVERABLE) if !was_seen => self.lies += 1,
            Some(SENT | ACCEPTED) if seen.receipts_taken => self.unmatched += 1,
            Some(SENT | ACCEPTED) => self.stuck += 1,
            Some(DELIVERED..=UNDELIVERABLE) => {
                self.unmatched += usize::from(!seen.receipts_taken);
            }
            Some(_) => self.lies += usize::from(was_seen),
        }
    }
}

fn recipients(database: &Database, campaign: &str) -> anyhow::Result<Vec<Row>> {
    let rows = database.rows(&format!(
        "SELECT r.phone, r.seq, r.custom1, m.status, m.resends FROM campaigns c JOIN recipients r ON r.campaign_id = c.id \
         LEFT JOIN messages m ON m.campaign_id = r.campaign_id AND m.seq = r.seq \
         WHERE c.public_id = '{campaign}' ORDER BY r.seq"
    ))?;
    let row = |cells: &Vec<String>| {
        let [phone, seq, token, status, resends] = &**cells else {
            return None;
        };
        Some(Row {
            phone: phone.trim_start_matches('+').to_owned(),
            seq: seq.parse().ok()?,
            token: token.clone(),
            status: status.parse().ok(),
            resends: resends.parse().unwrap_or_default(),
        })
    };
    let rows: Option<Vec<_>> = rows.iter().map(row).collect();
    rows.context("recipients are not stored as expected")
}

fn counter_errors(database: &Database, campaign: &str, rows: &[Row]) -> anyhow::Result<usize> {
    let units = database.rows(&format!(
        "SELECT u.first_seq, u.last_seq, {COUNTERS} FROM campaigns c JOIN send_units u ON u.campaign_id = c.id \
         WHERE c.public_id = '{campaign}'"
    ))?;
    let differs = |cells: &&Vec<String>| {
        let numbers: Vec<u32> = cells.iter().filter_map(|cell| cell.parse().ok()).collect();
        let [first, last, counters @ ..] = &*numbers else {
            return true;
        };
        let mut expected = [0; 7];
        let of_unit = rows
            .iter()
            .filter(|row| (*first..=*last).contains(&row.seq));
        for status in of_unit.filter_map(|row| row.status) {
            if let Some(counter) = expected.get_mut(counter_of(status)) {
                *counter += 1;
            }
        }
        counters != expected
    };
    Ok(units.iter().filter(differs).count())
}

/// Which counter a message of this status is in.
fn counter_of(status: i64) -> usize {
    match status {
        QUEUED => 0,
        SENT => 1,
        ACCEPTED => 2,
        DELIVERED => 3,
        UNKNOWN => 5,
        OPTED_OUT => 6,
        _ => 4,
    }
}
