//! A message: what became of the text to one recipient, in the numbers of the published API.

mod draft;

pub use draft::{MessageContent, MessageDraft};

/// The status of a message. The numbers are the published ones, and those above 1000 Clarion's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum MessageStatus {
    /// A provider has taken it; no receipt yet.
    Sent = 0,
    /// The handset has it.
    Delivered = 1,
    /// A receipt says that the network has taken it; not final.
    Accepted = 2,
    /// Its validity ran out.
    Expired = 3,
    /// Deleted on its way.
    Deleted = 4,
    /// Cannot be delivered.
    Undeliverable = 5,
    /// Nobody knows: written and never answered, or a receipt that says so.
    Unknown = 6,
    /// Rejected by the network.
    Rejected = 7,
    /// Any other failure.
    Failed = 8,
    /// The provider refuses this recipient for good.
    RejectedInvalidRecipient = 34,
    /// The provider's account has no credit.
    FailedInsufficientCredit = 1000,
    /// Waits to be sent.
    Queued = 1001,
    /// The recipient has opted out: never sent, or refused by the provider for that reason.
    OptedOut = 1002,
    /// Its time never came, or the campaign drops what it may not send at once; never sent.
    OutsideWindow = 1003,
    /// It broke what was to send it, time and again, by a fault in this program; not sent.
    Parked = 1004,
    /// The person had as many messages as the client may send; never sent.
    FrequencyCapped = 1005,
}

impl MessageStatus {
    /// Every status there is.
    pub const ALL: [Self; 16] = [
        Self::Sent,
        Self::Delivered,
        Self::Accepted,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Unknown,
        Self::Rejected,
        Self::Failed,
        Self::RejectedInvalidRecipient,
        Self::FailedInsufficientCredit,
        Self::Queued,
        Self::OptedOut,
        Self::OutsideWindow,
        Self::Parked,
        Self::FrequencyCapped,
    ];

    /// The number that the API and the database use.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The status of a number; the published 9 and 10 are failures like 8, and never written.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }

    /// How far along the status is: a receipt may only move a message to a higher rank, so statuses never go backwards.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Unknown => 1,
            Self::Sent => 2,
            Self::Accepted => 3,
            _ => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_numbers_lead_back_to_their_status() {
        let numbers = MessageStatus::ALL.map(MessageStatus::number);
        assert_eq!(
            numbers,
            [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 34, 1000, 1001, 1002, 1003, 1004, 1005
            ]
        );
        for status in MessageStatus::ALL {
            assert_eq!(MessageStatus::from_number(status.number()), Some(status));
        }
        for number in [-1, 9, 10, 33, 999, 1006] {
            assert_eq!(MessageStatus::from_number(number), None, "{number}");
        }
    }
}
