//! Messages from handsets: stored with whom they answer, and what they bring about.

use clarion_domain::gateway::InboundMessage;
use clarion_persistence::inbound_messages::{self, Answered};
use clarion_persistence::{Conn, StoreError};
use tracing::debug;

/// Stores a message from a handset, in the transaction before its answer.
pub(crate) fn take(
    conn: &mut Conn,
    gateway: &str,
    message: &InboundMessage,
) -> Result<(), StoreError> {
    let answered = inbound_messages::insert(conn, gateway, message)?;
    heed(gateway, message, answered);
    Ok(())
}

/// What a reply brings about belongs here, in the transaction that stores it: so far nothing but a line in the log.
fn heed(gateway: &str, message: &InboundMessage, answered: Option<Answered>) {
    let source = masked(&message.source);
    let campaign = answered.map(|answered| answered.recipient.campaign.0);
    debug!(gateway, source, campaign, "a reply came in");
}

/// A number as a log may show it: its last three characters.
fn masked(number: &str) -> String {
    let shown = number
        .char_indices()
        .rev()
        .nth(2)
        .map_or("", |(at, _)| &number[at..]);
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_its_end_only() {
        assert_eq!(masked("+447700900123"), "…123");
        assert_eq!(masked("12"), "…");
        assert_eq!(masked("12ü4"), "…2ü4");
    }
}
