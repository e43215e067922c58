//! The key that a request carries: `Authorization: Bearer KEY`, header `api-key: KEY`, or query parameter `api-key=KEY`,
//! the first of them that is there.

use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::{HttpRequest, web};

const NAME: &str = "api-key";
const HEADER: HeaderName = HeaderName::from_static(NAME);

pub(super) fn given(request: &HttpRequest) -> Option<String> {
    bearer(request)
        .or_else(|| header(request))
        .or_else(|| parameter(request.query_string()))
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.trim().split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| key.trim().to_owned())
}

fn header(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(HEADER)?.to_str().ok()?;
    Some(value.trim().to_owned())
}

/// Whether a parameter of a query is a key: a repeated request may come with another one.
pub(super) fn is_given_by(parameter: &str) -> bool {
    let (name, _) = parameter.split_once('=').unwrap_or((parameter, ""));
    name.eq_ignore_ascii_case(NAME)
}

fn parameter(query: &str) -> Option<String> {
    let parameters = web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    let (_, key) = parameters
        .into_inner()
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(NAME))?;
    Some(key)
}
