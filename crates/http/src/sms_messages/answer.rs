//! A message as answers show it.

use chrono::{DateTime, Utc};
use clarion_domain::tariff::Price;
use clarion_persistence::messages::Message;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dates;

/// A message: the published properties in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageBody {
    new_id: Uuid,
    id: i64,
    #[serde(rename = "client_Id")]
    client_id: i64,
    #[serde(serialize_with = "moment")]
    date_created: DateTime<Utc>,
    #[serde(serialize_with = "moment")]
    date_modified: DateTime<Utc>,
    /// E.164.
    #[schema(example = "+447722123456")]
    phone_number: String,
    /// As the list of statuses says.
    status: i16,
    #[schema(required = true)]
    price: Option<f64>,
    /// Segments.
    sms_count: i16,
    #[serde(serialize_with = "maybe_moment")]
    /// When the final receipt came.
    #[schema(required = true)]
    date_received: Option<DateTime<Utc>>,
    /// ISO 3166 alpha-2.
    #[schema(example = "GB")]
    country_code: String,
    sender_number: String,
    /// As it was sent.
    message: String,
    /// Null for a direct message.
    #[schema(required = true)]
    campaign_id: Option<Uuid>,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        Self {
            new_id: message.recipient.message_guid(),
            id: message.recipient.message_id(),
            client_id: message.client.0,
            date_created: message.sent_at,
            date_modified: message.updated_at,
            phone_number: message.phone.to_string(),
            status: message.status.number(),
            price: message.price.map(Price::as_decimal),
            sms_count: message.parts,
            date_received: message.received_at,
            country_code: message.phone.region().as_str().to_owned(),
            sender_number: message.sender,
            message: message.text,
            campaign_id: message.campaign.map(|id| id.0),
        }
    }
}

fn moment<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&dates::show(*at))
}

fn maybe_moment<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(dates::show).serialize(serializer)
}
