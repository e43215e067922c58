//! What can go wrong between a command and the service, each with what to do next.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::Deserialize;

/// The problem of a request whose first sending is still being answered.
const UNDER_WAY: &str = "urn:clarion:problem:request-under-way";

/// Why a request was not answered as hoped. Reads after the service's address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Nobody answers.
    #[error(
        "cannot be reached: {0}; start the service with `clarion serve`, or say where it is with --url or CLARION_URL"
    )]
    Unreachable(String),
    /// An address of something else.
    #[error("is no address that begins with https:// or http://")]
    Scheme,
    /// The key is wrong.
    #[error(
        "the service does not know this key; give another with --key or CLARION_API_KEY, or make one with `clarion keys create`"
    )]
    Unauthorized,
    /// The key does not allow it.
    #[error("{0}; use a key that allows it, as made by `clarion keys create --scopes`")]
    Forbidden(String),
    /// Something answers, but not as this service does.
    #[error(
        "what answers there (with status {status}) is no Clarion; say where it is with --url or CLARION_URL"
    )]
    Foreign {
        /// Its HTTP status.
        status: u16,
    },
    /// The service tells what is wrong with the request, or that it must wait.
    #[error("{0}")]
    Refused(Box<Refusal>),
}

/// A problem as the service tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    r#type: String,
    status: u16,
    detail: String,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
    /// How many faults there are, where not all are listed.
    error_count: Option<u64>,
}

/// What is wrong with one property.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault<'a> {
    /// The place of the contact it belongs to, from 0.
    pub(crate) contact: Option<u64>,
    /// The property, and what is wrong.
    pub(crate) property: &'a str,
    pub(crate) message: &'a str,
}

impl ApiError {
    /// No answer came; the deepest cause tells the most.
    pub(super) fn unreachable(error: &reqwest::Error) -> Self {
        let mut cause: &dyn Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self::Unreachable(cause.to_string())
    }

    /// An answer came that is none of success.
    pub(super) fn answered(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<Refusal>(body) {
            Ok(_) if status == 401 => Self::Unauthorized,
            Ok(refusal) if status == 403 => Self::Forbidden(refusal.detail),
            Ok(refusal) => Self::Refused(Box::new(refusal)),
            Err(_) => Self::Foreign { status },
        }
    }

    /// Whether it may be well if asked again soon.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(refusal) => refusal.is_passing(),
            Self::Scheme | Self::Unauthorized | Self::Forbidden(_) | Self::Foreign { .. } => false,
        }
    }

    /// Whether the same request, sent before, is still being answered.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.r#type == UNDER_WAY)
    }
}

impl Refusal {
    /// Requests come too fast, or the service cannot do it at the moment.
    fn is_passing(&self) -> bool {
        matches!(self.status, 429 | 503)
    }

    /// The listed faults: of the campaign, and then of its contacts in their order.
    pub(crate) fn faults(&self) -> Vec<Fault<'_>> {
        let mut faults: Vec<_> = self
            .errors
            .iter()
            .flat_map(|(path, messages)| {
                let (contact, property) = place(path);
                messages.iter().map(move |message| Fault {
                    contact,
                    property,
                    message,
                })
            })
            .collect();
        faults.sort();
        faults
    }

    /// How many faults there are, listed or not.
    pub(crate) fn count(&self) -> u64 {
        let listed = self.errors.values().map(Vec::len).sum::<usize>() as u64;
        self.error_count.unwrap_or(listed)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        if self.is_passing() {
            f.write_str("; try again in a moment")?;
        }
        Ok(())
    }
}

/// `contacts[3].name` is the name of contact 3.
fn place(path: &str) -> (Option<u64>, &str) {
    let contact = path
        .strip_prefix("contacts[")
        .and_then(|rest| rest.split_once(']'))
        .and_then(|(place, rest)| Some((place.parse().ok()?, rest)));
    match contact {
        Some((place, property)) => (Some(place), property.trim_start_matches('.')),
        None => (None, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> ApiError {
        ApiError::answered(status, body.as_bytes())
    }

    #[test]
    fn faults_come_in_the_order_of_the_contacts() {
        let body = r#"{"type": "t", "status": 400, "detail": "there are faults", "errorCount": 7, "errors": {
            "contacts[10].name": ["is too long"], "contacts[9].phoneNumber": ["is missing"], "sender": ["is required"]}}"#;
        let ApiError::Refused(refusal) = answered(400, body) else {
            panic!("{body}");
        };
        let faults = refusal.faults();
        let places: Vec<_> = faults
            .iter()
            .map(|fault| (fault.contact, fault.property))
            .collect();
        assert_eq!(
            places,
            [
                (None, "sender"),
                (Some(9), "phoneNumber"),
                (Some(10), "name")
            ]
        );
        assert_eq!(refusal.count(), 7);
    }

    #[test]
    fn an_answer_is_told_with_what_to_do_next() {
        let problem = r#"{"type": "t", "status": 503, "detail": "it is busy"}"#;
        for (status, body, told) in [
            (401, problem, "CLARION_API_KEY"),
            (403, problem, "it is busy; use a key that allows it"),
            (503, problem, "it is busy; try again"),
            (502, "<html>", "is no Clarion"),
        ] {
            let error = answered(status, body).to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn only_the_request_itself_is_waited_for() {
        let conflict = |kind: &str| {
            let body = format!(r#"{{"type": "{kind}", "status": 409, "detail": "no"}}"#);
            answered(409, &body).is_under_way()
        };
        assert!(conflict(UNDER_WAY));
        assert!(!conflict("urn:clarion:problem:conflict"));
    }
}
