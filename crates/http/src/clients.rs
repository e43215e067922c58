//! Clients. The operator, which is the first client, sees and makes all of them; any other sees and changes itself alone.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use clarion_domain::campaign::OnUnknown;
use clarion_domain::client::ClientId;
use clarion_domain::fault::Faults;
use clarion_domain::frequency::{FrequencyCap, FrequencyCapDraft};
use clarion_domain::name;
use clarion_persistence::clients::{self, Client};
use clarion_persistence::{Conn, StoreError};
use serde::Serialize;
use serde_json::{Map, Value};
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
    /// What becomes of its messages of unknown outcome where their campaign does not say: "hold" or "resend"; null: as the
    /// service's settings have it.
    #[schema(required = true)]
    on_unknown: Option<&'static str>,
    /// How many messages of its campaigns may go to one person in what time; null: any number.
    #[schema(required = true)]
    max_per_person: Option<CapBody>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// How many messages may go to one person, and in what time.
#[derive(Serialize, ToSchema)]
#[schema(as = MaxPerPerson)]
struct CapBody {
    #[schema(minimum = 1, maximum = 1000, example = 3)]
    count: u32,
    /// Hours or days, as in `36h` or `7d`; a year at most.
    #[schema(example = "7d")]
    period: String,
}

/// What a client is called, and what holds for its campaigns. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read` reads it")]
#[schema(
    as = NewClient, rename_all = "camelCase",
    example = json!({"name": "A shop", "onUnknown": "hold", "maxPerPerson": {"count": 3, "period": "7d"}}),
)]
struct ClientRequest {
    /// 1 to 100 characters in one line.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What becomes of messages of unknown outcome where their campaign does not say: "hold" or "resend". Missing, null or
    /// empty: as the service's settings have it.
    on_unknown: Option<String>,
    /// How many messages of its campaigns may go to one person in what time: beyond it they end as FrequencyCapped. Missing or
    /// null: any number.
    max_per_person: Option<CapBody>,
}

/// What such a request says.
struct ClientDraft {
    name: String,
    on_unknown: Option<OnUnknown>,
    max_per_person: Option<FrequencyCap>,
}

impl From<Client> for ClientBody {
    fn from(client: Client) -> Self {
        Self {
            id: client.id.0,
            name: client.name,
            on_unknown: client.on_unknown.map(OnUnknown::name),
            max_per_person: client.max_per_person.map(CapBody::from),
            created_at: dates::show(client.created_at),
        }
    }
}

impl From<FrequencyCap> for CapBody {
    fn from(cap: FrequencyCap) -> Self {
        Self {
            count: cap.count(),
            period: cap.period_text(),
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
    request_body = ClientRequest,
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
    let draft = body.read(read).await??;
    let id = caller
        .write_once(
            move |conn, _| {
                let id = clients::create(conn, &draft.name, now)?;
                draft.set(conn, id)?;
                Ok(id)
            },
            |id| Some(created(*id)),
        )
        .await?;
    Ok(created(id).into())
}

fn created(ClientId(id): ClientId) -> Reply {
    Reply::created(&format!("/api/Clients/{id}"), &id)
}

/// Replaces what a client is called, and what holds for its campaigns.
#[utoipa::path(
    put, path = "/api/Clients/{id}", tag = "Clients", operation_id = "renameClient",
    params(("id" = i64, Path, description = "The client")), security(("key" = ["admin"])),
    request_body = ClientRequest,
    responses((status = 204, description = "It is replaced")),
)]
pub(crate) async fn rename(
    caller: Caller<Admin>,
    GivenClient(id): GivenClient,
    body: Body,
) -> Answer {
    let id = caller.acts_for(Some(id))?;
    let draft = body.read(read).await??;
    let renamed = caller
        .write(move |conn, _| {
            draft.set(conn, id)?;
            clients::rename(conn, id, &draft.name)
        })
        .await?;
    if !renamed {
        return Err(Problem::no_client());
    }
    Ok(HttpResponse::NoContent().finish())
}

impl ClientDraft {
    /// Sets what holds for the client's campaigns.
    fn set(&self, conn: &mut Conn, id: ClientId) -> Result<(), StoreError> {
        clients::set_on_unknown(conn, id, self.on_unknown)?;
        clients::set_max_per_person(conn, id, self.max_per_person)?;
        Ok(())
    }
}

fn read(body: Meter) -> Result<ClientDraft, Problem> {
    let mut properties = Properties::read(body)?;
    let given = properties.text("name");
    let on_unknown = properties.text("onUnknown");
    let cap = properties.object("maxPerPerson").map(cap_of);
    properties.check()?;
    let read = match given {
        Some(given) => name::read(&given).map_err(|no_name| no_name.to_string()),
        None => Err("is required".to_owned()),
    };
    let mut faults = Faults::default();
    let name = read.map_err(|message| faults.add("name", message));
    let policy = OnUnknown::read(on_unknown.as_deref().unwrap_or_default());
    let policy = policy.map_err(|message| faults.add("onUnknown", message));
    let max_per_person = cap.and_then(|cap| cap.check("maxPerPerson", &mut faults));
    match (name, policy) {
        (Ok(name), Ok(on_unknown)) if faults.is_empty() => Ok(ClientDraft {
            name,
            on_unknown,
            max_per_person,
        }),
        _ => Err(Problem::invalid(faults)),
    }
}

/// What is of another type is missing.
fn cap_of(given: Map<String, Value>) -> FrequencyCapDraft {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    FrequencyCapDraft {
        count: given.get("count").and_then(Value::as_i64),
        period: given.get("period").and_then(text),
    }
}
