//! Campaigns: the calls on a single one, and the list. Making one is in `create`.

mod answer;
pub(crate) mod create;
mod document;
mod header;
mod id;
pub(crate) mod preview;
mod request;
pub(crate) mod schedule;
mod timing;
pub(crate) mod unknown;
mod utm;

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Campaign, CampaignContent, CampaignId};
use clarion_domain::client::ClientId;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::{Change, Conn, StoreError, campaigns, clicks, messages};

use crate::Answer;
use crate::body::{self, Body, Meter, NoBody};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsRead, CampaignsWrite};

use answer::CampaignBody;
pub(crate) use create::{create, create_leaving_out, create_refusing};
pub(crate) use id::GivenId;
use request::ContentRequest;

/// Lists the campaigns.
///
/// The newest start comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Campaigns", tag = "Campaigns", operation_id = "listCampaigns",
    params(ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of campaigns", body = PageBody<CampaignBody>)),
)]
pub(crate) async fn list(caller: Caller<CampaignsRead>, asked: Asked<Campaign>) -> Answer {
    let page = caller
        .read(move |conn, client| campaigns::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, CampaignBody::from))
}

/// Shows a campaign.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}", tag = "Campaigns", operation_id = "showCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:read"])),
    responses(
        (status = 200, description = "The campaign", body = CampaignBody),
        (status = 405, description = "`true`, `false` and `Preview` are words here, no ids"),
    ),
)]
pub(crate) async fn show(caller: Caller<CampaignsRead>, GivenId(id): GivenId) -> Answer {
    let shown = caller
        .read(move |conn, client| {
            let Some(campaign) = campaigns::find(conn, client, id)? else {
                return Ok(None);
            };
            let counts = messages::counts(conn, campaign.key)?;
            let clicks = clicks::counts(conn, campaign.key)?;
            let shown = CampaignBody::from(campaign).with_counts(counts);
            Ok(Some(shown.with_clicks(&clicks)))
        })
        .await?;
    let shown = shown.ok_or_else(Problem::no_campaign)?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Replaces everything but the contacts.
///
/// Only a pending or paused campaign can be changed.
#[utoipa::path(
    put, path = "/api/Campaigns/{id}", tag = "Campaigns", operation_id = "replaceCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    request_body = ContentRequest,
    responses(
        (status = 204, description = "It is replaced"),
        (status = 405, description = "`true`, `false` and `Preview` are words here, no ids"),
        (status = 409, description = "Its status forbids this"),
    ),
)]
pub(crate) async fn replace(
    caller: Caller<CampaignsWrite>,
    GivenId(id): GivenId,
    body: Body,
) -> Answer {
    let now = caller.now();
    let content = body.read(move |body| content(body, now)).await??;
    let campaign = find(&caller, id).await?;
    campaign.status.edit()?;
    caller.check_replacement(&campaign, &content).await?;
    change(&caller, move |conn, client| {
        let change = campaigns::replace(conn, client, id, &content, now)?;
        if change == Change::Done {
            campaigns::require_same_contacts(conn, &campaign)?;
        }
        Ok(change)
    })
    .await
}

/// Replaces everything but the contacts, like PUT.
///
/// The published page prints POST before the address of PUT, and of DELETE. With a body it can only mean the former, and
/// without one it must not mean the latter: it is refused.
#[utoipa::path(
    post, path = "/api/Campaigns/{id}", tag = "Campaigns", operation_id = "replaceCampaignByPost",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    request_body = ContentRequest,
    responses(
        (status = 204, description = "It is replaced"),
        (status = 405, description = "There is no body"),
        (status = 409, description = "Its status forbids this"),
    ),
)]
pub(crate) async fn replace_by_post(
    caller: Caller<CampaignsWrite>,
    id: GivenId,
    request: HttpRequest,
    body: Body,
) -> Answer {
    if body::is_missing(&request) {
        return Err(Problem::not_allowed(
            "GET, HEAD, PUT, DELETE",
            "a POST here needs the body of a PUT; to delete the campaign use the method DELETE",
        ));
    }
    replace(caller, id, body).await
}

/// Deletes a campaign, whatever its status.
///
/// Nothing more of it is sent, and it leaves every list. Messages that were sent stay.
#[utoipa::path(
    delete, path = "/api/Campaigns/{id}", tag = "Campaigns", operation_id = "deleteCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 405, description = "`true`, `false` and `Preview` are words here, no ids"),
    ),
)]
pub(crate) async fn delete(caller: Caller<CampaignsWrite>, GivenId(id): GivenId) -> Answer {
    let now = caller.now();
    let deleted = caller
        .write(move |conn, client| campaigns::delete(conn, client, id, now))
        .await?;
    changed(if deleted {
        Change::Done
    } else {
        Change::NotFound
    })
}

/// Holds a campaign back.
#[utoipa::path(
    post, path = "/api/Campaigns/{id}/Pause", tag = "Campaigns", operation_id = "pauseCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    responses(
        (status = 204, description = "Done"),
        (status = 409, description = "Its status forbids this; the detail says why"),
    ),
)]
pub(crate) async fn pause(caller: Caller<CampaignsWrite>, id: GivenId, _: NoBody) -> Answer {
    transit(caller, id, campaigns::pause).await
}

/// Lets a paused campaign go on.
///
/// Before its start it waits for that, later it is sent on.
#[utoipa::path(
    post, path = "/api/Campaigns/{id}/Resume", tag = "Campaigns", operation_id = "resumeCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    responses(
        (status = 204, description = "Done"),
        (status = 409, description = "Its status forbids this; the detail says why"),
    ),
)]
pub(crate) async fn resume(caller: Caller<CampaignsWrite>, id: GivenId, _: NoBody) -> Answer {
    transit(caller, id, campaigns::resume).await
}

/// Stops a campaign for good.
#[utoipa::path(
    post, path = "/api/Campaigns/{id}/Cancel", tag = "Campaigns", operation_id = "cancelCampaign",
    params(("id" = Uuid, Path, description = "The campaign")), security(("key" = ["campaigns:write"])),
    responses(
        (status = 204, description = "Done"),
        (status = 409, description = "Its status forbids this; the detail says why"),
    ),
)]
pub(crate) async fn cancel(caller: Caller<CampaignsWrite>, id: GivenId, _: NoBody) -> Answer {
    transit(caller, id, campaigns::cancel).await
}

type Transition = fn(&mut Conn, ClientId, CampaignId, DateTime<Utc>) -> Result<Change, StoreError>;

async fn transit(
    caller: Caller<CampaignsWrite>,
    GivenId(id): GivenId,
    transition: Transition,
) -> Answer {
    let now = caller.now();
    change(&caller, move |conn, client| {
        transition(conn, client, id, now)
    })
    .await
}

async fn change(
    caller: &Caller<CampaignsWrite>,
    work: impl FnMut(&mut Conn, ClientId) -> Result<Change, StoreError> + Send + 'static,
) -> Answer {
    let reply = |change: &Change| (*change == Change::Done).then(Reply::no_content);
    changed(caller.write_once(work, reply).await?)
}

fn changed(change: Change) -> Answer {
    match change {
        Change::Done => Ok(HttpResponse::NoContent().finish()),
        Change::NotFound => Err(Problem::no_campaign()),
        Change::Forbidden(forbidden) => Err(forbidden.into()),
    }
}

/// A campaign of the caller's.
pub(crate) async fn find<S>(caller: &Caller<S>, id: CampaignId) -> Result<Campaign, Problem> {
    caller
        .read(move |conn, client| campaigns::find(conn, client, id))
        .await?
        .ok_or_else(Problem::no_campaign)
}

/// Reads something that belongs to a campaign of the caller's.
pub(crate) async fn of_campaign<T: Send + 'static>(
    caller: &Caller<CampaignsRead>,
    GivenId(id): &GivenId,
    work: impl FnOnce(&mut Conn, CampaignKey) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let id = *id;
    let found = caller
        .read(move |conn, client| {
            let campaign = campaigns::find(conn, client, id)?;
            campaign
                .map(|campaign| work(conn, campaign.key))
                .transpose()
        })
        .await?;
    found.ok_or_else(Problem::no_campaign)
}

/// Reads the body of a PUT. Contacts in it are read over.
fn content(body: Meter, now: DateTime<Utc>) -> Result<CampaignContent, Problem> {
    let mut header = header::Header::default();
    document::read(body, &mut header, None)?;
    header.check(now).map_err(Problem::invalid)
}
