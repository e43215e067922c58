//! Campaigns: the calls on a single one, and the list. Making one is in `create`.

mod answer;
mod create;
mod document;
mod header;
mod id;

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Campaign, CampaignContent, CampaignId};
use clarion_domain::client::ClientId;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::{Change, Conn, StoreError, campaigns};

use crate::Answer;
use crate::body::{self, Body, Meter};
use crate::paging::{self, Asked};
use crate::problem::Problem;
use crate::state::{Caller, CampaignsRead, CampaignsWrite};

use answer::CampaignBody;
pub(crate) use create::{create, create_leaving_out};
pub(crate) use id::GivenId;

/// `GET /api/Campaigns`
pub(crate) async fn list(caller: Caller<CampaignsRead>, asked: Asked<Campaign>) -> Answer {
    let page = caller
        .read(move |conn, client| campaigns::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, CampaignBody::from))
}

/// `GET /api/Campaigns/{id}`
pub(crate) async fn show(caller: Caller<CampaignsRead>, GivenId(id): GivenId) -> Answer {
    let campaign = find(&caller, id).await?;
    Ok(HttpResponse::Ok().json(CampaignBody::from(campaign)))
}

/// `PUT /api/Campaigns/{id}`: replaces everything but the contacts.
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
    let change = caller
        .write(move |conn, client| campaigns::replace(conn, client, id, &content, now))
        .await?;
    changed(change)
}

/// `POST /api/Campaigns/{id}`: the published page prints POST before the address of PUT, and of DELETE. With a body it can
/// only mean the former, and without one it must not mean the latter.
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

/// `DELETE /api/Campaigns/{id}`
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

/// `POST /api/Campaigns/{id}/Pause`
pub(crate) async fn pause(caller: Caller<CampaignsWrite>, id: GivenId) -> Answer {
    change(caller, id, campaigns::pause).await
}

/// `POST /api/Campaigns/{id}/Resume`
pub(crate) async fn resume(caller: Caller<CampaignsWrite>, id: GivenId) -> Answer {
    change(caller, id, campaigns::resume).await
}

/// `POST /api/Campaigns/{id}/Cancel`
pub(crate) async fn cancel(caller: Caller<CampaignsWrite>, id: GivenId) -> Answer {
    change(caller, id, campaigns::cancel).await
}

type Transition = fn(&mut Conn, ClientId, CampaignId, DateTime<Utc>) -> Result<Change, StoreError>;

async fn change(
    caller: Caller<CampaignsWrite>,
    GivenId(id): GivenId,
    transition: Transition,
) -> Answer {
    let now = caller.now();
    let change = caller
        .write(move |conn, client| transition(conn, client, id, now))
        .await?;
    changed(change)
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
