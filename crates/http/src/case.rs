//! Paths without regard to case: before routing, the words of a path are written in lower case, and the ids in it left as
//! they are. A slash at the end does not count.

use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;

/// Gives the router the path it knows. The query is passed on untouched.
pub(crate) async fn fold(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(uri) = folded_uri(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// `None` where nothing changes.
fn folded_uri(uri: &Uri) -> Option<Uri> {
    let path = folded_path(uri.path());
    if path == uri.path() {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

fn folded_path(path: &str) -> String {
    let mut folded: Vec<String> = Vec::new();
    for segment in path.strip_suffix('/').unwrap_or(path).split('/') {
        let lower = segment.to_ascii_lowercase();
        let keep = !is_word(&folded, &lower);
        folded.push(if keep { segment.to_owned() } else { lower });
    }
    match folded.as_slice() {
        [_root] => "/".to_owned(),
        _ => folded.join("/"),
    }
}

/// Whether the segment that follows `before` is a word of ours, and no id. The first of `before` is the empty one in front
/// of the path's first slash.
fn is_word(before: &[String], segment: &str) -> bool {
    match before.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | [_] | [_, "health"] | [_, "api"] => true,
        [_, "api", "campaigns"] => matches!(segment, "true" | "false" | "preview"),
        [_, "api", "optouts"] => matches!(segment, "history" | "import"),
        [_, "api", _resource, _id] => true,
        [_, "api", _resource, _id, _part, _part_id] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_ids_are_not() {
        for (path, folded) in [
            ("/api/Campaigns", "/api/campaigns"),
            ("/API/CAMPAIGNS/AbC/CONTACTS", "/api/campaigns/AbC/contacts"),
            ("/api/Campaigns/TRUE", "/api/campaigns/true"),
            ("/api/Campaigns/False/", "/api/campaigns/false"),
            ("/api/Campaigns/Preview", "/api/campaigns/preview"),
            (
                "/api/Gateways/True/UnmatchedReceipts",
                "/api/gateways/True/unmatchedreceipts",
            ),
            (
                "/api/ContactGroups/Id/Contacts/Other",
                "/api/contactgroups/Id/contacts/Other",
            ),
            ("/Health/LIVE", "/health/live"),
            ("/O/AbC", "/o/AbC"),
            ("/", "/"),
            ("", "/"),
        ] {
            assert_eq!(folded_path(path), folded, "{path}");
        }
    }

    #[test]
    fn the_query_stays_as_it_is() {
        let uri = Uri::from_static("/API/Campaigns/?Page=2&filters=sender==ACME");
        let folded = folded_uri(&uri).expect("something to fold");
        assert_eq!(folded, "/api/campaigns?Page=2&filters=sender==ACME");
        assert_eq!(folded_uri(&folded), None);
    }
}
