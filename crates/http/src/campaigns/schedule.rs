//! What of a campaign will go when.

use chrono::{DateTime, Utc};
use clarion_domain::hours::Slot;
use clarion_engine::{CampaignSchedule, Sending};
use serde::Serialize;
use utoipa::ToSchema;

use super::{GivenId, find, timing};
use crate::Answer;
use crate::dates;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsRead};

/// When what is left of a campaign would be sent, if nothing else is.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignSchedule)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleBody {
    /// Messages that are not handed over yet, without those to contacts who have opted out.
    waiting: u64,
    /// Contacts who have opted out; they are sent nothing.
    suppressed: u64,
    #[serde(flatten)]
    #[schema(inline)]
    sending: SendingBody,
    /// What leaves one after the other, in order.
    slots: Vec<SlotBody>,
}

/// When messages would be sent, if nothing else is: by the sending window, the hours of the recipients' countries, the pace and
/// the limits of the gateways.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedSending)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendingBody {
    /// Null where no message would leave, or none so soon that it is told when.
    #[schema(required = true)]
    #[serde(serialize_with = "timing::moment")]
    first: Option<DateTime<Utc>>,
    /// Null where there is no limit to reckon with, or it lies too far ahead.
    #[schema(required = true)]
    #[serde(serialize_with = "timing::moment")]
    last: Option<DateTime<Utc>>,
    /// Most segments per second of the sender by all gateways of the node that answers; null: no limit.
    #[schema(required = true)]
    parts_per_second: Option<u32>,
    /// Messages that would not be sent, since their hours would not allow it when their turn comes and the campaign drops such.
    dropped: u64,
    /// Messages that would not be sent before the campaign expires.
    expired: u64,
    /// Messages that would be sent so late that it is not told when.
    later: u64,
}

/// Messages that leave one after the other.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleSlot)]
#[serde(rename_all = "camelCase")]
struct SlotBody {
    /// The first of them.
    #[schema(value_type = DateTime<Utc>)]
    from: String,
    /// The last of them; null: as fast as the gateways take them.
    #[schema(required = true)]
    #[serde(serialize_with = "timing::moment")]
    until: Option<DateTime<Utc>>,
    /// How many.
    messages: u64,
}

/// Tells what of a campaign will go when.
///
/// Reckoned from its start, or from now where that is past, with the sending window, the hours of the recipients' countries,
/// its pace and the limits of the gateways; without other campaigns. A paused campaign is taken as if it went on now. Where
/// nothing is left to send, all is 0.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}/Schedule", tag = "Campaigns", operation_id = "scheduleOfCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "What goes when", body = ScheduleBody)),
)]
pub(crate) async fn show(caller: Caller<CampaignsRead>, GivenId(id): GivenId) -> Answer {
    let campaign = find(&caller, id).await?;
    let schedule = caller.schedule(&campaign).await?;
    Ok(Reply::ok(&ScheduleBody::from(schedule)).into())
}

impl From<CampaignSchedule> for ScheduleBody {
    fn from(schedule: CampaignSchedule) -> Self {
        Self {
            waiting: schedule.waiting,
            suppressed: schedule.suppressed,
            sending: SendingBody::from(&schedule.sending),
            slots: schedule
                .sending
                .outlook
                .slots
                .iter()
                .map(SlotBody::from)
                .collect(),
        }
    }
}

impl From<&Sending> for SendingBody {
    fn from(sending: &Sending) -> Self {
        let outlook = &sending.outlook;
        Self {
            first: outlook.first(),
            last: outlook.last(),
            parts_per_second: sending.parts_per_second,
            dropped: outlook.dropped,
            expired: outlook.expired,
            later: outlook.later,
        }
    }
}

impl From<&Slot> for SlotBody {
    fn from(slot: &Slot) -> Self {
        Self {
            from: dates::show(slot.from),
            until: slot.until,
            messages: slot.messages,
        }
    }
}
