//! What the bodies of campaigns look like, for the description alone: they are read piece by piece, in `document`.
#![expect(dead_code, reason = "only described, never made")]

use chrono::{DateTime, Utc};
use utoipa::ToSchema;
use uuid::Uuid;

use super::timing::WindowBody;
use super::utm::UtmBody;
use crate::contacts::request::NewContact;

/// What a campaign says and when. Unknown properties are read over.
#[derive(ToSchema)]
#[schema(as = CampaignContent, rename_all = "camelCase", example = json!({
    "startDateTime": "2030-06-27T09:00:00+01:00",
    "sender": "ACME",
    "message": "Hello {Name|there}, our offer: {TrackLink}",
    "trackLinkUrl": "https://example.com/offer",
    "sendingWindow": {"from": "09:00", "to": "20:00", "days": ["Mon", "Tue", "Wed", "Thu", "Fri"], "timeZone": "recipient"},
    "outsideWindow": "hold",
    "expiresAt": "2030-06-30T18:00:00Z",
    "name": "Summer offer",
    "maxPerSecond": 20,
    "spreadUntil": "2030-06-27T16:00:00Z",
    "smartEncoding": true,
    "utm": {"source": "sms", "campaign": "summer"},
}))]
pub(crate) struct ContentRequest {
    /// What its people call it, in a line of at most 100 characters. Missing, null or blank: nothing.
    name: Option<String>,
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
    /// When its messages may be sent. Where it is given, the hours that the recipient's country allows count as well; `{}`
    /// stands for those alone. In it, `from` is 00:00 unless told, `to` 24:00, `days` every day (`Mon` or `Monday`),
    /// `timeZone` each recipient's. Missing or null: at any time.
    sending_window: Option<WindowBody>,
    /// What becomes of a message that may not be sent when its turn comes: `hold`, which is the default, until it may, or
    /// `drop`: it ends as OutsideWindow.
    #[schema(example = "hold")]
    outside_window: Option<String>,
    /// What is not sent by then ends as Expired. Later than now and than the start. Missing or null: never.
    expires_at: Option<DateTime<Utc>>,
    /// Most segments per second, of all nodes together. Missing or null: as many as the gateways take.
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_per_second: Option<u32>,
    /// Its messages are spread evenly over the time from the start until then; what could not be sent by then, since sending was
    /// not allowed or the gateways were too slow, is sent without waiting. Later than now and than the start, and not later
    /// than `expiresAt`. Missing or null: they are sent as fast as may be.
    spread_until: Option<DateTime<Utc>>,
    /// Whether its texts are written in GSM look-alikes where that makes them GSM 7-bit: typographic quotes, dashes and spaces
    /// become plain ones, zero-width characters vanish, letters with accents that GSM lacks lose them. A text with a character
    /// that nothing looks like stays as it is. A preview tells what was replaced. Missing or null: no.
    smart_encoding: Option<bool>,
    /// What is added to `trackLinkUrl` when a tracked link is followed. Missing or null: nothing.
    utm: Option<UtmBody>,
}

/// A campaign and its contacts. Unknown properties are read over.
#[derive(ToSchema)]
#[schema(as = NewCampaign, rename_all = "camelCase", example = json!({
    "startDateTime": "2030-06-27T09:00:00+01:00",
    "sender": "ACME",
    "message": "Hello {Name|there}, our offer: {TrackLink}",
    "trackLinkUrl": "https://example.com/offer",
    "contacts": [
        {"phoneNumber": "07700 900001", "name": "Ann", "custom1": "Gold"},
        {"phoneNumber": "+44 7700 900002", "timeZone": "Europe/Paris"},
    ],
    "sendingWindow": {"from": "09:00", "to": "20:00", "timeZone": "recipient"},
    "expiresAt": "2030-06-30T18:00:00Z",
}))]
pub(crate) struct CampaignRequest {
    #[schema(inline)]
    #[serde(flatten)]
    content: ContentRequest,
    /// 1 to 1,000,000 contacts, or none where there are contact groups. A number that stands there twice is taken once.
    #[schema(max_items = 1_000_000)]
    contacts: Option<Vec<NewContact>>,
    /// Whole contact groups that it goes to as well, or instead of `contacts`: each number once, and the first that has it
    /// counts, `contacts` before groups. What a group holds now counts; changes of it later change no campaign.
    #[schema(max_items = 100, example = json!([]))]
    contact_group_ids: Option<Vec<Uuid>>,
    /// Whoever is in one of these contact groups is left out, wherever else the number stands.
    #[schema(max_items = 100, example = json!([]))]
    exclude_contact_group_ids: Option<Vec<Uuid>>,
}
