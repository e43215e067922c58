//! What every request gets: an id, a span in the log, and a body for every refusal.
//!
//! The log never shows a query: a key may stand in it; nor the code of a link. A link that was followed is logged at debug:
//! at info, a line for each would be written as often as a million people ask.

use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tracing::{Instrument, debug, info, info_span};
use uuid::{NoContext, Timestamp, Uuid};

use crate::problem;
use crate::state::State;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 128;

/// The outermost layer.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = given_id(&request).unwrap_or_else(|| new_id(&request));
    let path = request.path().to_owned();
    let span = info_span!("request", id, method = %request.method(), path = shown(&path));
    let started = Instant::now();
    let answer = next.call(request).instrument(span.clone()).await?;
    let mut answer = problem::write(answer, &path, &id);
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(X_REQUEST_ID, id);
    }
    let status = answer.status().as_u16();
    let milliseconds = started.elapsed().as_millis() as u64;
    if link(&path).is_some() && answer.status().is_redirection() {
        debug!(parent: &span, status, milliseconds, "answered");
    } else {
        info!(parent: &span, status, milliseconds, "answered");
    }
    Ok(answer)
}

/// A path as the log may show it: the code of a link is its holder's own.
fn shown(path: &str) -> &str {
    link(path).unwrap_or(path)
}

/// What a path begins with that is a link's.
fn link(path: &str) -> Option<&'static str> {
    let begins = |word: &&str| {
        path.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    ["/o/", "/t/"].into_iter().find(begins)
}

/// A caller's own id is kept where it is short and cannot forge a line of the log.
fn given_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(sane);
    fits.then(|| id.to_owned())
}

fn new_id(request: &ServiceRequest) -> String {
    let Some(state) = request.app_data::<web::Data<State>>() else {
        return Uuid::nil().to_string();
    };
    let now = state.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let timestamp = Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos());
    Uuid::new_v7(timestamp).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_no_code_of_a_link() {
        for (path, logged) in [
            ("/t/AzL6bnNgtYq", "/t/"),
            ("/O/AzL6bnNgtYq/undo", "/o/"),
            ("/api/Campaigns/t/x", "/api/Campaigns/t/x"),
            ("/t", "/t"),
        ] {
            assert_eq!(shown(path), logged);
        }
    }
}
