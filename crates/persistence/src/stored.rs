//! Between the values of the domain and those of the columns. Reading back what no version writes is
//! [`StoreError::Corrupt`].

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use clarion_domain::campaign::{CampaignId, CampaignStatus, OnUnknown};
use clarion_domain::hours::{self, TimeZone};
use clarion_domain::message::MessageStatus;
use clarion_domain::sender::SenderId;

use crate::StoreError;

/// A moment as the columns keep it: UTC, to the microsecond on both databases.
pub(crate) fn moment(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc().trunc_subsecs(6)
}

/// A moment that answers show, kept as they show it, to the millisecond: who filters by what an answer showed finds it.
pub(crate) fn shown_moment(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc().trunc_subsecs(3)
}

/// Reads a count or a sequence number.
pub(crate) fn unsigned<T: TryFrom<i64>>(
    what: &str,
    value: impl Into<i64>,
) -> Result<T, StoreError> {
    let value = value.into();
    T::try_from(value).map_err(|_| corrupt(what, value))
}

/// A sequence number as its column keeps it; the domain's limit is far below.
pub(crate) fn seq(seq: u32) -> i32 {
    i32::try_from(seq).unwrap_or(i32::MAX)
}

/// A count as its column keeps it.
pub(crate) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) fn message_status(number: i16) -> Result<MessageStatus, StoreError> {
    MessageStatus::from_number(number).ok_or_else(|| corrupt("message status", number))
}

pub(crate) fn campaign_status(number: i16) -> Result<CampaignStatus, StoreError> {
    CampaignStatus::from_number(number).ok_or_else(|| corrupt("campaign status", number))
}

pub(crate) fn on_unknown(number: i16) -> Result<OnUnknown, StoreError> {
    OnUnknown::from_number(number).ok_or_else(|| corrupt("policy", number))
}

pub(crate) fn campaign_id(text: &str) -> Result<CampaignId, StoreError> {
    uuid::Uuid::parse_str(text)
        .map(CampaignId)
        .map_err(|_| corrupt("campaign id", text))
}

/// A contact's zone.
pub(crate) fn time_zone(name: Option<&str>) -> Result<Option<TimeZone>, StoreError> {
    let named = |name| hours::named(name).ok_or_else(|| corrupt("time zone", name));
    name.map(named).transpose()
}

/// The kind is stored beside the text: what the text would be read as may change with the rules.
pub(crate) fn sender_kind(sender: &SenderId) -> i16 {
    match sender {
        SenderId::Alphanumeric(_) => 0,
        SenderId::Number(_) => 1,
        SenderId::ShortCode(_) => 2,
    }
}

pub(crate) fn sender(kind: i16, text: String) -> Result<SenderId, StoreError> {
    match kind {
        0 => Ok(SenderId::Alphanumeric(text)),
        1 => Ok(SenderId::Number(text)),
        2 => Ok(SenderId::ShortCode(text)),
        _ => Err(corrupt("kind of sender", kind)),
    }
}

/// PostgreSQL's texts cannot hold a NUL.
pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

pub(crate) fn corrupt(what: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what} {value}"))
}
