//! An answer, read to its end.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer's parts.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Sends the request and reads what comes back.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let answer = Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a text"),
        };
        assert!(answer.header("x-request-id").is_some(), "no request id");
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The answer as a problem of this status, with everything that a problem must have.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for property in ["type", "title", "detail", "instance"] {
            assert!(problem[property].is_string(), "{property}: {problem}");
        }
        problem
    }

    /// The answer as a 400 with this fault.
    pub(crate) fn has_fault(&self, path: &str, message: &str) {
        let problem = self.problem(400);
        let messages = problem["errors"][path].as_array();
        let found = messages.is_some_and(|all| {
            all.iter()
                .any(|text| text.as_str().is_some_and(|text| text.contains(message)))
        });
        assert!(found, "no {message:?} at {path}: {problem}");
    }
}
