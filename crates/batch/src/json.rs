//! Contacts in JSON: an object a line, or the body that creates a campaign, or its array of contacts alone.

mod array;
mod contact;

use serde::{Deserialize, Serialize};

pub(crate) use array::{JsonArray, contacts_start, cut, read_elements};

use crate::checked::RowFault;
use crate::contact_file::Row;
use contact::ReadContact;

/// What the body of a campaign says before its contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CampaignHeader {
    /// When to start, as the API reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date_time: Option<String>,
    /// From whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The message template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The URL to track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track_link_url: Option<String>,
    /// The opt-out link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_out_link_id: Option<i64>,
}

/// Reads one object a line. A line that is no JSON is refused by itself: the next one can be read again.
pub(crate) fn read_lines(text: &[u8], each: &mut dyn FnMut(Row<'_>)) {
    let mut at = 0;
    for line in text.split(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty() {
            let read = serde_json::from_slice(line).unwrap_or_else(|error| {
                ReadContact::unreadable(RowFault::NotJson(array::message(&error)))
            });
            each(read.at(at));
        }
        at += line.len() + 1;
    }
}
