//! What a campaign would be, before it is: of a request that is stored nowhere, and of a campaign that waits for its start.

mod answer;

use chrono::{DateTime, Utc};
use clarion_engine::{CampaignPreview, IntakeRefusal, PreviewLoad};

use super::document::{self, Contacts};
use super::header::Header;
use super::request::CampaignRequest;
use super::{GivenId, find};
use crate::Answer;
use crate::body::{Body, Meter};
use crate::contacts::intake::Stopped;
use crate::contacts::row::Row;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsRead};

use answer::PreviewBody;

/// Previews a campaign.
///
/// The body is that of the call that makes one, and nothing of it is stored. Invalid contacts are counted by reason, and no
/// cause to refuse; so are messages that are too long.
#[utoipa::path(
    post, path = "/api/Campaigns/Preview", tag = "Campaigns", operation_id = "previewCampaign", security(("key" = ["campaigns:read"])),
    request_body = CampaignRequest,
    responses((status = 200, description = "What it would be", body = PreviewBody)),
)]
pub(crate) async fn given(caller: Caller<CampaignsRead>, body: Body) -> Answer {
    let counting = Counting {
        load: caller.preview(),
        now: caller.now(),
        refusal: None,
    };
    let preview = body.read(move |body| count(body, counting)).await??;
    Ok(Reply::ok(&PreviewBody::of(preview, caller.currency())).into())
}

/// Previews a campaign that waits for its start.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}/Preview", tag = "Campaigns", operation_id = "previewStoredCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:read"])),
    responses(
        (status = 200, description = "What it would be", body = PreviewBody),
        (status = 409, description = "It is not pending"),
    ),
)]
pub(crate) async fn stored(caller: Caller<CampaignsRead>, GivenId(id): GivenId) -> Answer {
    let campaign = find(&caller, id).await?;
    let preview = caller.preview_stored(&campaign).await?;
    Ok(Reply::ok(&PreviewBody::of(preview, caller.currency())).into())
}

fn count(body: Meter, mut counting: Counting) -> Result<CampaignPreview, Problem> {
    let mut header = Header::default();
    if let Err(unreadable) = document::read(body, &mut header, Some(&mut counting)) {
        return Err(match counting.refusal {
            Some(refusal) => refusal.into(),
            None => unreadable.into(),
        });
    }
    let mut load = counting.load;
    match header.audience() {
        Ok(audience) => load.audience(audience),
        Err(faults) => load.faults(faults),
    }
    let link = header.opt_out_link();
    match header.check(counting.now) {
        Ok(content) => load.content(content),
        Err(faults) => {
            load.opt_out_link(link);
            load.faults(faults);
        }
    }
    Ok(load.finish()?)
}

/// Passes contacts on to be counted, and remembers why no more are wanted.
struct Counting {
    load: PreviewLoad,
    now: DateTime<Utc>,
    refusal: Option<IntakeRefusal>,
}

impl Contacts for Counting {
    /// They wait until all properties are known.
    fn begin(&mut self, _: &Header) {}

    fn take(&mut self, row: &mut Row) -> Result<(), Stopped> {
        let taken = match row.take() {
            Ok(contact) => self.load.contact(contact),
            Err(refusal) => self.load.unreadable_contact(&refusal),
        };
        taken.map_err(|refusal| {
            self.refusal = Some(refusal);
            Stopped
        })
    }
}
