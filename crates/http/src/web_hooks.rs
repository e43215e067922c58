//! Web hooks: where a client is told what becomes of its messages. What became of that is in `deliveries`.

pub(crate) mod deliveries;
mod id;

use actix_web::HttpResponse;
use clarion_domain::web_hook::{MAX_WEB_HOOKS, ROTATION, Secret, WebHookDraft, WebHookTerms};
use clarion_persistence::web_hooks::{self, Made, WebHook};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::properties::Properties;
use crate::reply::Reply;
use crate::state::{Admin, Caller};
use crate::{Answer, dates};

use id::GivenWebHook;

/// A web hook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebHook)]
#[serde(rename_all = "camelCase")]
struct WebHookBody {
    id: Uuid,
    #[schema(example = "https://example.com/clarion")]
    url: String,
    /// Whether anything is posted there.
    enabled: bool,
    /// Why the service has disabled it; null: it has not.
    #[schema(required = true)]
    disabled_reason: Option<String>,
    /// Until when the secret before the present one signs beside it; null: there was none before.
    #[schema(required = true, format = DateTime)]
    former_secret_until: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// What requests are signed with (`whsec_…`): in the answers to the requests that make it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")]
    secret: Option<String>,
}

impl From<WebHook> for WebHookBody {
    fn from(hook: WebHook) -> Self {
        Self {
            id: hook.id.0,
            url: hook.terms.url,
            enabled: hook.terms.enabled,
            disabled_reason: hook.disabled_reason,
            former_secret_until: hook.former_until.map(dates::show),
            created_at: dates::show(hook.created_at),
            secret: None,
        }
    }
}

/// The web hook that is asked for. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read` reads it")]
#[schema(as = NewWebHook, example = json!({"url": "https://example.com/clarion"}))]
struct WebHookRequest {
    /// Where to post: an absolute http:// or https:// address. It must lead to the public internet, unless the operator
    /// allows other addresses.
    #[schema(max_length = 2048)]
    url: String,
    /// Whether to; missing or null: yes. While it is false, nothing is kept for later.
    enabled: Option<bool>,
}

/// Lists the web hooks.
///
/// The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/WebHooks", tag = "WebHooks", operation_id = "listWebHooks",
    params(ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "A page of web hooks", body = PageBody<WebHookBody>)),
)]
pub(crate) async fn list(caller: Caller<Admin>, asked: Asked<WebHook>) -> Answer {
    let page = caller
        .read(move |conn, client| web_hooks::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, WebHookBody::from))
}

/// Shows a web hook.
#[utoipa::path(
    get, path = "/api/WebHooks/{id}", tag = "WebHooks", operation_id = "showWebHook",
    params(("id" = Uuid, Path, description = "The web hook")), security(("key" = ["admin"])),
    responses((status = 200, description = "The web hook", body = WebHookBody)),
)]
pub(crate) async fn show(caller: Caller<Admin>, GivenWebHook(id): GivenWebHook) -> Answer {
    let hook = caller
        .read(move |conn, client| web_hooks::find(conn, client, id))
        .await?
        .ok_or_else(Problem::no_web_hook)?;
    Ok(HttpResponse::Ok().json(WebHookBody::from(hook)))
}

/// Makes a web hook.
///
/// From then on each change of a message's status is posted there, signed in the way of the Standard Webhooks
/// specification. The answer shows the secret, this once: not even the answer to a repeated request has it.
#[utoipa::path(
    post, path = "/api/WebHooks", tag = "WebHooks", operation_id = "createWebHook",
    security(("key" = ["admin"])), request_body = WebHookRequest,
    responses(
        (
            status = 201,
            description = "The web hook, with its secret",
            body = WebHookBody,
            headers(("Location" = String, description = "The address of the web hook")),
        ),
        (status = 409, description = "The client has as many web hooks as it may have"),
    ),
)]
pub(crate) async fn create(caller: Caller<Admin>, body: Body) -> Answer {
    let now = caller.now();
    let terms = body.read(read).await??;
    let id = caller.new_web_hook_id();
    let secret = Secret::generate(&rand::random());
    let stored = secret.clone();
    let made = caller
        .write_once(
            move |conn, client| web_hooks::insert(conn, client, id, &terms, &stored, now),
            |made| match made {
                Made::Stored(hook) => Some(created(hook.clone(), None)),
                Made::TooMany => None,
            },
        )
        .await?;
    match made {
        Made::Stored(hook) => Ok(created(hook, Some(&secret)).into()),
        Made::TooMany => Err(Problem::new(
            Kind::Conflict,
            format!(
                "the client has {MAX_WEB_HOOKS} web hooks, which is the most; delete one first"
            ),
        )),
    }
}

fn created(hook: WebHook, secret: Option<&Secret>) -> Reply {
    let body = with_secret(hook, secret);
    Reply::created(&format!("/api/WebHooks/{}", body.id), &body)
}

fn with_secret(hook: WebHook, secret: Option<&Secret>) -> WebHookBody {
    WebHookBody {
        secret: secret.map(Secret::text),
        ..WebHookBody::from(hook)
    }
}

/// Changes a web hook.
///
/// Its secret stays. What still waits to be delivered goes to the new address. One that is enabled again gets what has
/// waited since it was disabled, for up to four days.
#[utoipa::path(
    put, path = "/api/WebHooks/{id}", tag = "WebHooks", operation_id = "replaceWebHook",
    params(("id" = Uuid, Path, description = "The web hook")), security(("key" = ["admin"])),
    request_body = WebHookRequest,
    responses((status = 204, description = "It is so now")),
)]
pub(crate) async fn replace(
    caller: Caller<Admin>,
    GivenWebHook(id): GivenWebHook,
    body: Body,
) -> Answer {
    let found = caller.read(move |conn, client| web_hooks::find(conn, client, id));
    found.await?.ok_or_else(Problem::no_web_hook)?;
    let terms = body.read(read).await??;
    let replaced = caller
        .write(move |conn, client| web_hooks::replace(conn, client, id, &terms))
        .await?;
    no_content_if(replaced)
}

/// Deletes a web hook with the log of its deliveries.
///
/// Nothing more is posted, not even what still waits.
#[utoipa::path(
    delete, path = "/api/WebHooks/{id}", tag = "WebHooks", operation_id = "deleteWebHook",
    params(("id" = Uuid, Path, description = "The web hook")), security(("key" = ["admin"])),
    responses((status = 204, description = "It is gone")),
)]
pub(crate) async fn delete(caller: Caller<Admin>, GivenWebHook(id): GivenWebHook) -> Answer {
    let now = caller.now();
    let deleted = caller
        .write(move |conn, client| web_hooks::delete(conn, client, id, now))
        .await?;
    no_content_if(deleted)
}

fn no_content_if(done: bool) -> Answer {
    match done {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::no_web_hook()),
    }
}

/// Gives a web hook a new secret.
///
/// For 24 hours requests are signed by the one before as well, so that a receiver can go over to the new one without
/// missing anything. The answer shows it, this once.
#[utoipa::path(
    post, path = "/api/WebHooks/{id}/RotateSecret", tag = "WebHooks", operation_id = "rotateWebHookSecret",
    params(("id" = Uuid, Path, description = "The web hook")), security(("key" = ["admin"])),
    responses((status = 200, description = "The web hook, with its new secret", body = WebHookBody)),
)]
pub(crate) async fn rotate_secret(caller: Caller<Admin>, GivenWebHook(id): GivenWebHook) -> Answer {
    let until = caller.now() + ROTATION;
    let secret = Secret::generate(&rand::random());
    let stored = secret.clone();
    let rotated = caller
        .write_once(
            move |conn, client| web_hooks::rotate(conn, client, id, &stored, until),
            |rotated| {
                rotated
                    .clone()
                    .map(|hook| Reply::ok(&with_secret(hook, None)))
            },
        )
        .await?;
    let hook = rotated.ok_or_else(Problem::no_web_hook)?;
    Ok(Reply::ok(&with_secret(hook, Some(&secret))).into())
}

fn read(body: Meter) -> Result<WebHookTerms, Problem> {
    let mut properties = Properties::read(body)?;
    let draft = WebHookDraft {
        url: properties.text("url"),
        enabled: properties.boolean("enabled"),
    };
    properties.check()?;
    draft.check().map_err(Problem::invalid)
}
