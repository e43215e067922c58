//! What the bodies of campaigns look like, for the description alone: they are read piece by piece, in `document`.
#![expect(dead_code, reason = "only described, never made")]

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use crate::contacts::request::NewContact;

/// What a campaign says and when. Unknown properties are read over.
#[derive(ToSchema)]
#[schema(as = CampaignContent, rename_all = "camelCase", example = json!({
    "startDateTime": "2030-06-27T09:00:00+01:00",
    "sender": "ACME",
    "message": "Hello {Name|there}, our offer: {TrackLink}",
    "trackLinkUrl": "https://example.com/offer",
}))]
pub(crate) struct ContentRequest {
    /// When it starts. Missing, null or up to 24 hours in the past: at once.
    start_date_time: Option<DateTime<Utc>>,
    /// From whom: 1 to 11 letters, digits, spaces and `& . - _ ' ! +` with at least one letter, or a number of 3 to 15
    /// digits with an optional `+`.
    sender: String,
    /// The text, at most 10 segments long for each contact. `{Name}` `{Custom1}` `{Custom2}` `{PhoneNumber}` `{OptOut}`
    /// `{TrackLink}` stand for a contact's own, without regard to case; `{Name|there}` says what to put where there is
    /// none; `{{` and `}}` are braces.
    message: String,
    /// The opt-out link. Missing, null or 0: none.
    opt_out_link_id: Option<i32>,
    /// What `{TrackLink}`, a short link of each contact's own, leads to: an absolute http(s) URL. Where this URL itself stands
    /// in the message, it becomes that link; where neither stands there, the link is added at the end. Missing, null or
    /// empty: none.
    #[schema(max_length = 2048)]
    track_link_url: Option<String>,
    /// What becomes of its messages of which nobody knows whether they were sent, as after a crash, once ten minutes have
    /// shown nothing: "hold": they are never sent twice, and wait for `ResendUnknown`; "resend": they are sent again, at most
    /// three times. Missing, null or empty: as the client has it.
    #[schema(example = "hold")]
    on_unknown: Option<String>,
}

/// A campaign and its contacts. Unknown properties are read over.
#[derive(ToSchema)]
#[schema(as = NewCampaign, example = json!({
    "startDateTime": "2030-06-27T09:00:00+01:00",
    "sender": "ACME",
    "message": "Hello {Name|there}, our offer: {TrackLink}",
    "trackLinkUrl": "https://example.com/offer",
    "contacts": [
        {"phoneNumber": "07700 900001", "name": "Ann", "custom1": "Gold"},
        {"phoneNumber": "+44 7700 900002"},
    ],
}))]
pub(crate) struct CampaignRequest {
    #[schema(inline)]
    #[serde(flatten)]
    content: ContentRequest,
    /// 1 to 1,000,000 contacts. A number that stands there twice is taken once.
    #[schema(min_items = 1, max_items = 1_000_000)]
    contacts: Vec<NewContact>,
}
