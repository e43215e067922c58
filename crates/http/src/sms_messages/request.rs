//! What the body of a message looks like, for the description alone: it is read in `document`.
#![expect(dead_code, reason = "only described, never made")]

use utoipa::ToSchema;

/// A message to one contact. Unknown properties are read over.
#[derive(ToSchema)]
#[schema(as = NewMessage, rename_all = "camelCase", example = json!({
    "message": "Your parcel is at the door", "sender": "ACME", "phoneNumber": "07700 900001",
}))]
pub(super) struct MessageRequest {
    /// The text, as it is.
    message: String,
    /// From whom, as for a campaign.
    sender: String,
    /// Any written form of a number that can receive text messages.
    phone_number: String,
}
