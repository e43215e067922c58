//! The contacts of a group: the list, adding some, and changing and removing one.

use clarion_domain::contact::{Contact, ContactDraft};
use clarion_domain::contact_group::GroupContactKey;
use clarion_domain::fault::Faults;
use clarion_domain::phone::PhoneRules;
use clarion_engine::{GroupAddition, IntakeReport};
use clarion_persistence::contact_groups::ContactGroup;
use clarion_persistence::group_contacts::{self, GroupContact, Replaced};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{GivenContact, GivenGroup, find, no_content_if};
use crate::Answer;
use crate::body::{Body, Meter};
use crate::contacts::add::Choice;
use crate::contacts::format::{ContactsBody, Format};
use crate::contacts::intake::{self, Taker};
use crate::contacts::request::NewContacts;
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::properties::Properties;
use crate::reply::Reply;
use crate::state::{Caller, ContactsRead, ContactsWrite, Once};

/// A contact of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupContact)]
#[serde(rename_all = "camelCase")]
struct ContactBody {
    /// E.164.
    #[schema(example = "+447722123456")]
    phone_number: String,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    custom1: Option<String>,
    #[schema(required = true)]
    custom2: Option<String>,
    id: Uuid,
    /// Where the contact is, whatever the number says.
    #[schema(required = true, example = "Europe/London")]
    time_zone: Option<&'static str>,
}

/// What a contact of a group shall be. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read_contact` reads it")]
#[schema(as = GroupContactChange, rename_all = "camelCase", example = json!({"phoneNumber": "07700 900003", "name": "Ann"}))]
struct ContactRequest {
    /// Any written form of a number that can receive text messages.
    phone_number: String,
    #[schema(max_length = 255)]
    name: Option<String>,
    #[schema(max_length = 255)]
    custom1: Option<String>,
    #[schema(max_length = 255)]
    custom2: Option<String>,
    /// The zone of the IANA database whose time counts for the contact.
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
}

/// What was put into the group, and what was not.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupedContacts)]
#[serde(rename_all = "camelCase")]
struct AddedBody {
    /// The group has these contacts more.
    added: u64,
    /// The group had their numbers.
    updated: u64,
    /// Left out because they are invalid.
    invalid: u64,
    /// Left out because their number stands in the body before.
    duplicates: u64,
}

impl From<GroupContact> for ContactBody {
    fn from(GroupContact { key, contact }: GroupContact) -> Self {
        Self {
            phone_number: contact.phone.to_string(),
            name: contact.name,
            custom1: contact.custom1,
            custom2: contact.custom2,
            id: key.contact_id(),
            time_zone: contact.time_zone.map(|zone| zone.name()),
        }
    }
}

/// Lists the contacts of a group.
///
/// They come in the order they were added in unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/ContactGroups/{id}/Contacts", tag = "ContactGroups", operation_id = "listGroupContacts",
    params(("id" = Uuid, Path, description = "The contact group"), ListParameters), security(("key" = ["contacts:read"])),
    responses((status = 200, description = "A page of contacts", body = PageBody<ContactBody>)),
)]
pub(crate) async fn list(
    caller: Caller<ContactsRead>,
    GivenGroup(id): GivenGroup,
    asked: Asked<GroupContact>,
) -> Answer {
    let group = find(&caller, id).await?;
    let page = caller
        .read(move |conn, _| group_contacts::page(conn, &group, &asked.request))
        .await?;
    Ok(paging::answer(page, ContactBody::from))
}

/// Adds contacts to a group.
///
/// All of them are added, or none. A contact whose number the group has updates that one: what it gives replaces what was
/// there, what it leaves out stays. Of contacts with one number in the body the first counts. In CSV the first line names
/// the columns in any order and case; an empty cell is a missing value.
#[utoipa::path(
    post, path = "/api/ContactGroups/{id}/Contacts", tag = "ContactGroups", operation_id = "addGroupContacts",
    params(
        ("id" = Uuid, Path, description = "The contact group"),
        ("ignoreInvalidPhoneNumbers" = Option<bool>, Query, description = "With true, invalid contacts are left out; else one is enough to refuse all"),
    ),
    security(("key" = ["contacts:write"])),
    request_body(content(
        (NewContacts = "application/json", example = json!([{"phoneNumber": "07700 900003", "name": "Ann"}])),
        (String = "application/x-ndjson", example = json!("{\"phoneNumber\": \"07700 900004\"}\n{\"phoneNumber\": \"07700 900005\"}\n")),
        (String = "text/csv", example = json!("phoneNumber,name,custom1\n07700 900006,Ann,Gold\n")),
    )),
    responses(
        (
            status = 200,
            description = "They are in the group",
            body = AddedBody,
            headers(
                ("X-Invalid-Contacts" = u64, description = "Contacts that were left out because they are invalid"),
                ("X-Duplicate-Contacts" = u64, description = "Contacts that were left out because their number stands in the body before"),
            ),
        ),
    ),
)]
pub(crate) async fn add(
    caller: Caller<ContactsWrite>,
    GivenGroup(id): GivenGroup,
    Choice(invalid): Choice,
    ContactsBody { format, body }: ContactsBody,
) -> Answer {
    let group = find(&caller, id).await?;
    let addition = caller.group_addition(group, invalid);
    let once = caller.once();
    let report = body
        .read(move |body| load(format, body, addition, &once))
        .await??;
    Ok(added(&report).into())
}

fn load(
    format: Format,
    body: Meter,
    addition: GroupAddition,
    once: &Once,
) -> Result<IntakeReport, Problem> {
    let mut taker = Taker::new(addition.begin());
    match format.read(body, &mut taker) {
        Ok(()) => {
            let load = taker.load;
            Ok(load.finish_with(|conn, report| once.record(conn, &added(report)))?)
        }
        Err(unreadable) => Err(taker.stopped_by(unreadable)),
    }
}

fn added(report: &IntakeReport) -> Reply {
    let body = AddedBody {
        added: report.recipients - report.updated,
        updated: report.updated,
        invalid: report.invalid,
        duplicates: report.duplicates,
    };
    Reply::ok(&body).with(intake::counts(report))
}

/// Writes a contact of a group anew.
///
/// What is left out is removed. Its id stays, whatever its number is then.
#[utoipa::path(
    put, path = "/api/ContactGroups/{id}/Contacts/{contactId}", tag = "ContactGroups", operation_id = "replaceGroupContact",
    params(
        ("id" = Uuid, Path, description = "The contact group"),
        ("contactId" = Uuid, Path, description = "The contact"),
    ),
    security(("key" = ["contacts:write"])),
    request_body = ContactRequest,
    responses(
        (status = 204, description = "It is that now"),
        (status = 409, description = "Another contact of the group has the number"),
    ),
)]
pub(crate) async fn replace(
    caller: Caller<ContactsWrite>,
    GivenGroup(id): GivenGroup,
    GivenContact(contact): GivenContact,
    body: Body,
) -> Answer {
    let group = find(&caller, id).await?;
    let key = in_group(&group, contact)?;
    let draft = body.read(read_contact).await??;
    let contact = check(draft, caller.phones())?;
    let replaced = caller
        .write(move |conn, _| group_contacts::replace(conn, key, &contact))
        .await?;
    match replaced {
        Replaced::NumberTaken => {
            let detail = "another contact of the group has this number";
            Err(Problem::new(Kind::Conflict, detail))
        }
        replaced => no_content_if(replaced == Replaced::Done, Problem::no_contact),
    }
}

/// Removes a contact from a group.
#[utoipa::path(
    delete, path = "/api/ContactGroups/{id}/Contacts/{contactId}", tag = "ContactGroups", operation_id = "removeGroupContact",
    params(
        ("id" = Uuid, Path, description = "The contact group"),
        ("contactId" = Uuid, Path, description = "The contact"),
    ),
    security(("key" = ["contacts:write"])),
    responses((status = 204, description = "It is gone")),
)]
pub(crate) async fn remove(
    caller: Caller<ContactsWrite>,
    GivenGroup(id): GivenGroup,
    GivenContact(contact): GivenContact,
) -> Answer {
    let group = find(&caller, id).await?;
    let key = in_group(&group, contact)?;
    let removed = caller
        .write(move |conn, _| group_contacts::remove(conn, key))
        .await?;
    no_content_if(removed, Problem::no_contact)
}

/// The place that was named, where it lies in the group.
fn in_group(
    group: &ContactGroup,
    named: Option<GroupContactKey>,
) -> Result<GroupContactKey, Problem> {
    named
        .filter(|key| key.group == group.key)
        .ok_or_else(Problem::no_contact)
}

fn read_contact(body: Meter) -> Result<ContactDraft<'static>, Problem> {
    let mut properties = Properties::read(body)?;
    let mut text = |name| properties.text(name).map(Into::into);
    let draft = ContactDraft {
        phone_number: text("phoneNumber"),
        name: text("name"),
        custom1: text("custom1"),
        custom2: text("custom2"),
        contact_group_id: None,
        time_zone: text("timeZone"),
    };
    properties.check()?;
    Ok(draft)
}

fn check(draft: ContactDraft<'_>, phones: &PhoneRules) -> Result<Contact, Problem> {
    draft.check(phones).map_err(|refusal| {
        let mut faults = Faults::default();
        faults.add(refusal.property(), refusal.to_string());
        Problem::invalid(faults)
    })
}
