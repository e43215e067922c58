//! How messages end, and how their receipts are written.

use serde::{Deserialize, Serialize};

use crate::simulator::chance::Chance;

/// How a message ends. The shares weigh against each other; without any, everything is delivered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Receipt {
    /// Share of DELIVRD.
    pub delivered: f64,
    /// Share of UNDELIV.
    pub undeliverable: f64,
    /// Share of EXPIRED.
    pub expired: f64,
    /// Share of REJECTD.
    pub rejected: f64,
    /// Share of DELETED.
    pub deleted: f64,
    /// Share of UNKNOWN.
    pub unknown: f64,
    /// Share of ACCEPTD, which is no end.
    pub accepted: f64,
    /// Share without any receipt.
    pub none: f64,
    /// From and to how many milliseconds after the submit.
    pub delay_ms: [u64; 2],
    /// Share of receipts that come twice.
    pub duplicate_share: f64,
    /// Whether it comes before the response.
    pub early: bool,
    /// What it is written with.
    pub format: Format,
    /// Its text, where it is not the usual one, with `{id}`, `{stat}`, `{err}`, `{delivered}`, `{submitted}`, `{done}`
    /// and `{text}` in it.
    pub text: Option<String>,
    /// Whether esm_class does not say that it is a receipt.
    pub unflagged: bool,
    /// Whether another one, ENROUTE, comes as well.
    pub enroute: Enroute,
    /// What another one says that comes after it.
    pub then: Option<Fate>,
}

/// What a receipt is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The usual text and the optional parameters.
    #[default]
    Usual,
    /// The text alone.
    Text,
    /// The optional parameters alone.
    Tlvs,
    /// The text in message_payload, without further parameters.
    Payload,
    /// The same in a data_sm.
    #[serde(rename = "data_sm")]
    DataSm,
}

/// Whether an intermediate receipt comes, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enroute {
    /// None comes.
    #[default]
    Never,
    /// It comes before the final one.
    Before,
    /// It comes after the final one.
    After,
}

/// How a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// DELIVRD
    Delivered,
    /// UNDELIV
    Undeliverable,
    /// EXPIRED
    Expired,
    /// REJECTD
    Rejected,
    /// DELETED
    Deleted,
    /// UNKNOWN
    Unknown,
    /// ACCEPTD, which is no end.
    Accepted,
    /// On its way: told in between.
    Enroute,
}

impl Default for Receipt {
    fn default() -> Self {
        Self {
            delivered: 0.0,
            undeliverable: 0.0,
            expired: 0.0,
            rejected: 0.0,
            deleted: 0.0,
            unknown: 0.0,
            accepted: 0.0,
            none: 0.0,
            delay_ms: [100, 500],
            duplicate_share: 0.0,
            early: false,
            format: Format::Usual,
            text: None,
            unflagged: false,
            enroute: Enroute::Never,
            then: None,
        }
    }
}

impl Receipt {
    pub(super) fn fate(&self, chance: &mut Chance) -> Option<Fate> {
        let shares = [
            (Some(Fate::Delivered), self.delivered),
            (Some(Fate::Undeliverable), self.undeliverable),
            (Some(Fate::Expired), self.expired),
            (Some(Fate::Rejected), self.rejected),
            (None, self.none),
            (Some(Fate::Deleted), self.deleted),
            (Some(Fate::Unknown), self.unknown),
            (Some(Fate::Accepted), self.accepted),
        ];
        let whole: f64 = shares.iter().map(|(_, share)| share).sum();
        let mut drawn = chance.draw() * whole;
        for (fate, share) in shares {
            drawn -= share;
            if drawn < 0.0 {
                return fate;
            }
        }
        Some(Fate::Delivered)
    }
}

impl Fate {
    /// As a receipt's `stat:` has it.
    pub(in crate::simulator) fn word(self) -> &'static str {
        match self {
            Self::Delivered => "DELIVRD",
            Self::Undeliverable => "UNDELIV",
            Self::Expired => "EXPIRED",
            Self::Rejected => "REJECTD",
            Self::Deleted => "DELETED",
            Self::Unknown => "UNKNOWN",
            Self::Accepted => "ACCEPTD",
            Self::Enroute => "ENROUTE",
        }
    }

    /// As the log has it.
    pub(in crate::simulator) fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Undeliverable => "undeliverable",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Enroute => "enroute",
        }
    }

    /// As the optional parameter message_state has it.
    pub(in crate::simulator) fn state(self) -> u8 {
        match self {
            Self::Enroute => 1,
            Self::Delivered => 2,
            Self::Expired => 3,
            Self::Deleted => 4,
            Self::Undeliverable => 5,
            Self::Accepted => 6,
            Self::Unknown => 7,
            Self::Rejected => 8,
        }
    }

    /// What GSM networks give with such an end.
    pub(in crate::simulator) fn error(self) -> u16 {
        match self {
            Self::Undeliverable => 1,
            Self::Expired => 27,
            Self::Rejected => 8,
            Self::Delivered | Self::Deleted | Self::Unknown | Self::Accepted | Self::Enroute => 0,
        }
    }
}
