//! Opt-outs: who wants no more messages, and how that came to be known.

pub(crate) mod import;
pub(crate) mod settings;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use clarion_domain::contact_group::ContactGroupId;
use clarion_domain::fault::Faults;
use clarion_domain::opt_out::{NewOptOut, OptOutDraft, OptOutScope, OptOutSource, check_reason};
use clarion_persistence::opt_outs::{self, ConsentChange, ConsentEntry, OptOut, Recorded};
use clarion_persistence::{Conn, StoreError, contact_groups};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::Problem;
use crate::properties::{Properties, text_parameter};
use crate::reply::Reply;
use crate::state::{Caller, ContactsRead, ContactsWrite};
use crate::{Answer, dates};

/// An opt-out that is in force.
#[derive(Serialize, ToSchema)]
#[schema(as = OptOut)]
#[serde(rename_all = "camelCase")]
struct OptOutBody {
    id: i64,
    /// E.164; `null` where the person was erased, and only a hash of the number is kept.
    #[schema(required = true, example = "+447722123456")]
    phone_number: Option<String>,
    /// What somebody has opted out of: `client` (everything), `group` or `sender`.
    #[schema(example = "client")]
    scope: &'static str,
    /// The contact group that is meant, if it is one.
    #[schema(required = true)]
    contact_group_id: Option<Uuid>,
    /// The sender id that is meant, if it is one, in capitals and without a plus.
    #[schema(required = true)]
    sender: Option<String>,
    /// By what it came to be known: `keyword`, `link`, `api`, `dashboard`, `import` or `provider`.
    #[schema(example = "keyword")]
    source: &'static str,
    /// More words stood behind the one that opts out.
    probable: bool,
    /// What shows it, such as the text of a reply.
    #[schema(required = true)]
    evidence: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A line of the log of consent.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
#[serde(rename_all = "camelCase")]
struct ConsentBody {
    id: i64,
    /// E.164; `null` where the person was erased.
    #[schema(required = true, example = "+447722123456")]
    phone_number: Option<String>,
    /// `optOut`, `optIn` or `erased`.
    #[schema(example = "optOut")]
    consent: &'static str,
    /// `client` (everything), `group` or `sender`.
    #[schema(example = "client")]
    scope: &'static str,
    #[schema(required = true)]
    contact_group_id: Option<Uuid>,
    #[schema(required = true)]
    sender: Option<String>,
    /// `keyword`, `link`, `api`, `dashboard`, `import` or `provider`.
    #[schema(example = "keyword")]
    source: &'static str,
    probable: bool,
    /// What shows it, or the reason that was given.
    #[schema(required = true)]
    evidence: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// An opt-out that somebody tells of. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read_draft` reads it")]
#[schema(as = NewOptOut, rename_all = "camelCase", example = json!({"phoneNumber": "07700 900003", "evidence": "called us"}))]
struct OptOutRequest {
    /// Any written form of a number that can receive text messages.
    phone_number: String,
    /// `client` (everything; the usual), `group` or `sender`.
    scope: Option<String>,
    /// One of the client's contact groups; with the scope `group` only.
    contact_group_id: Option<Uuid>,
    /// A sender id; with the scope `sender` only.
    sender: Option<String>,
    /// `api` (the usual) or `dashboard`.
    source: Option<String>,
    /// What shows it.
    #[schema(max_length = 1000)]
    evidence: Option<String>,
}

impl From<OptOut> for OptOutBody {
    fn from(opt_out: OptOut) -> Self {
        let (contact_group_id, sender) = parts(&opt_out.scope);
        Self {
            id: opt_out.id,
            phone_number: opt_out.number,
            scope: opt_out.scope.kind().name(),
            contact_group_id,
            sender,
            source: opt_out.source.name(),
            probable: opt_out.probable,
            evidence: opt_out.evidence,
            created_at: dates::show(opt_out.created_at),
        }
    }
}

impl From<ConsentEntry> for ConsentBody {
    fn from(entry: ConsentEntry) -> Self {
        let (contact_group_id, sender) = parts(&entry.scope);
        Self {
            id: entry.id,
            phone_number: entry.number,
            consent: entry.consent.name(),
            scope: entry.scope.kind().name(),
            contact_group_id,
            sender,
            source: entry.source.name(),
            probable: entry.probable,
            evidence: entry.evidence,
            created_at: dates::show(entry.created_at),
        }
    }
}

fn parts(scope: &OptOutScope) -> (Option<Uuid>, Option<String>) {
    match scope {
        OptOutScope::Client => (None, None),
        OptOutScope::Group(group) => (Some(*group), None),
        OptOutScope::Sender(sender) => (None, Some(sender.to_string())),
    }
}

/// The number of an opt-out in a path.
pub(crate) struct GivenOptOut(i64);

impl FromRequest for GivenOptOut {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id");
        let id = id.and_then(|text| text.parse().ok());
        ready(id.map(Self).ok_or_else(Problem::no_opt_out))
    }
}

/// Why somebody opts in again.
pub(crate) struct Reason(Option<String>);

impl FromRequest for Reason {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = text_parameter(request.query_string(), "reason");
        ready(Ok(Self(given)))
    }
}

/// Lists the opt-outs that are in force.
///
/// The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/OptOuts", tag = "OptOuts", operation_id = "listOptOuts",
    params(ListParameters), security(("key" = ["contacts:read"])),
    responses((status = 200, description = "A page of opt-outs", body = PageBody<OptOutBody>)),
)]
pub(crate) async fn list(caller: Caller<ContactsRead>, asked: Asked<OptOut>) -> Answer {
    let page = caller
        .read(move |conn, client| opt_outs::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, OptOutBody::from))
}

/// Lists every opt-out and opt-in that there ever was.
///
/// The log is only added to. The newest comes first unless `sorts` says otherwise; `filters=phoneNumber==+447722123456` shows
/// one person's.
#[utoipa::path(
    get, path = "/api/OptOuts/History", tag = "OptOuts", operation_id = "listConsents",
    params(ListParameters), security(("key" = ["contacts:read"])),
    responses((status = 200, description = "A page of the log", body = PageBody<ConsentBody>)),
)]
pub(crate) async fn history(caller: Caller<ContactsRead>, asked: Asked<ConsentEntry>) -> Answer {
    let page = caller
        .read(move |conn, client| opt_outs::history(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, ConsentBody::from))
}

/// Shows an opt-out.
#[utoipa::path(
    get, path = "/api/OptOuts/{id}", tag = "OptOuts", operation_id = "showOptOut",
    params(("id" = i64, Path, description = "The opt-out")), security(("key" = ["contacts:read"])),
    responses((status = 200, description = "The opt-out", body = OptOutBody)),
)]
pub(crate) async fn show(caller: Caller<ContactsRead>, GivenOptOut(id): GivenOptOut) -> Answer {
    let opt_out = find(&caller, id).await?;
    Ok(HttpResponse::Ok().json(OptOutBody::from(opt_out)))
}

/// The caller's opt-out with a number.
async fn find<S>(caller: &Caller<S>, id: i64) -> Result<OptOut, Problem> {
    caller
        .read(move |conn, client| opt_outs::find(conn, client, id))
        .await?
        .ok_or_else(Problem::no_opt_out)
}

/// Records that somebody has opted out.
///
/// From the answer on no message is handed over to the number, whatever campaign it belongs to; what a provider has already is
/// not called back. Whoever has opted out already stays so, and the answer has the id of that.
#[utoipa::path(
    post, path = "/api/OptOuts", tag = "OptOuts", operation_id = "recordOptOut",
    security(("key" = ["contacts:write"])), request_body = OptOutRequest,
    responses(
        (
            status = 201,
            description = "The id of the opt-out",
            body = i64,
            content_type = "application/json",
            headers(("Location" = String, description = "The address of the opt-out")),
        ),
    ),
)]
pub(crate) async fn record(caller: Caller<ContactsWrite>, body: Body) -> Answer {
    let now = caller.now();
    let draft = body.read(read_draft).await??;
    let new = draft.check(caller.phones()).map_err(Problem::invalid)?;
    check_group(&caller, &new.scope).await?;
    let recorded = caller
        .write_once(
            move |conn, client| {
                let NewOptOut {
                    number,
                    scope,
                    source,
                    evidence,
                } = &new;
                let change = ConsentChange {
                    scope: scope.clone(),
                    source: *source,
                    probable: false,
                    evidence: evidence.as_deref(),
                    at: now,
                };
                opt_outs::record(conn, client, *number, &change)
            },
            |recorded| Some(created(*recorded)),
        )
        .await?;
    Ok(created(recorded).into())
}

fn created(Recorded { id, .. }: Recorded) -> Reply {
    Reply::created(&format!("/api/OptOuts/{id}"), &id)
}

async fn check_group(caller: &Caller<ContactsWrite>, scope: &OptOutScope) -> Result<(), Problem> {
    let OptOutScope::Group(group) = scope else {
        return Ok(());
    };
    let id = ContactGroupId(*group);
    let found = caller
        .read(move |conn: &mut Conn, client| -> Result<_, StoreError> {
            contact_groups::find(conn, client, id)
        })
        .await?;
    if found.is_some() {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.add("contactGroupId", "is not the id of a contact group");
    Err(Problem::invalid(faults))
}

/// Takes an opt-out back: the person opts in again.
///
/// The reason stays in the log.
#[utoipa::path(
    delete, path = "/api/OptOuts/{id}", tag = "OptOuts", operation_id = "withdrawOptOut",
    params(
        ("id" = i64, Path, description = "The opt-out"),
        ("reason" = String, Query, description = "What shows that the person wants messages again: 1 to 1,000 characters"),
    ),
    security(("key" = ["contacts:write"])),
    responses((status = 204, description = "It is not in force any more")),
)]
pub(crate) async fn withdraw(
    caller: Caller<ContactsWrite>,
    GivenOptOut(id): GivenOptOut,
    Reason(reason): Reason,
) -> Answer {
    find(&caller, id).await?;
    let reason = check_reason(reason.as_deref()).map_err(Problem::invalid)?;
    let now = caller.now();
    let withdrawn = caller
        .write(move |conn, client| {
            opt_outs::withdraw(conn, client, id, OptOutSource::Api, &reason, now)
        })
        .await?;
    match withdrawn {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::no_opt_out()),
    }
}

fn read_draft(body: Meter) -> Result<OptOutDraft, Problem> {
    let mut properties = Properties::read(body)?;
    let draft = OptOutDraft {
        phone_number: properties.text("phoneNumber"),
        scope: properties.text("scope"),
        contact_group_id: properties.text("contactGroupId"),
        sender: properties.text("sender"),
        source: properties.text("source"),
        evidence: properties.text("evidence"),
    };
    properties.check()?;
    Ok(draft)
}
