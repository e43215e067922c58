//! SMS messages: those of campaigns, once they were tried, and direct ones from the moment they are taken.
//!
//! They are read with `campaigns:read`, like the campaigns most of them belong to, and sent with `messages:send`.

mod answer;
mod document;
mod id;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use clarion_persistence::messages::{self, Message};

use crate::Answer;
use crate::body::Body;
use crate::paging::{self, Asked};
use crate::problem::Problem;
use crate::state::{Caller, CampaignsRead, MessagesSend};

use answer::MessageBody;
use id::GivenId;

/// `GET /api/SMSMessages`
pub(crate) async fn list(caller: Caller<CampaignsRead>, asked: Asked<Message>) -> Answer {
    let page = caller
        .read(move |conn, client| messages::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, MessageBody::from))
}

/// `GET /api/SMSMessages/{id}`, by the integer id or the GUID.
pub(crate) async fn show(caller: Caller<CampaignsRead>, GivenId(recipient): GivenId) -> Answer {
    let message = caller
        .read(move |conn, client| messages::find(conn, client, recipient))
        .await?
        .ok_or_else(Problem::no_message)?;
    Ok(HttpResponse::Ok().json(MessageBody::from(message)))
}

/// `POST /api/SMSMessages`
pub(crate) async fn send(caller: Caller<MessagesSend>, body: Body) -> Answer {
    let draft = body.read(document::read).await??;
    let guid = caller.send(draft).await?.message_guid();
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/SMSMessages/{guid}")))
        .json(guid))
}
