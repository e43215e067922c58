//! A campaign: its life, what it says, and the rules of a request that makes or changes one.

mod audience;
mod draft;
mod pace;
mod unknown;
mod utm;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use audience::{Audience, AudienceDraft, MAX_GROUPS};
pub use draft::{CampaignContent, CampaignDraft, MAX_TRACK_LINK_URL, START_GRACE};
pub use pace::{MAX_PER_SECOND, Pace, SAVED_SECONDS};
pub use unknown::OnUnknown;
pub use utm::{Utm, UtmDraft};

use crate::client::ClientId;
use crate::hours::{OutsideWindow, SendingWindow};
use crate::opt_out_link::OptOutLinkId;
use crate::recipient::CampaignKey;
use crate::sender::SenderId;

/// A campaign's public id: a UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CampaignId(pub Uuid);

/// Where a campaign stands. The numbers are the published ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum CampaignStatus {
    /// Waits for its start.
    Pending = 0,
    /// Messages are being handed over.
    Sending = 1,
    /// Every message is handed to a provider; receipts are outstanding.
    Submitted = 2,
    /// Stopped by someone, or by a rule; can go on.
    Paused = 3,
    /// Stopped for good.
    Cancelled = 4,
    /// Every message has its final status.
    Completed = 5,
}

/// What happens to a campaign without anybody asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Its start has come.
    Start,
    /// Its start was missed by more than may be.
    HoldBack,
    /// Every message is handed to a provider.
    HandOver,
    /// Messages of unknown outcome are to be sent again.
    SendAgain,
    /// Every message has its final status.
    Complete,
}

impl Step {
    /// Every step there is.
    pub const ALL: [Self; 5] = [
        Self::Start,
        Self::HoldBack,
        Self::HandOver,
        Self::SendAgain,
        Self::Complete,
    ];

    /// Where a campaign stands that takes it.
    #[must_use]
    pub const fn from(self) -> CampaignStatus {
        match self {
            Self::Start | Self::HoldBack => CampaignStatus::Pending,
            Self::HandOver => CampaignStatus::Sending,
            Self::SendAgain | Self::Complete => CampaignStatus::Submitted,
        }
    }

    /// Where it stands then.
    #[must_use]
    pub const fn to(self) -> CampaignStatus {
        match self {
            Self::Start | Self::SendAgain => CampaignStatus::Sending,
            Self::HoldBack => CampaignStatus::Paused,
            Self::HandOver => CampaignStatus::Submitted,
            Self::Complete => CampaignStatus::Completed,
        }
    }
}

/// Why a campaign cannot do what was asked, in words for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the campaign is {}: {reason}", .status.name())]
pub struct Forbidden {
    /// Where it stands.
    pub status: CampaignStatus,
    /// Why that forbids it.
    pub reason: &'static str,
}

impl CampaignStatus {
    /// Every status there is.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Sending,
        Self::Submitted,
        Self::Paused,
        Self::Cancelled,
        Self::Completed,
    ];

    /// The published number.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The status of a published number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }

    /// Its name as the documentation writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Sending => "Sending",
            Self::Submitted => "Submitted",
            Self::Paused => "Paused",
            Self::Cancelled => "Cancelled",
            Self::Completed => "Completed",
        }
    }

    /// # Errors
    /// [`Forbidden`] unless there is still something to hold back.
    pub fn pause(self) -> Result<Self, Forbidden> {
        match self {
            Self::Pending | Self::Sending => Ok(Self::Paused),
            Self::Paused => Err(self.forbids("it is paused already")),
            Self::Submitted => Err(self.forbids("every message is already handed to the provider")),
            Self::Cancelled | Self::Completed => Err(self.forbids("nothing of it is left to send")),
        }
    }

    /// Resuming before the start waits for the start, later it sends on.
    ///
    /// # Errors
    /// [`Forbidden`] unless it is paused.
    pub fn resume(self, start_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<Self, Forbidden> {
        match self {
            Self::Paused if start_at > now => Ok(Self::Pending),
            Self::Paused => Ok(Self::Sending),
            _ => Err(self.forbids("only a paused campaign can be resumed")),
        }
    }

    /// # Errors
    /// [`Forbidden`] unless there is still something to hold back.
    pub fn cancel(self) -> Result<Self, Forbidden> {
        match self {
            Self::Pending | Self::Sending | Self::Paused => Ok(Self::Cancelled),
            Self::Submitted => Err(self.forbids("every message is already handed to the provider")),
            Self::Cancelled => Err(self.forbids("it is cancelled already")),
            Self::Completed => Err(self.forbids("nothing of it is left to send")),
        }
    }

    /// Sending its messages of unknown outcome again. A paused campaign sends them when it is resumed.
    ///
    /// # Errors
    /// [`Forbidden`] where it was cancelled.
    pub fn send_again(self) -> Result<Self, Forbidden> {
        match self {
            Self::Pending | Self::Paused => Ok(self),
            Self::Sending | Self::Submitted | Self::Completed => Ok(Self::Sending),
            Self::Cancelled => Err(self.forbids("nothing more of it is sent")),
        }
    }

    /// # Errors
    /// [`Forbidden`] unless it is Pending or Paused: what is being sent cannot be rewritten.
    pub fn edit(self) -> Result<(), Forbidden> {
        match self {
            Self::Pending | Self::Paused => Ok(()),
            Self::Sending => Err(self.forbids("pause it before changing it")),
            _ => Err(self.forbids("only a pending or paused campaign can be changed")),
        }
    }

    fn forbids(self, reason: &'static str) -> Forbidden {
        Forbidden {
            status: self,
            reason,
        }
    }
}

/// At what times a campaign's messages may be sent, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Its own window, if any.
    pub window: Option<SendingWindow>,
    /// What becomes of a message whose time it is not.
    pub outside: OutsideWindow,
    /// What is not sent by then is not sent.
    pub expires_at: Option<DateTime<Utc>>,
    /// How fast.
    pub pace: Pace,
}

/// A stored campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// The database's number.
    pub key: CampaignKey,
    /// The public id.
    pub id: CampaignId,
    /// Whose it is.
    pub client: ClientId,
    /// Where it stands.
    pub status: CampaignStatus,
    /// When it starts, or started.
    pub start_at: DateTime<Utc>,
    /// From whom.
    pub sender: SenderId,
    /// What its people call it.
    pub name: Option<String>,
    /// The message template as it was written.
    pub message: String,
    /// Whether its texts are written in GSM look-alikes where that makes them GSM 7-bit.
    pub smart_encoding: bool,
    /// Accepted contacts.
    pub recipient_count: u64,
    /// The opt-out link, if any.
    pub opt_out_link_id: Option<OptOutLinkId>,
    /// The URL to track, if any.
    pub track_link_url: Option<String>,
    /// What is added to that URL when the link is followed, if anything.
    pub utm: Option<Utm>,
    /// What becomes of its messages of unknown outcome; `None`: as its client has it.
    pub on_unknown: Option<OnUnknown>,
    /// At what times it may be sent, and how fast.
    pub timing: Timing,
    /// The contact groups that its contacts were taken from.
    pub audience: Audience,
    /// Why it is paused, where a rule did it.
    pub paused_reason: Option<String>,
    /// Contacts left out because they were invalid.
    pub invalid_count: u64,
    /// Contacts left out because their number stood there already.
    pub duplicate_count: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use CampaignStatus::{Cancelled, Completed, Paused, Pending, Sending, Submitted};
    use chrono::TimeDelta;

    use super::*;

    /// A row per status, in the order of [`CampaignStatus::ALL`]: what it becomes, or `None` where it is forbidden.
    fn check(
        change: impl Fn(CampaignStatus) -> Result<CampaignStatus, Forbidden>,
        becomes: [Option<CampaignStatus>; 6],
    ) {
        for (status, becomes) in CampaignStatus::ALL.into_iter().zip(becomes) {
            match change(status) {
                Ok(after) => assert_eq!(Some(after), becomes, "{status:?}"),
                Err(forbidden) => {
                    assert_eq!(becomes, None, "{status:?}");
                    assert_eq!(forbidden.status, status);
                }
            }
        }
    }

    #[test]
    fn what_may_follow_what() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + TimeDelta::milliseconds(1);
        check(
            CampaignStatus::pause,
            [Some(Paused), Some(Paused), None, None, None, None],
        );
        check(
            CampaignStatus::cancel,
            [
                Some(Cancelled),
                Some(Cancelled),
                None,
                Some(Cancelled),
                None,
                None,
            ],
        );
        check(
            |status| status.resume(later, now),
            [None, None, None, Some(Pending), None, None],
        );
        check(
            |status| status.resume(now, now),
            [None, None, None, Some(Sending), None, None],
        );
        check(
            |status| status.edit().map(|()| status),
            [Some(Pending), None, None, Some(Paused), None, None],
        );
        check(
            CampaignStatus::send_again,
            [
                Some(Pending),
                Some(Sending),
                Some(Sending),
                Some(Paused),
                None,
                Some(Sending),
            ],
        );
    }

    #[test]
    fn a_refusal_says_where_the_campaign_stands() {
        assert_eq!(
            Submitted.cancel().unwrap_err().to_string(),
            "the campaign is Submitted: every message is already handed to the provider"
        );
        assert_eq!(
            Sending.edit().unwrap_err().to_string(),
            "the campaign is Sending: pause it before changing it"
        );
    }

    #[test]
    fn the_published_numbers_lead_back_to_their_status() {
        for (number, status) in
            (0..).zip([Pending, Sending, Submitted, Paused, Cancelled, Completed])
        {
            assert_eq!(status.number(), number);
            assert_eq!(CampaignStatus::from_number(number), Some(status));
        }
        for number in [-1, 6, i16::MAX] {
            assert_eq!(CampaignStatus::from_number(number), None);
        }
    }
}
