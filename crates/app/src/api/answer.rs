//! What the service answers, as far as commands use it.

use clarion_domain::campaign::CampaignStatus;
use clarion_domain::message::MessageStatus;
use serde::Deserialize;
use uuid::Uuid;

/// A campaign.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Campaign {
    pub(crate) id: Uuid,
    pub(crate) start_date_time: String,
    pub(crate) sender: String,
    pub(crate) recipient_count: u64,
    pub(crate) message: String,
    status: i16,
    pub(crate) track_link_url: Option<String>,
    pub(crate) paused_reason: Option<String>,
    /// Only where a campaign is shown by itself.
    #[serde(default)]
    pub(crate) counts: Counts,
}

/// A campaign's messages by where they stand.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Counts {
    pub(crate) queued: u64,
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) opted_out: u64,
}

/// A contact of a campaign.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    pub(crate) phone_number: String,
    pub(crate) name: Option<String>,
    pub(crate) custom1: Option<String>,
    pub(crate) custom2: Option<String>,
    pub(crate) id: Uuid,
    pub(crate) contact_group_id: Option<Uuid>,
    status: Option<i16>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    pub(crate) page_index: u64,
    pub(crate) total_pages: u64,
    pub(crate) total_records: u64,
    pub(crate) items: Vec<T>,
}

/// A campaign that was just created.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) id: Uuid,
    /// Contacts left out because they are invalid.
    pub(crate) invalid: u64,
    /// Contacts left out because their number was there before.
    pub(crate) duplicates: u64,
    /// It was created before, by a request with the same key.
    pub(crate) is_replayed: bool,
}

impl Campaign {
    /// Its status; `None` where a newer service knows more than this program does.
    pub(crate) fn status(&self) -> Option<CampaignStatus> {
        CampaignStatus::from_number(self.status)
    }

    /// Its status in a word.
    pub(crate) fn status_name(&self) -> String {
        match self.status() {
            Some(status) => status.name().to_owned(),
            None => format!("status {}", self.status),
        }
    }
}

impl Counts {
    /// Recipients that are dealt with: handed over, or never to be. Receipts may be outstanding.
    pub(crate) fn settled(&self) -> u64 {
        self.handed_over() + self.opted_out
    }

    /// Messages that went to a provider, whatever came of them.
    pub(crate) fn handed_over(&self) -> u64 {
        self.sent + self.accepted + self.delivered + self.failed + self.unknown
    }
}

impl Contact {
    /// Where its message stands, in a word; empty where it was not tried yet.
    pub(crate) fn status_name(&self) -> String {
        match self
            .status
            .map(|number| (number, MessageStatus::from_number(number)))
        {
            None => String::new(),
            Some((_, Some(status))) => format!("{status:?}"),
            Some((number, None)) => format!("status {number}"),
        }
    }
}
