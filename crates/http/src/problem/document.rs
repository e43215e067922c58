//! A problem as JSON.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use clarion_domain::fault::Faults;
use serde::{Serialize, Serializer};

use super::{Kind, Problem};

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Errors::is_empty")]
    errors: Errors<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// Gives every refusal its body, actix's own included, but for pages, which people read. `instance` is the path as it was asked for.
pub(crate) fn write(
    answer: ServiceResponse<BoxBody>,
    instance: &str,
    request_id: &str,
) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || is_page(&answer) {
        return answer;
    }
    let problem = match answer
        .response()
        .error()
        .and_then(|e| e.as_error::<Problem>())
    {
        Some(problem) => problem.clone(),
        None => Problem::of(status, answer.request().method()),
    };
    let body = document(&problem, instance, request_id);
    let mut answer = answer.map_body(|_, _| BoxBody::new(body));
    *answer.response_mut().status_mut() = problem.kind.status();
    answer.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
    answer
}

fn is_page(answer: &ServiceResponse<BoxBody>) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// The body of a problem.
pub(crate) fn document(problem: &Problem, instance: &str, request_id: &str) -> Vec<u8> {
    let errors = Errors::of(&problem.faults);
    let truncated = problem.faults.count() > problem.faults.listed().len() as u64;
    let document = Document {
        r#type: problem.kind.urn(),
        title: problem.kind.title(),
        status: problem.kind.status().as_u16(),
        detail: &problem.detail,
        instance,
        errors,
        errors_truncated: truncated.then_some(true),
        error_count: truncated.then_some(problem.faults.count()),
        request_id: (problem.kind == Kind::Internal).then_some(request_id),
    };
    serde_json::to_vec(&document).unwrap_or_default()
}

/// From the path of a property to its messages, in the order they were found.
struct Errors<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Errors<'a> {
    fn of(faults: &'a Faults) -> Self {
        let mut grouped: Vec<(&str, Vec<&str>)> = Vec::new();
        for fault in faults.listed() {
            match grouped.iter_mut().rfind(|(path, _)| *path == fault.path) {
                Some((_, messages)) => messages.push(&fault.message),
                None => grouped.push((&fault.path, vec![&fault.message])),
            }
        }
        Self(grouped)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Errors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(path, messages)| (path, messages)))
    }
}

#[cfg(test)]
mod tests {
    use clarion_persistence::StoreError;

    use super::*;

    fn text(problem: &Problem) -> String {
        let bytes = document(problem, "/api/Campaigns", "ID");
        String::from_utf8(bytes).expect("JSON")
    }

    #[test]
    fn a_failure_of_ours_shows_the_request_id_and_nothing_of_the_failure() {
        let failure = StoreError::Corrupt("secret".to_owned());
        assert_eq!(
            text(&Problem::from(failure)),
            r#"{"type":"urn:clarion:problem:internal","title":"Something is wrong here","status":500,"detail":"the service's log tells more under the request id","instance":"/api/Campaigns","requestId":"ID"}"#
        );
    }

    #[test]
    fn the_faults_of_a_path_stand_together() {
        let mut faults = Faults::default();
        for (path, message) in [("b", "first"), ("a", "second"), ("b", "third")] {
            faults.add(path, message);
        }
        let text = text(&Problem::invalid(faults));
        assert!(
            text.contains(r#""errors":{"b":["first","third"],"a":["second"]}"#),
            "{text}"
        );
    }
}
