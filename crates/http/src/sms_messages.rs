//! SMS messages: those of campaigns, once they were tried, and direct ones from the moment they are taken.
//!
//! They are read with `campaigns:read`, like the campaigns most of them belong to, and sent with `messages:send`.

pub(crate) mod answer;
mod document;
pub(crate) mod id;
mod request;

use actix_web::HttpResponse;
use clarion_domain::recipient::RecipientKey;
use clarion_persistence::messages::{self, Message};

use crate::Answer;
use crate::body::Body;
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsRead, MessagesSend};

use answer::MessageBody;
use id::GivenId;
use request::MessageRequest;

/// Lists the messages.
///
/// Those of campaigns are in it once they were tried, direct ones from the moment they are taken. Direct ones come first,
/// then those of the newest campaign, unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/SMSMessages", tag = "SMSMessages", operation_id = "listMessages",
    params(ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of messages", body = PageBody<MessageBody>)),
)]
pub(crate) async fn list(caller: Caller<CampaignsRead>, asked: Asked<Message>) -> Answer {
    let page = caller
        .read(move |conn, client| messages::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, MessageBody::from))
}

/// Shows a message.
#[utoipa::path(
    get, path = "/api/SMSMessages/{id}", tag = "SMSMessages", operation_id = "showMessage",
    params(("id" = String, Path, description = "The message's integer id, or its GUID")),
    security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "The message", body = MessageBody)),
)]
pub(crate) async fn show(caller: Caller<CampaignsRead>, GivenId(recipient): GivenId) -> Answer {
    let message = caller
        .read(move |conn, client| messages::find(conn, client, recipient))
        .await?
        .ok_or_else(Problem::no_message)?;
    Ok(HttpResponse::Ok().json(MessageBody::from(message)))
}

/// Sends a message at once.
#[utoipa::path(
    post, path = "/api/SMSMessages", tag = "SMSMessages", operation_id = "sendMessage",
    security(("key" = ["messages:send"])),
    request_body = MessageRequest,
    responses(
        (
            status = 201,
            description = "The GUID of the message",
            body = Uuid,
            content_type = "application/json",
            headers(("Location" = String, description = "The address of the message")),
        ),
    ),
)]
pub(crate) async fn send(caller: Caller<MessagesSend>, body: Body) -> Answer {
    let draft = body.read(document::read).await??;
    let message = caller.send(draft, sent).await?;
    Ok(sent(message).into())
}

fn sent(message: RecipientKey) -> Reply {
    let guid = message.message_guid();
    Reply::created(&format!("/api/SMSMessages/{guid}"), &guid)
}
