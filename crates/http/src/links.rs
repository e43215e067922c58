//! The links in messages. Whoever has one may follow it, so no key is asked for: the code is what tells whose it is.

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use clarion_domain::link::LinkKind;

use crate::Answer;
use crate::problem::{Kind, Problem};
use crate::rate::Rates;
use crate::state::State;

/// What every answer to a link says: it is one person's own, and nobody else's business.
const DISCREET: [(HeaderName, HeaderValue); 3] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    ),
];

/// Follows a tracked link.
///
/// It leads to the campaign's `trackLinkUrl`, also after the campaign was deleted.
#[utoipa::path(
    get, path = "/t/{code}", tag = "Links", operation_id = "followLink",
    params(("code" = String, Path, description = "What stands in the message")),
    responses(
        (
            status = 302,
            description = "There it leads",
            headers(("Location" = String, description = "The campaign's `trackLinkUrl`")),
        ),
        (status = 404, description = "There is no such link"),
        (status = 429, description = "Too many links that do not exist were asked for from this address"),
        (status = 500, description = "The service failed"),
        (status = 503, description = "The database does not answer"),
    ),
)]
pub(crate) async fn follow(
    request: HttpRequest,
    code: web::Path<String>,
    state: web::Data<State>,
    rates: web::Data<Rates>,
) -> Answer {
    let target = match state.recipient_of(LinkKind::Track, &code) {
        Some(recipient) => state.track_target(recipient.campaign).await?,
        None => None,
    };
    let Some(target) = target else {
        let address = request.peer_addr().map(|address| address.ip());
        let refusal = Problem::new(Kind::NotFound, "there is no such link");
        return Err(rates.unknown_links.count(address, refusal));
    };
    let mut answer = HttpResponse::Found();
    for header in DISCREET {
        answer.insert_header(header);
    }
    Ok(answer.insert_header((LOCATION, target)).finish())
}
