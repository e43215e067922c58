//! Delivery receipts as SMPP 3.4's providers write them, in all their variety (specification appendix B, and what is
//! really seen), and the forms of a provider's message id by which a receipt finds its message.
//!
//! Taking the octets out of a PDU is the gateway's.

use crate::message::MessageStatus;

/// What a receipt's text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptText {
    /// `id:`
    pub provider_id: Option<String>,
    /// `stat:` as written
    pub state: Option<String>,
    /// `err:`
    pub error: Option<String>,
}

impl ReceiptText {
    /// Reads a receipt's text, any fields missing or reordered; `None` where it looks like no receipt at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let _ = text;
        None
    }
}

/// The status that a `stat:` word means; `None` changes nothing (ENROUTE, ACKED, BUFFERED, unknown words).
#[must_use]
pub fn status_of_word(state: &str) -> Option<MessageStatus> {
    let _ = state;
    None
}

/// The status that a `message_state` number (TLV 0x0427) means; `None` changes nothing.
#[must_use]
pub fn status_of_state(state: u8) -> Option<MessageStatus> {
    let _ = state;
    None
}
