//! Outcomes that a process had noted, and did not come to settle.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Settled, Settlement, settle};
use crate::schema::{recipients, send_units};
use crate::{Conn, StoreError, send_units as units, stored};

/// Settles outcomes that were noted outside of the database, which may have become another since: an outcome of a message
/// that was never marked, or that went to somebody else, is none.
///
/// # Errors
/// The database's.
pub fn settle_noted(conn: &mut Conn, noted: &[Settlement]) -> Result<Settled, StoreError> {
    let mut marks = HashMap::new();
    let mut own = Vec::with_capacity(noted.len());
    for settlement in noted {
        if is_marked(conn, &mut marks, settlement)? && is_recipients(conn, settlement)? {
            own.push(settlement.clone());
        }
    }
    settle(conn, &own)
}

fn is_marked(
    conn: &mut Conn,
    marks: &mut HashMap<(i64, i32), i32>,
    settlement: &Settlement,
) -> Result<bool, StoreError> {
    let recipient = settlement.recipient;
    if recipient.seq == 0 {
        return Ok(false);
    }
    let unit = (
        recipient.campaign.0,
        stored::seq(units::first_seq_of(recipient.seq)),
    );
    let marked_upto = match marks.get(&unit) {
        Some(marked_upto) => *marked_upto,
        None => {
            let found: Option<i32> = send_units::table
                .find(unit)
                .select(send_units::marked_upto)
                .first(conn)
                .optional()?;
            *marks.entry(unit).or_insert(found.unwrap_or_default())
        }
    };
    Ok(stored::seq(recipient.seq) <= marked_upto)
}

fn is_recipients(conn: &mut Conn, settlement: &Settlement) -> Result<bool, StoreError> {
    let recipient = settlement.recipient;
    let phone: Option<String> = recipients::table
        .find((recipient.campaign.0, stored::seq(recipient.seq)))
        .select(recipients::phone)
        .first(conn)
        .optional()?;
    Ok(phone == Some(settlement.destination.to_string()))
}
