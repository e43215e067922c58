//! A campaign as answers show it.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Campaign, OnUnknown};
use clarion_domain::click::ClickClass;
use clarion_domain::contact_group::ContactGroupId;
use clarion_persistence::clicks::ClickCounts;
use clarion_persistence::messages::Counts;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::timing::{self, WindowBody};
use super::utm::UtmBody;
use crate::dates;

/// A campaign: the published properties in their order, then ours.
#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
#[serde(rename_all = "camelCase")]
pub(super) struct CampaignBody {
    id: Uuid,
    /// When it starts, or started.
    #[serde(serialize_with = "moment")]
    start_date_time: DateTime<Utc>,
    #[schema(example = "ACME")]
    sender: String,
    /// Its contacts, without those that were left out.
    recipient_count: u64,
    /// As it was given, with its tokens.
    #[schema(example = "Hello {Name|there}")]
    message: String,
    /// 0 Pending, 1 Sending, 2 Submitted, 3 Paused, 4 Cancelled, 5 Completed.
    #[schema(minimum = 0, maximum = 5)]
    status: i16,
    #[schema(required = true)]
    opt_out_link_id: Option<i32>,
    #[schema(required = true)]
    track_link_url: Option<String>,
    /// What its people call it.
    #[schema(required = true)]
    name: Option<String>,
    /// What becomes of its messages of unknown outcome: "hold" or "resend"; null: as the client has it.
    #[schema(required = true)]
    on_unknown: Option<&'static str>,
    /// When its messages may be sent; null: at any time.
    #[schema(required = true)]
    sending_window: Option<WindowBody>,
    /// What becomes of a message that may not be sent when its turn comes: `hold` until it may, or `drop`.
    #[schema(example = "hold")]
    outside_window: &'static str,
    /// What is not sent by then ends as Expired.
    #[schema(required = true)]
    #[serde(serialize_with = "timing::moment")]
    expires_at: Option<DateTime<Utc>>,
    /// Most segments per second; null: as many as the gateways take.
    #[schema(required = true)]
    max_per_second: Option<u32>,
    /// Until when its messages are spread evenly; null: they are sent as fast as may be.
    #[schema(required = true)]
    #[serde(serialize_with = "timing::moment")]
    spread_until: Option<DateTime<Utc>>,
    /// Whether its texts are written in GSM look-alikes where that makes them GSM 7-bit.
    smart_encoding: bool,
    /// The contact groups that it went to, as they were given.
    contact_group_ids: Vec<Uuid>,
    /// The contact groups whose contacts were left out.
    exclude_contact_group_ids: Vec<Uuid>,
    /// Why it is paused, where the service did it by itself.
    #[schema(required = true)]
    paused_reason: Option<String>,
    /// What is added to `trackLinkUrl` when a tracked link is followed; null: nothing.
    #[schema(required = true)]
    utm: Option<UtmBody>,
    /// How its messages stand; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<CountsBody>,
    /// How often its tracked links were followed; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    clicks: Option<ClickCountsBody>,
}

impl From<Campaign> for CampaignBody {
    fn from(campaign: Campaign) -> Self {
        Self {
            id: campaign.id.0,
            start_date_time: campaign.start_at,
            sender: campaign.sender.as_str().to_owned(),
            recipient_count: campaign.recipient_count,
            message: campaign.message,
            status: campaign.status.number(),
            opt_out_link_id: campaign.opt_out_link_id.map(|id| id.0),
            track_link_url: campaign.track_link_url,
            name: campaign.name,
            on_unknown: campaign.on_unknown.map(OnUnknown::name),
            sending_window: campaign.timing.window.map(WindowBody::from),
            outside_window: campaign.timing.outside.name(),
            expires_at: campaign.timing.expires_at,
            max_per_second: campaign.timing.pace.max_per_second,
            spread_until: campaign.timing.pace.spread_until,
            smart_encoding: campaign.smart_encoding,
            contact_group_ids: ids(&campaign.audience.groups),
            exclude_contact_group_ids: ids(&campaign.audience.excluded),
            paused_reason: campaign.paused_reason,
            utm: campaign.utm.map(UtmBody::from),
            counts: None,
            clicks: None,
        }
    }
}

/// Messages by where they stand. Recipients that were not tried yet are in none of them.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageCounts)]
#[serde(rename_all = "camelCase")]
struct CountsBody {
    /// Wait: for their time, or to be sent again.
    queued: u64,
    /// A provider has them.
    sent: u64,
    /// The network has them.
    accepted: u64,
    /// The handset has them.
    delivered: u64,
    /// Failed for good, or not sent, since their time was over or not allowed, or they are parked.
    failed: u64,
    /// Of the failed ones, those that broke the service three times, by a fault in the service; nothing of them was sent.
    parked: u64,
    /// Nobody knows whether they were sent, or what has become of them.
    unknown: u64,
    /// Not sent, since the recipient had opted out.
    opted_out: u64,
}

/// Clicks on tracked links by what was behind them.
#[derive(Serialize, ToSchema)]
#[schema(as = ClickCounts)]
#[serde(rename_all = "camelCase")]
struct ClickCountsBody {
    /// Contacts who followed their link.
    people: u64,
    /// People, as far as can be told.
    human: u64,
    /// Messaging apps that show what the link leads to.
    preview: u64,
    /// Programs.
    bot: u64,
    /// Browsers that fetch ahead of their users.
    prefetch: u64,
    /// Only the headers were asked for.
    head: u64,
    /// Sooner after the sending than a person can be.
    too_soon: u64,
}

impl CampaignBody {
    /// Shows how often its links were followed, too.
    pub(super) fn with_clicks(self, counts: &ClickCounts) -> Self {
        let of = |class| counts.by_class.get(&class).copied().unwrap_or_default();
        let clicks = ClickCountsBody {
            people: counts.people,
            human: of(ClickClass::Human),
            preview: of(ClickClass::Preview),
            bot: of(ClickClass::Bot),
            prefetch: of(ClickClass::Prefetch),
            head: of(ClickClass::Head),
            too_soon: of(ClickClass::TooSoon),
        };
        Self {
            clicks: Some(clicks),
            ..self
        }
    }

    /// Shows how the messages stand, too.
    pub(super) fn with_counts(self, counts: Counts) -> Self {
        let counts = CountsBody {
            queued: counts.queued,
            sent: counts.sent,
            accepted: counts.accepted,
            delivered: counts.delivered,
            failed: counts.failed,
            parked: counts.parked,
            unknown: counts.unknown,
            opted_out: counts.opted_out,
        };
        Self {
            counts: Some(counts),
            ..self
        }
    }
}

fn ids(groups: &[ContactGroupId]) -> Vec<Uuid> {
    groups.iter().map(|group| group.0).collect()
}

fn moment<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&dates::show(*at))
}
