//! The links in messages. Whoever has one may follow it, so no key is asked for: the code is what tells whose it is.

use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, USER_AGENT,
};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use clarion_domain::click::{Click, kept_user_agent};
use clarion_domain::link::LinkKind;
use clarion_domain::network::Network;
use clarion_domain::recipient::RecipientKey;
use utoipa::IntoResponses;

use crate::Answer;
use crate::problem::{Kind, Problem};
use crate::rate::Rates;
use crate::state::State;

/// What every answer to a link says: it is one person's own, and nobody else's business.
pub(crate) const DISCREET: [(HeaderName, HeaderValue); 3] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    ),
];

/// Why somebody with a link gets no answer to it.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described: problems are told")]
pub(crate) enum Unanswered {
    /// Too many links that do not exist were asked for from this address
    #[response(status = 429)]
    TooMany,
    /// The service failed
    #[response(status = 500)]
    Failed,
    /// The database does not answer
    #[response(status = 503)]
    Unavailable,
}

/// Follows a tracked link.
///
/// It leads to the campaign's `trackLinkUrl`, also after the campaign was deleted. Each time counts as a click.
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
        Unanswered,
    ),
)]
pub(crate) async fn follow(
    request: HttpRequest,
    code: web::Path<String>,
    state: web::Data<State>,
    rates: web::Data<Rates>,
) -> Answer {
    let address = state.origin(&request);
    let Some((recipient, target)) = found(&state, &code).await? else {
        let refusal = Problem::new(Kind::NotFound, "there is no such link");
        return Err(rates.unknown_links.count(address, refusal));
    };
    let network = address.map(Network::around);
    state.note_click(click(&request, recipient, network, state.now()));
    let mut answer = HttpResponse::Found();
    for header in DISCREET {
        answer.insert_header(header);
    }
    Ok(answer.insert_header((LOCATION, target)).finish())
}

/// Whose link it is, and where it leads.
async fn found(state: &State, code: &str) -> Result<Option<(RecipientKey, HeaderValue)>, Problem> {
    let Some(recipient) = state.recipient_of(LinkKind::Track, code) else {
        return Ok(None);
    };
    let target = state.track_target(recipient.campaign).await?;
    Ok(target.map(|target| (recipient, target)))
}

/// By which browsers tell that they fetch a link before anybody has followed it.
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

fn click(
    request: &HttpRequest,
    recipient: RecipientKey,
    network: Option<Network>,
    at: DateTime<Utc>,
) -> Click {
    let said = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers();
    let user_agent = headers.get(USER_AGENT).map(said).unwrap_or_default();
    let purpose = PURPOSES.into_iter().find_map(|name| headers.get(name));
    Click {
        recipient,
        at,
        is_head: request.method() == Method::HEAD,
        network,
        user_agent: kept_user_agent(&user_agent),
        purpose: purpose.map(said).unwrap_or_default(),
    }
}
