//! Opt-out links: what campaigns name in `optOutLinkId`. The page itself is in `opt_out_page`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use clarion_domain::opt_out_link::{OptOutLink, OptOutLinkDraft, OptOutLinkId};
use clarion_persistence::opt_out_links::{self, StoredOptOutLink};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{Body, Meter};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::Problem;
use crate::properties::Properties;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsRead, CampaignsWrite};
use crate::{Answer, dates};

/// An opt-out link.
#[derive(Serialize, ToSchema)]
#[schema(as = OptOutLink)]
#[serde(rename_all = "camelCase")]
struct LinkBody {
    /// What campaigns name in `optOutLinkId`.
    id: i32,
    #[schema(example = "Offers")]
    name: String,
    #[schema(required = true)]
    title: Option<String>,
    #[schema(required = true)]
    text: Option<String>,
    /// In which language the page speaks: `de`, `en`, `es` or `fr`.
    #[schema(example = "en")]
    language: &'static str,
    /// How wide an opt-out there is: `client` (everything), `group` or `sender`.
    #[schema(example = "client")]
    scope: &'static str,
    #[schema(required = true, example = "#0a7a5c")]
    colour: Option<String>,
    #[schema(required = true, example = "Acme")]
    logo_text: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What stands on the page behind `{OptOut}`. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read_draft` reads it")]
#[schema(
    as = NewOptOutLink, rename_all = "camelCase",
    example = json!({"name": "Offers", "language": "en", "scope": "client", "colour": "#0a7a5c", "logoText": "Acme"}),
)]
struct LinkRequest {
    /// What the client calls it: 1 to 100 characters in one line.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Above the page. Missing: in the page's language.
    #[schema(max_length = 100)]
    title: Option<String>,
    /// What the page asks; it may have several lines. Missing: in the page's language.
    #[schema(max_length = 1000)]
    text: Option<String>,
    /// `de`, `en` (the usual), `es` or `fr`.
    language: Option<String>,
    /// How wide an opt-out there is: `client` (everything; the usual), `group` (the contact group by which the recipient came into
    /// the campaign; everything where there is none) or `sender`.
    scope: Option<String>,
    /// Of the bar and the button: `#` and six hexadecimal digits.
    colour: Option<String>,
    /// What stands in the bar in place of a logo. Missing: the sender.
    #[schema(max_length = 40)]
    logo_text: Option<String>,
}

impl From<StoredOptOutLink> for LinkBody {
    fn from(stored: StoredOptOutLink) -> Self {
        let link = stored.link;
        Self {
            id: stored.id.0,
            name: link.name,
            title: link.title,
            text: link.text,
            language: link.language.name(),
            scope: link.scope.name(),
            colour: link.colour.map(|colour| colour.as_str().to_owned()),
            logo_text: link.logo_text,
            created_at: dates::show(stored.created_at),
        }
    }
}

/// The number of an opt-out link in a path.
pub(crate) struct GivenLink(OptOutLinkId);

impl FromRequest for GivenLink {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id");
        let id = id.and_then(|text| text.parse().ok()).map(OptOutLinkId);
        ready(id.map(Self).ok_or_else(Problem::no_opt_out_link))
    }
}

/// Lists the opt-out links.
///
/// The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/OptOutLinks", tag = "OptOuts", operation_id = "listOptOutLinks",
    params(ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of opt-out links", body = PageBody<LinkBody>)),
)]
pub(crate) async fn list(caller: Caller<CampaignsRead>, asked: Asked<StoredOptOutLink>) -> Answer {
    let page = caller
        .read(move |conn, client| opt_out_links::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(page, LinkBody::from))
}

/// Shows an opt-out link.
#[utoipa::path(
    get, path = "/api/OptOutLinks/{id}", tag = "OptOuts", operation_id = "showOptOutLink",
    params(("id" = i32, Path, description = "The opt-out link")), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "The opt-out link", body = LinkBody)),
)]
pub(crate) async fn show(caller: Caller<CampaignsRead>, GivenLink(id): GivenLink) -> Answer {
    let link = find(&caller, id).await?;
    Ok(HttpResponse::Ok().json(LinkBody::from(link)))
}

/// Makes an opt-out link.
///
/// A campaign that names it in `optOutLinkId` has an address of each recipient's own in the place of `{OptOut}`, or at the end
/// where that does not stand in the message.
#[utoipa::path(
    post, path = "/api/OptOutLinks", tag = "OptOuts", operation_id = "createOptOutLink",
    security(("key" = ["campaigns:write"])), request_body = LinkRequest,
    responses(
        (
            status = 201,
            description = "The number of the opt-out link",
            body = i32,
            content_type = "application/json",
            headers(("Location" = String, description = "The address of the opt-out link")),
        ),
    ),
)]
pub(crate) async fn create(caller: Caller<CampaignsWrite>, body: Body) -> Answer {
    let now = caller.now();
    let link = body.read(read_link).await??;
    let id = caller
        .write_once(
            move |conn, client| opt_out_links::insert(conn, client, &link, now),
            |id| Some(created(*id)),
        )
        .await?;
    Ok(created(id).into())
}

fn created(OptOutLinkId(id): OptOutLinkId) -> Reply {
    Reply::created(&format!("/api/OptOutLinks/{id}"), &id)
}

/// Writes an opt-out link anew.
///
/// What is left out is as usual again. Messages that were sent with it lead to the new page.
#[utoipa::path(
    put, path = "/api/OptOutLinks/{id}", tag = "OptOuts", operation_id = "replaceOptOutLink",
    params(("id" = i32, Path, description = "The opt-out link")), security(("key" = ["campaigns:write"])),
    request_body = LinkRequest,
    responses((status = 204, description = "It is so now")),
)]
pub(crate) async fn replace(
    caller: Caller<CampaignsWrite>,
    GivenLink(id): GivenLink,
    body: Body,
) -> Answer {
    find(&caller, id).await?;
    let link = body.read(read_link).await??;
    let replaced = caller
        .write(move |conn, client| opt_out_links::replace(conn, client, id, &link))
        .await?;
    done(replaced)
}

/// Deletes an opt-out link.
///
/// No other campaign can name it. Campaigns that have it keep it, and their messages lead to its page for good.
#[utoipa::path(
    delete, path = "/api/OptOutLinks/{id}", tag = "OptOuts", operation_id = "deleteOptOutLink",
    params(("id" = i32, Path, description = "The opt-out link")), security(("key" = ["campaigns:write"])),
    responses((status = 204, description = "It is in no list any more")),
)]
pub(crate) async fn delete(caller: Caller<CampaignsWrite>, GivenLink(id): GivenLink) -> Answer {
    let now = caller.now();
    let deleted = caller
        .write(move |conn, client| opt_out_links::delete(conn, client, id, now))
        .await?;
    done(deleted)
}

fn done(done: bool) -> Answer {
    match done {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::no_opt_out_link()),
    }
}

/// The caller's opt-out link with a number.
async fn find<S>(caller: &Caller<S>, id: OptOutLinkId) -> Result<StoredOptOutLink, Problem> {
    caller
        .read(move |conn, client| opt_out_links::find(conn, client, id))
        .await?
        .ok_or_else(Problem::no_opt_out_link)
}

fn read_link(body: Meter) -> Result<OptOutLink, Problem> {
    let mut properties = Properties::read(body)?;
    let draft = OptOutLinkDraft {
        name: properties.text("name"),
        title: properties.text("title"),
        text: properties.text("text"),
        language: properties.text("language"),
        scope: properties.text("scope"),
        colour: properties.text("colour"),
        logo_text: properties.text("logoText"),
    };
    properties.check()?;
    draft.check().map_err(Problem::invalid)
}
