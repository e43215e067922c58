//! A campaign as answers show it.

use chrono::{DateTime, Utc};
use clarion_domain::campaign::Campaign;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::dates;

/// The published properties in their order, then ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CampaignBody {
    id: Uuid,
    #[serde(serialize_with = "moment")]
    start_date_time: DateTime<Utc>,
    sender: String,
    recipient_count: u64,
    message: String,
    status: i16,
    opt_out_link_id: Option<i32>,
    track_link_url: Option<String>,
    paused_reason: Option<String>,
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
            opt_out_link_id: campaign.opt_out_link_id,
            track_link_url: campaign.track_link_url,
            paused_reason: campaign.paused_reason,
        }
    }
}

fn moment<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&dates::show(*at))
}
