//! What of a stored campaign will go when. Nothing is stored here.

use clarion_domain::campaign::{Campaign, CampaignStatus};
use clarion_domain::message::MessageStatus;
use clarion_persistence::recipients::Recipient;

use crate::IntakeRefusal;
use crate::core::Core;
use crate::preview::{self, Sending};

/// When what is left of a campaign would be sent, if nothing else is. One that is paused: if it went on now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CampaignSchedule {
    /// Messages that are not handed over yet, without those to recipients who have opted out.
    pub waiting: u64,
    /// Recipients who have opted out.
    pub suppressed: u64,
    /// When they would leave.
    pub sending: Sending,
}

pub(crate) async fn schedule(
    core: &Core,
    campaign: &Campaign,
) -> Result<CampaignSchedule, IntakeRefusal> {
    let is_over = match campaign.status {
        CampaignStatus::Pending | CampaignStatus::Sending | CampaignStatus::Paused => false,
        CampaignStatus::Submitted | CampaignStatus::Cancelled | CampaignStatus::Completed => true,
    };
    if is_over {
        return Ok(CampaignSchedule {
            sending: Sending {
                parts_per_second: core.traffic.limit(),
                ..Sending::default()
            },
            ..CampaignSchedule::default()
        });
    }
    let tally = preview::tally(core, campaign, is_waiting).await?;
    let sending = tally.plan(campaign.start_at).reckoned().await?;
    Ok(CampaignSchedule {
        waiting: tally.planned(),
        suppressed: tally.suppressed(),
        sending,
    })
}

fn is_waiting(recipient: &Recipient) -> bool {
    matches!(recipient.status, None | Some(MessageStatus::Queued))
}
