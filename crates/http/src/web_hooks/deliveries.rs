//! The log of deliveries to a web hook, and delivering again.

use actix_web::HttpResponse;
use clarion_persistence::web_hooks;
use clarion_persistence::web_hooks::deliveries::{self, Delivery, Replay};
use serde::Serialize;
use utoipa::ToSchema;

use super::id::{GivenDelivery, GivenWebHook};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::reply::Reply;
use crate::state::{Admin, Caller};
use crate::{Answer, dates};

/// An event on its way to a web hook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebHookDelivery)]
#[serde(rename_all = "camelCase")]
struct DeliveryBody {
    id: i64,
    /// What its receiver is told as `webhook-id`.
    #[schema(example = "sms-16777219-1-1-1687835041374")]
    event_id: String,
    /// The message whose status has changed.
    message_id: i64,
    /// What it is now.
    status_code: i16,
    /// 0 Waiting · 1 Delivered · 2 Failed: it is not tried any more.
    status: i16,
    /// How often it has been tried.
    attempts: u16,
    /// When the status changed.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it is tried next; null: not any more.
    #[schema(required = true, format = DateTime)]
    next_attempt_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    last_attempt_at: Option<String>,
    /// The HTTP status that the last attempt was answered with; null: with none.
    #[schema(required = true)]
    response_status: Option<u16>,
    /// What went wrong in the last attempt.
    #[schema(required = true)]
    error: Option<String>,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.0,
            event_id: delivery.event_id,
            message_id: delivery.recipient.message_id(),
            status_code: delivery.message_status.number(),
            status: delivery.status.number(),
            attempts: delivery.attempts,
            created_at: dates::show(delivery.created_at),
            next_attempt_at: delivery.next_at.map(dates::show),
            last_attempt_at: delivery.tried_at.map(dates::show),
            response_status: delivery.response_status,
            error: delivery.error,
        }
    }
}

/// Lists the deliveries to a web hook.
///
/// The newest comes first unless `sorts` says otherwise. They are kept for 30 days, unless the operator sets another time.
#[utoipa::path(
    get, path = "/api/WebHooks/{id}/Deliveries", tag = "WebHooks", operation_id = "listWebHookDeliveries",
    params(("id" = Uuid, Path, description = "The web hook"), ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "A page of deliveries", body = PageBody<DeliveryBody>)),
)]
pub(crate) async fn list(
    caller: Caller<Admin>,
    GivenWebHook(id): GivenWebHook,
    asked: Asked<Delivery>,
) -> Answer {
    let page = caller
        .read(move |conn, client| {
            let hook = web_hooks::find(conn, client, id)?;
            hook.map(|hook| deliveries::page(conn, hook.key, &asked.request))
                .transpose()
        })
        .await?
        .ok_or_else(Problem::no_web_hook)?;
    Ok(paging::answer(page, DeliveryBody::from))
}

/// Delivers an event again.
///
/// It is tried at once, with the same `webhook-id`, and as often as a new one, whatever became of it before.
#[utoipa::path(
    post, path = "/api/WebHooks/{id}/Deliveries/{deliveryId}/Replay", tag = "WebHooks", operation_id = "replayWebHookDelivery",
    params(
        ("id" = Uuid, Path, description = "The web hook"),
        ("deliveryId" = i64, Path, description = "The delivery"),
    ),
    security(("key" = ["admin"])),
    responses(
        (status = 204, description = "It waits to be delivered"),
        (status = 409, description = "The web hook is disabled"),
    ),
)]
pub(crate) async fn replay(
    caller: Caller<Admin>,
    GivenWebHook(id): GivenWebHook,
    GivenDelivery(delivery): GivenDelivery,
) -> Answer {
    let now = caller.now();
    let replayed = caller
        .write_once(
            move |conn, client| {
                let hook = web_hooks::find(conn, client, id)?;
                let given = hook.map(|hook| match delivery {
                    Some(delivery) => deliveries::replay(conn, &hook, delivery, now),
                    None => Ok(Replay::NotFound),
                });
                given.transpose()
            },
            |replayed| (*replayed == Some(Replay::Done)).then(Reply::no_content),
        )
        .await?;
    match replayed.ok_or_else(Problem::no_web_hook)? {
        Replay::Done => Ok(HttpResponse::NoContent().finish()),
        Replay::NotFound => Err(Problem::new(
            Kind::NotFound,
            "the web hook has no delivery with this id",
        )),
        Replay::Disabled => Err(Problem::new(
            Kind::Conflict,
            "the web hook is disabled; enable it first",
        )),
    }
}
