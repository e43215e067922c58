//! A campaign's messages of which nobody knows whether they were sent: who runs it sees them, and may have them sent again.

use clarion_domain::fault::Faults;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::messages::{self, Message};
use clarion_persistence::{Change, campaigns};
use serde::Serialize;
use utoipa::ToSchema;

use super::{GivenId, find};
use crate::Answer;
use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::Problem;
use crate::properties::Properties;
use crate::reply::Reply;
use crate::sms_messages::answer::MessageBody;
use crate::sms_messages::id;
use crate::state::{Caller, CampaignsRead, CampaignsWrite};

/// Which messages are to be sent again. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `chosen` reads it")]
#[schema(as = ResendUnknown, example = json!({}))]
pub(crate) struct ResendRequest {
    /// The messages, by their integer ids or GUIDs. Missing or null: all of the campaign's.
    messages: Option<Vec<String>>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Resent)]
struct ResentBody {
    /// Messages that are being sent again now.
    resent: usize,
}

/// Lists the messages of which nobody knows whether they were sent.
///
/// After a crash, or where a provider does not answer. What ended as unknown by its receipt was sent, and is not among them.
/// They come in the order of the contacts unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}/Unknown", tag = "Campaigns", operation_id = "listUnknownMessages",
    params(("id" = Uuid, Path, description = "The campaign"), ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of messages", body = PageBody<MessageBody>)),
)]
pub(crate) async fn list(
    caller: Caller<CampaignsRead>,
    GivenId(id): GivenId,
    asked: Asked<Message>,
) -> Answer {
    let campaign = find(&caller, id).await?;
    let page = caller
        .read(move |conn, client| messages::unknown(conn, client, campaign.key, &asked.request))
        .await?;
    Ok(paging::answer(page, MessageBody::from))
}

/// Sends the messages again of which nobody knows whether they were sent.
///
/// Some of them may come twice by that. A message that is not, or no longer, in the list is left alone, so that asking twice
/// sends nothing twice. A paused campaign sends them when it is resumed.
#[utoipa::path(
    post, path = "/api/Campaigns/{id}/ResendUnknown", tag = "Campaigns", operation_id = "resendUnknownMessages",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    request_body = ResendRequest,
    responses(
        (status = 200, description = "How many are sent again", body = ResentBody),
        (status = 409, description = "Its status forbids this; the detail says why"),
    ),
)]
pub(crate) async fn resend(
    caller: Caller<CampaignsWrite>,
    GivenId(id): GivenId,
    body: Body,
) -> Answer {
    let campaign = find(&caller, id).await?;
    let seqs = body.read(move |body| chosen(body, campaign.key)).await??;
    let now = caller.now();
    let (change, resent) = caller
        .write_once(
            move |conn, client| campaigns::resend_unknown(conn, client, id, seqs.as_deref(), now),
            |(change, resent)| (*change == Change::Done).then(|| told(*resent)),
        )
        .await?;
    match change {
        Change::Done => Ok(told(resent).into()),
        Change::NotFound => Err(Problem::no_campaign()),
        Change::Forbidden(forbidden) => Err(forbidden.into()),
    }
}

fn told(resent: usize) -> Reply {
    Reply::ok(&ResentBody { resent })
}

/// The places of the messages that a body names; `None`: all.
fn chosen(body: Meter, campaign: CampaignKey) -> Result<Option<Vec<u32>>, Problem> {
    let mut properties = Properties::read(body)?;
    let given = properties.texts("messages");
    properties.check()?;
    let Some(given) = given else {
        return Ok(None);
    };
    let mut faults = Faults::default();
    let mut seqs = Vec::with_capacity(given.len());
    for (index, text) in given.iter().enumerate() {
        match id::read(text).filter(|place| place.campaign == campaign) {
            Some(place) => seqs.push(place.seq),
            None => faults.add(
                format!("messages[{index}]"),
                "is no message of this campaign",
            ),
        }
    }
    match faults.into_result() {
        Ok(()) => Ok(Some(seqs)),
        Err(faults) => Err(Problem::invalid(faults)),
    }
}
