//! API keys: those of the caller's client. The operator, which is the first client, may name another client.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use clarion_domain::api_key::{ApiKeyDraft, ApiKeyTerms, KeyText};
use clarion_domain::client::ClientId;
use clarion_persistence::api_keys::{self, ApiKey, Issued};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::properties::{Properties, integer_parameter};
use crate::reply::Reply;
use crate::state::{Admin, Caller};
use crate::{Answer, dates, keys};

/// A key, but for its text.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
#[serde(rename_all = "camelCase")]
struct ApiKeyBody {
    id: i64,
    /// Whose it is.
    client_id: i64,
    #[schema(example = "till")]
    name: String,
    /// The first characters of its text.
    #[schema(example = "clr_Ab3d")]
    prefix: String,
    scopes: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// From when on it is no longer good; null: it stays good until it is revoked.
    #[schema(required = true, format = DateTime)]
    expires_at: Option<String>,
    /// When it was last used, to the minute.
    #[schema(required = true, format = DateTime)]
    last_used_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    revoked_at: Option<String>,
    /// Its text, in the answer to the request that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            client_id: key.client.0,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created_at: dates::show(key.created_at),
            expires_at: key.expires_at.map(dates::show),
            last_used_at: key.last_used_at.map(dates::show),
            revoked_at: key.revoked_at.map(dates::show),
            key: None,
        }
    }
}

/// The client whose keys are meant, where the query's `clientId` names one.
pub(crate) struct OfClient(Option<ClientId>);

impl FromRequest for OfClient {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let named = integer_parameter(request.query_string(), "clientId");
        ready(named.map(|id| Self(id.map(ClientId))))
    }
}

/// The number of a key in a path.
pub(crate) struct GivenKey(i64);

impl FromRequest for GivenKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id");
        let id = id.and_then(|text| text.parse().ok());
        ready(id.map(Self).ok_or_else(no_key))
    }
}

/// The key that is asked for. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `Wanted` reads it")]
#[schema(as = NewApiKey, rename_all = "camelCase", example = json!({
    "name": "till",
    "scopes": ["campaigns:read", "campaigns:write"],
    "expiresAt": "2099-12-31T00:00:00Z",
}))]
struct ApiKeyRequest {
    /// What it is called: 1 to 100 characters in one line.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it allows: at least one of `campaigns:read`, `campaigns:write`, `messages:send`, `contacts:read`,
    /// `contacts:write` and `admin`.
    #[schema(min_items = 1)]
    scopes: Vec<String>,
    /// From when on it is no longer good; missing or null: it stays good until it is revoked.
    expires_at: Option<DateTime<Utc>>,
    /// Whose it shall be, if not the caller's own. Only client 1 may name another one.
    client_id: Option<i64>,
}

/// Lists the client's keys.
///
/// Revoked and expired ones are in it. The newest come first, unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/ApiKeys", tag = "ApiKeys", operation_id = "listApiKeys",
    params(ListParameters, ("clientId" = Option<i64>, Query, description = "Whose keys, if not the caller's own. Only client 1 may name another one")),
    security(("key" = ["admin"])),
    responses(
        (status = 200, description = "A page of keys", body = PageBody<ApiKeyBody>),
        (status = 404, description = "There is no such client"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<Admin>,
    OfClient(named): OfClient,
    asked: Asked<ApiKey>,
) -> Answer {
    let client = caller.acts_for(named)?;
    let page = caller
        .read(move |conn, _| api_keys::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, ApiKeyBody::from))
}

/// Shows a key, but for its text.
#[utoipa::path(
    get, path = "/api/ApiKeys/{id}", tag = "ApiKeys", operation_id = "showApiKey",
    params(
        ("id" = i64, Path, description = "The key"),
        ("clientId" = Option<i64>, Query, description = "Whose key, if not one of the caller's own"),
    ),
    security(("key" = ["admin"])),
    responses((status = 200, description = "The key", body = ApiKeyBody)),
)]
pub(crate) async fn show(
    caller: Caller<Admin>,
    OfClient(named): OfClient,
    GivenKey(id): GivenKey,
) -> Answer {
    let client = caller.acts_for(named)?;
    let key = caller
        .read(move |conn, _| api_keys::find(conn, client, id))
        .await?
        .ok_or_else(no_key)?;
    Ok(HttpResponse::Ok().json(ApiKeyBody::from(key)))
}

/// Revokes a key.
///
/// From the next request on it is refused. One that is revoked already stays so.
#[utoipa::path(
    delete, path = "/api/ApiKeys/{id}", tag = "ApiKeys", operation_id = "revokeApiKey",
    params(
        ("id" = i64, Path, description = "The key"),
        ("clientId" = Option<i64>, Query, description = "Whose key, if not one of the caller's own"),
    ),
    security(("key" = ["admin"])),
    responses((status = 204, description = "It is revoked")),
)]
pub(crate) async fn revoke(
    caller: Caller<Admin>,
    OfClient(named): OfClient,
    GivenKey(id): GivenKey,
) -> Answer {
    let client = caller.acts_for(named)?;
    let now = caller.now();
    let found = caller
        .write(move |conn, _| {
            api_keys::revoke(conn, client, id, now)?;
            api_keys::find(conn, client, id)
        })
        .await?;
    found.ok_or_else(no_key)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a key.
///
/// The answer shows its text, this once: nothing keeps it, so that not even the answer to a repeated request has it.
#[utoipa::path(
    post, path = "/api/ApiKeys", tag = "ApiKeys", operation_id = "createApiKey",
    params(("clientId" = Option<i64>, Query, description = "Whose it shall be, if not the caller's own; the body may say so as well")),
    security(("key" = ["admin"])),
    request_body = ApiKeyRequest,
    responses(
        (
            status = 201,
            description = "The key, with its text",
            body = ApiKeyBody,
            headers(("Location" = String, description = "The address of the key")),
        ),
        (status = 404, description = "There is no such client"),
        (status = 409, description = "The client has as many live keys as it may have"),
    ),
)]
pub(crate) async fn create(caller: Caller<Admin>, OfClient(named): OfClient, body: Body) -> Answer {
    let now = caller.now();
    let wanted = body.read(move |body| Wanted::read(body, now)).await??;
    let client = caller.acts_for(wanted.client.or(named))?;
    let text = KeyText::generate(&rand::random());
    let new = keys::to_store(&text, client, wanted.terms);
    let most = caller.max_live_keys();
    let issued = caller
        .write_once(
            move |conn, _| api_keys::issue(conn, &new, most, now),
            |issued| match issued {
                Issued::Stored(key) => Some(created(key.clone(), None)),
                Issued::NoClient | Issued::TooMany => None,
            },
        )
        .await?;
    match issued {
        Issued::Stored(key) => Ok(created(key, Some(&text)).into()),
        Issued::NoClient => Err(Problem::no_client()),
        Issued::TooMany => Err(Problem::new(
            Kind::Conflict,
            format!("the client has {most} live keys, which is the most; revoke one first"),
        )),
    }
}

fn created(key: ApiKey, text: Option<&KeyText>) -> Reply {
    let body = ApiKeyBody {
        key: text.map(|text| text.as_str().to_owned()),
        ..ApiKeyBody::from(key)
    };
    Reply::created(&format!("/api/ApiKeys/{}", body.id), &body)
}

fn no_key() -> Problem {
    Problem::new(Kind::NotFound, "there is no API key with this id")
}

/// The key that is asked for.
struct Wanted {
    client: Option<ClientId>,
    terms: ApiKeyTerms,
}

impl Wanted {
    fn read(body: Meter, now: DateTime<Utc>) -> Result<Self, Problem> {
        let mut properties = Properties::read(body)?;
        let client = properties.integer("clientId").map(ClientId);
        let draft = ApiKeyDraft {
            name: properties.text("name"),
            scopes: properties.texts("scopes"),
            expires_at: properties.moment("expiresAt"),
        };
        properties.check()?;
        let terms = draft.check(now).map_err(Problem::invalid)?;
        Ok(Self { client, terms })
    }
}
