//! Contact groups: contacts that a client keeps. Their contacts are in `contacts`.

pub(crate) mod contacts;
mod id;

use actix_web::HttpResponse;
use clarion_domain::contact_group::ContactGroupId;
use clarion_domain::fault::Faults;
use clarion_domain::name;
use clarion_persistence::contact_groups::{self, ContactGroup};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::Problem;
use crate::properties::Properties;
use crate::reply::Reply;
use crate::state::{Caller, ContactsRead, ContactsWrite};
use crate::{Answer, dates};

use id::{GivenContact, GivenGroup};

/// A contact group.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactGroup)]
#[serde(rename_all = "camelCase")]
struct GroupBody {
    id: Uuid,
    #[schema(example = "Regulars")]
    name: String,
    contact_count: u64,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What a contact group is called. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read_name` reads it")]
#[schema(as = ContactGroupName, example = json!({"name": "Regulars"}))]
struct NameRequest {
    /// 1 to 100 characters in one line; several groups may have the same name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

impl From<ContactGroup> for GroupBody {
    fn from(group: ContactGroup) -> Self {
        Self {
            id: group.id.0,
            name: group.name,
            contact_count: group.contact_count,
            created_at: dates::show(group.created_at),
        }
    }
}

/// Lists the contact groups.
///
/// The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/ContactGroups", tag = "ContactGroups", operation_id = "listContactGroups",
    params(ListParameters), security(("key" = ["contacts:read"])),
    responses((status = 200, description = "A page of contact groups", body = PageBody<GroupBody>)),
)]
pub(crate) async fn list(caller: Caller<ContactsRead>, asked: Asked<ContactGroup>) -> Answer {
    let page = caller
        .read(move |conn, client| contact_groups::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, GroupBody::from))
}

/// Shows a contact group.
#[utoipa::path(
    get, path = "/api/ContactGroups/{id}", tag = "ContactGroups", operation_id = "showContactGroup",
    params(("id" = Uuid, Path, description = "The contact group")), security(("key" = ["contacts:read"])),
    responses((status = 200, description = "The contact group", body = GroupBody)),
)]
pub(crate) async fn show(caller: Caller<ContactsRead>, GivenGroup(id): GivenGroup) -> Answer {
    let group = find(&caller, id).await?;
    Ok(HttpResponse::Ok().json(GroupBody::from(group)))
}

/// Makes a contact group without contacts.
#[utoipa::path(
    post, path = "/api/ContactGroups", tag = "ContactGroups", operation_id = "createContactGroup",
    security(("key" = ["contacts:write"])), request_body = NameRequest,
    responses(
        (
            status = 201,
            description = "The id of the contact group",
            body = Uuid,
            content_type = "application/json",
            headers(("Location" = String, description = "The address of the contact group")),
        ),
    ),
)]
pub(crate) async fn create(caller: Caller<ContactsWrite>, body: Body) -> Answer {
    let now = caller.now();
    let name = body.read(read_name).await??;
    let id = caller.new_group_id();
    caller
        .write_once(
            move |conn, client| contact_groups::insert(conn, client, id, &name, now),
            move |()| Some(created(id)),
        )
        .await?;
    Ok(created(id).into())
}

fn created(ContactGroupId(id): ContactGroupId) -> Reply {
    Reply::created(&format!("/api/ContactGroups/{id}"), &id)
}

/// Calls a contact group something else.
#[utoipa::path(
    put, path = "/api/ContactGroups/{id}", tag = "ContactGroups", operation_id = "renameContactGroup",
    params(("id" = Uuid, Path, description = "The contact group")), security(("key" = ["contacts:write"])),
    request_body = NameRequest,
    responses((status = 204, description = "It is called that now")),
)]
pub(crate) async fn rename(
    caller: Caller<ContactsWrite>,
    GivenGroup(id): GivenGroup,
    body: Body,
) -> Answer {
    find(&caller, id).await?;
    let name = body.read(read_name).await??;
    let renamed = caller
        .write(move |conn, client| contact_groups::rename(conn, client, id, &name))
        .await?;
    no_content_if(renamed, Problem::no_contact_group)
}

/// Deletes a contact group with its contacts.
///
/// Campaigns keep their recipients.
#[utoipa::path(
    delete, path = "/api/ContactGroups/{id}", tag = "ContactGroups", operation_id = "deleteContactGroup",
    params(("id" = Uuid, Path, description = "The contact group")), security(("key" = ["contacts:write"])),
    responses((status = 204, description = "It is gone")),
)]
pub(crate) async fn delete(caller: Caller<ContactsWrite>, GivenGroup(id): GivenGroup) -> Answer {
    let deleted = caller
        .write(move |conn, client| contact_groups::delete(conn, client, id))
        .await?;
    no_content_if(deleted, Problem::no_contact_group)
}

/// The caller's group with an id.
async fn find<S>(caller: &Caller<S>, id: ContactGroupId) -> Result<ContactGroup, Problem> {
    caller
        .read(move |conn, client| contact_groups::find(conn, client, id))
        .await?
        .ok_or_else(Problem::no_contact_group)
}

fn no_content_if(done: bool, problem: impl FnOnce() -> Problem) -> Answer {
    match done {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(problem()),
    }
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
