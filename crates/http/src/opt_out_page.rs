//! The page behind an opt-out link: whoever opens it sees for which number it is and opts out by a button, never by opening
//! it, since what looks into messages follows links. It needs no script, and nothing from elsewhere.

mod html;
mod words;

use actix_web::http::header::{ContentType, HeaderName, HeaderValue, LOCATION};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use clarion_domain::link::LinkKind;
use clarion_domain::recipient::RecipientKey;
use clarion_persistence::opt_out_links::Behind;

use crate::Answer;
use crate::links::{DISCREET, Unanswered};
use crate::problem::{Kind, Problem};
use crate::properties::text_parameter;
use crate::rate::Rates;
use crate::state::{PageConsent, State};

/// The page is whole: nothing may be loaded from elsewhere, and its forms go nowhere else.
const PAGE_MAY: (HeaderName, HeaderValue) = (
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
);

/// Shows the page on which a recipient opts out, or takes that back.
///
/// Opening it changes nothing. It outlives the campaign and the opt-out link.
#[utoipa::path(
    get, path = "/o/{code}", tag = "Links", operation_id = "showOptOutPage",
    params(("code" = String, Path, description = "What stands in the message")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html; charset=utf-8"),
        (status = 404, description = "There is no such link", body = String, content_type = "text/html; charset=utf-8"),
        Unanswered,
    ),
)]
pub(crate) async fn show(
    request: HttpRequest,
    code: web::Path<String>,
    state: web::Data<State>,
    rates: web::Data<Rates>,
) -> Answer {
    let Some((_, behind)) = found(&state, &code).await? else {
        return not_found(&request, &state, &rates);
    };
    let is_out = state.is_out_by_link(&behind).await?;
    Ok(page(StatusCode::OK).body(html::page(&behind, is_out)))
}

/// Opts the recipient out, or in again.
///
/// It is what the buttons of the page do, and done twice it is done once. The answer leads back to the page.
#[utoipa::path(
    post, path = "/o/{code}", tag = "Links", operation_id = "optOutByPage",
    params(
        ("code" = String, Path, description = "What stands in the message"),
        ("undo" = Option<bool>, Query, description = "true: the recipient wants messages again"),
    ),
    responses(
        (
            status = 303,
            description = "It is done",
            headers(("Location" = String, description = "The page, which says so")),
        ),
        (status = 404, description = "There is no such link", body = String, content_type = "text/html; charset=utf-8"),
        Unanswered,
    ),
)]
pub(crate) async fn act(
    request: HttpRequest,
    code: web::Path<String>,
    state: web::Data<State>,
    rates: web::Data<Rates>,
) -> Answer {
    let Some((recipient, behind)) = found(&state, &code).await? else {
        return not_found(&request, &state, &rates);
    };
    let consent = match text_parameter(request.query_string(), "undo").as_deref() {
        Some("true") => PageConsent::Undo,
        _ => PageConsent::OptOut,
    };
    state.consent_by_link(recipient, behind, consent).await?;
    // Beside this address, whatever stands before it in public.
    let back = (LOCATION, code.into_inner());
    Ok(page(StatusCode::SEE_OTHER).insert_header(back).finish())
}

/// Whose link it is, and what is behind it.
async fn found(state: &State, code: &str) -> Result<Option<(RecipientKey, Behind)>, Problem> {
    let Some(recipient) = state.recipient_of(LinkKind::OptOut, code) else {
        return Ok(None);
    };
    let behind = state.behind_link(recipient).await?;
    Ok(behind.map(|behind| (recipient, behind)))
}

fn not_found(request: &HttpRequest, state: &State, rates: &Rates) -> Answer {
    let refusal = Problem::new(Kind::NotFound, "there is no such link");
    let refusal = rates.unknown_links.count(state.origin(request), refusal);
    match refusal.is(Kind::NotFound) {
        true => Ok(page(StatusCode::NOT_FOUND).body(html::no_such_link())),
        false => Err(refusal),
    }
}

fn page(status: StatusCode) -> HttpResponseBuilder {
    let mut page = HttpResponse::build(status);
    for header in DISCREET.into_iter().chain([PAGE_MAY]) {
        page.insert_header(header);
    }
    page.content_type(ContentType::html());
    page
}
