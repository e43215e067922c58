//! Delivery receipts as SMPP 3.4's providers write them, in all their variety (specification appendix B, and what is
//! really seen), and the forms of a provider's message id by which a receipt finds its message.
//!
//! Taking the octets out of a PDU is the gateway's; the dates in a receipt are not read, since providers disagree on
//! their zone, and what counts is when a receipt came in.

mod address;
mod id;
mod text;

pub use address::names_number;
pub use id::{IdForm, canonical_id, fitting_form, id_candidates, response_id};
pub use text::ReceiptText;

use crate::message::MessageStatus;

/// The status that a `stat:` word means, in its short or long form and any case; `None` changes nothing (ENROUTE, ACKED,
/// BUFFERED, unknown words).
#[must_use]
pub fn status_of_word(state: &str) -> Option<MessageStatus> {
    match state.trim().to_ascii_uppercase().as_str() {
        "DELIVRD" | "DELIVERED" => Some(MessageStatus::Delivered),
        "ACCEPTD" | "ACCEPTED" => Some(MessageStatus::Accepted),
        "EXPIRED" => Some(MessageStatus::Expired),
        "DELETED" => Some(MessageStatus::Deleted),
        "UNDELIV" | "UNDELIVERED" | "UNDELIVERABLE" => Some(MessageStatus::Undeliverable),
        "UNKNOWN" => Some(MessageStatus::Unknown),
        "REJECTD" | "REJECTED" => Some(MessageStatus::Rejected),
        "FAILED" => Some(MessageStatus::Failed),
        _ => None,
    }
}

/// The status that a `message_state` number (TLV 0x0427) means; `None` changes nothing.
#[must_use]
pub fn status_of_state(state: u8) -> Option<MessageStatus> {
    match state {
        2 => Some(MessageStatus::Delivered),
        3 => Some(MessageStatus::Expired),
        4 => Some(MessageStatus::Deleted),
        5 => Some(MessageStatus::Undeliverable),
        6 => Some(MessageStatus::Accepted),
        7 => Some(MessageStatus::Unknown),
        8 => Some(MessageStatus::Rejected),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_status() {
        for (words, number) in [
            (&["DELIVRD", "DELIVERED", "delivrd", " Delivered "][..], 1),
            (&["ACCEPTD", "ACCEPTED"], 2),
            (&["EXPIRED"], 3),
            (&["DELETED"], 4),
            (&["UNDELIV", "UNDELIVERED", "UNDELIVERABLE"], 5),
            (&["UNKNOWN"], 6),
            (&["REJECTD", "REJECTED"], 7),
            (&["FAILED"], 8),
        ] {
            for word in words {
                let status = status_of_word(word).map(MessageStatus::number);
                assert_eq!(status, Some(number), "{word}");
            }
        }
    }

    #[test]
    fn a_word_for_the_way_or_for_nothing_changes_nothing() {
        for word in ["ENROUTE", "ACKED", "BUFFERED", "BUFFRED", "", "DELIV", "?"] {
            assert_eq!(status_of_word(word), None, "{word}");
        }
    }

    #[test]
    fn every_state_has_its_status() {
        let numbers = (0..=9).map(|state| status_of_state(state).map(MessageStatus::number));
        assert_eq!(
            numbers.collect::<Vec<_>>(),
            [
                None,
                None,
                Some(1),
                Some(3),
                Some(4),
                Some(5),
                Some(2),
                Some(6),
                Some(7),
                None
            ]
        );
    }
}
