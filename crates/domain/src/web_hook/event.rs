//! What a web hook is told.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::client::ClientId;
use crate::message::MessageStatus;
use crate::recipient::RecipientKey;
use crate::tariff::Price;

/// The published number of the kind "a message's status has changed", the only one there is.
const STATUS_CHANGE: u8 = 1;

/// How a message stands, at the moment of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose message it is.
    pub recipient: RecipientKey,
    /// Which attempt to send it, from 1.
    pub attempt: i16,
    /// What it is now.
    pub status: MessageStatus,
    /// How many parts it has.
    pub parts: i16,
    /// What it costs, where that is known.
    pub price: Option<Price>,
    /// When it was handed over.
    pub created_at: DateTime<Utc>,
    /// When it came to stand there.
    pub updated_at: DateTime<Utc>,
}

impl Change {
    /// Whether anybody is told: a message that waits to be sent has not been tried, so nothing has become of it.
    #[must_use]
    pub fn is_told(status: MessageStatus) -> bool {
        status != MessageStatus::Queued
    }

    /// The id of the event, the same whenever and to whomever it is told.
    ///
    /// It needs no chance: within one attempt a message's status only moves up. The moment keeps it apart from the ids of
    /// a ledger that was brought back from a backup, in which the same numbers are given again. There is no full stop in
    /// it, since that parts what is signed.
    #[must_use]
    pub fn event_id(&self) -> String {
        format!(
            "sms-{}-{}-{}-{}",
            self.recipient.message_id(),
            self.attempt,
            self.status.number(),
            self.updated_at.timestamp_millis()
        )
    }
}

/// A change of a message's status, with what else a receiver is told of the message.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusChange {
    /// Whose message it is.
    pub client: ClientId,
    /// To whom, in the international form.
    pub phone_number: String,
    /// The change.
    pub change: Change,
}

impl StatusChange {
    /// What stands in the request: to be written as JSON.
    #[must_use]
    pub fn body(&self) -> impl Serialize + use<> {
        Body {
            web_hook_type: STATUS_CHANGE,
            data: Data::of(self),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    web_hook_type: u8,
    data: Data,
}

/// The published properties in their order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    client_id: ClientId,
    #[serde(rename = "Id")]
    id: i64,
    phone_number_id: String,
    phone_number: String,
    parts: i16,
    date_created: String,
    last_updated: String,
    price: f64,
    status_code: i16,
}

impl Data {
    fn of(told: &StatusChange) -> Self {
        let change = &told.change;
        Self {
            client_id: told.client,
            id: change.recipient.message_id(),
            phone_number_id: match change.recipient.campaign.is_direct() {
                true => String::new(),
                false => change.recipient.contact_id().to_string(),
            },
            phone_number: told.phone_number.clone(),
            parts: change.parts,
            date_created: shown(change.created_at),
            last_updated: shown(change.updated_at),
            price: change.price.unwrap_or_default().as_decimal(),
            status_code: change.status.number(),
        }
    }
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipient::{CampaignKey, FIRST_DIRECT_KEY};

    fn change(campaign: i64) -> Change {
        Change {
            recipient: RecipientKey {
                campaign: CampaignKey(campaign),
                seq: 3,
            },
            attempt: 1,
            status: MessageStatus::Delivered,
            parts: 2,
            price: Some(Price { millionths: 64_000 }),
            created_at: "2023-06-27T03:04:01Z".parse().unwrap(),
            updated_at: "2023-06-27T03:04:01.374Z".parse().unwrap(),
        }
    }

    fn body(change: Change) -> String {
        let event = StatusChange {
            client: ClientId(7),
            phone_number: "+447700900001".to_owned(),
            change,
        };
        serde_json::to_string(&event.body()).unwrap()
    }

    #[test]
    fn the_body_is_the_published_one() {
        let contact = change(1).recipient.contact_id();
        assert_eq!(
            body(change(1)),
            format!(
                "{{\"webHookType\":1,\"data\":{{\"clientId\":7,\"Id\":16777219,\"phoneNumberId\":\"{contact}\",\
                 \"phoneNumber\":\"+447700900001\",\"parts\":2,\"dateCreated\":\"2023-06-27T03:04:01.000Z\",\
                 \"lastUpdated\":\"2023-06-27T03:04:01.374Z\",\"price\":0.064,\"statusCode\":1}}}}"
            )
        );
    }

    #[test]
    fn a_direct_message_has_no_contact() {
        assert!(body(change(FIRST_DIRECT_KEY)).contains("\"phoneNumberId\":\"\""));
    }

    #[test]
    fn each_change_has_an_id_of_its_own() {
        let one = change(1);
        assert_eq!(one.event_id(), "sms-16777219-1-1-1687835041374");
        for other in [
            Change { attempt: 2, ..one },
            Change {
                status: MessageStatus::Sent,
                ..one
            },
            change(2),
        ] {
            assert_ne!(other.event_id(), one.event_id());
        }
    }
}
