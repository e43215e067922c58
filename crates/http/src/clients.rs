//! Clients. The operator, which is the first client, sees and makes all of them; any other sees and renames itself alone.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use clarion_domain::client::ClientId;
use clarion_domain::fault::Faults;
use clarion_domain::name;
use clarion_persistence::clients::{self, Client};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::properties::Properties;
use crate::reply::Reply;
use crate::state::{Admin, Caller};
use crate::{Answer, dates};

/// A client.
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
#[serde(rename_all = "camelCase")]
struct ClientBody {
    id: i64,
    #[schema(example = "A shop")]
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What a client is called. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read_name` reads it")]
#[schema(as = ClientName, example = json!({"name": "A shop"}))]
struct NameRequest {
    /// 1 to 100 characters in one line.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

impl From<Client> for ClientBody {
    fn from(client: Client) -> Self {
        Self {
            id: client.id.0,
            name: client.name,
            created_at: dates::show(client.created_at),
        }
    }
}

/// The number of a client in a path.
pub(crate) struct GivenClient(ClientId);

impl FromRequest for GivenClient {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id");
        let id = id.and_then(|text| text.parse().ok()).map(ClientId);
        ready(id.map(Self).ok_or_else(Problem::no_client))
    }
}

/// Lists the clients.
///
/// Client 1 sees all of them, any other itself alone.
#[utoipa::path(
    get, path = "/api/Clients", tag = "Clients", operation_id = "listClients",
    params(ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "A page of clients", body = PageBody<ClientBody>)),
)]
pub(crate) async fn list(caller: Caller<Admin>, asked: Asked<Client>) -> Answer {
    let one = (!caller.is_operator()).then(|| caller.client());
    let page = caller
        .read(move |conn, _| clients::page(conn, one, &asked.request))
        .await?;
    Ok(paging::answer(page, ClientBody::from))
}

/// Shows a client.
#[utoipa::path(
    get, path = "/api/Clients/{id}", tag = "Clients", operation_id = "showClient",
    params(("id" = i64, Path, description = "The client")), security(("key" = ["admin"])),
    responses((status = 200, description = "The client", body = ClientBody)),
)]
pub(crate) async fn show(caller: Caller<Admin>, GivenClient(id): GivenClient) -> Answer {
    let id = caller.acts_for(Some(id))?;
    let client = caller
        .read(move |conn, _| clients::find(conn, id))
        .await?
        .ok_or_else(Problem::no_client)?;
    Ok(HttpResponse::Ok().json(ClientBody::from(client)))
}

/// Makes a client.
///
/// Only client 1 may do that.
#[utoipa::path(
    post, path = "/api/Clients", tag = "Clients", operation_id = "createClient", security(("key" = ["admin"])),
    request_body = NameRequest,
    responses(
        (
            status = 201,
            description = "The id of the client",
            body = i64,
            content_type = "application/json",
            headers(("Location" = String, description = "The address of the client")),
        ),
    ),
)]
pub(crate) async fn create(caller: Caller<Admin>, body: Body) -> Answer {
    if !caller.is_operator() {
        let detail = "only the operator, which is client 1, makes clients";
        return Err(Problem::new(Kind::MissingScope, detail));
    }
    let now = caller.now();
    let name = body.read(read_name).await??;
    let id = caller
        .write_once(
            move |conn, _| clients::create(conn, &name, now),
            |id| Some(created(*id)),
        )
        .await?;
    Ok(created(id).into())
}

fn created(ClientId(id): ClientId) -> Reply {
    Reply::created(&format!("/api/Clients/{id}"), &id)
}

/// Calls a client something else.
#[utoipa::path(
    put, path = "/api/Clients/{id}", tag = "Clients", operation_id = "renameClient",
    params(("id" = i64, Path, description = "The client")), security(("key" = ["admin"])),
    request_body = NameRequest,
    responses((status = 204, description = "It is called that now")),
)]
pub(crate) async fn rename(
    caller: Caller<Admin>,
    GivenClient(id): GivenClient,
    body: Body,
) -> Answer {
    let id = caller.acts_for(Some(id))?;
    let name = body.read(read_name).await??;
    let renamed = caller
        .write(move |conn, _| clients::rename(conn, id, &name))
        .await?;
    if !renamed {
        return Err(Problem::no_client());
    }
    Ok(HttpResponse::NoContent().finish())
}

fn read_name(body: Meter) -> Result<String, Problem> {
    let mut properties = Properties::read(body)?;
    let given = properties.text("name");
    properties.check()?;
    let read = match given {
        Some(given) => name::read(&given).map_err(|no_name| no_name.to_string()),
        None => Err("is required".to_owned()),
    };
    read.map_err(|message| {
        let mut faults = Faults::default();
        faults.add("name", message);
        Problem::invalid(faults)
    })
}
