//! Whatever goes wrong, as the caller sees it: problem+json (RFC 9457), by one table.

mod document;
mod example;

use std::borrow::Cow;
use std::fmt;

use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use clarion_domain::campaign::Forbidden;
use clarion_domain::fault::Faults;
use clarion_engine::IntakeRefusal;
use clarion_persistence::StoreError;
use tracing::error;

pub(crate) use document::{document, write};

/// How long a caller is asked to wait while the service is busy, in seconds.
const RETRY_AFTER: &str = "5";

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Properties or parameters break rules.
    Invalid,
    /// The body cannot be read.
    Unreadable,
    /// Anything else that HTTP itself refuses.
    BadRequest,
    /// No key, or none that is known.
    Unauthorized,
    /// The key lacks the scope.
    MissingScope,
    /// Nothing of this client has that id.
    NotFound,
    /// No such address.
    NoAddress,
    /// The address does not take this method.
    MethodNotAllowed,
    /// The body came too slowly.
    TooSlow,
    /// The status of a thing forbids the change.
    Conflict,
    /// The same request is being carried out.
    UnderWay,
    /// The idempotency key was another request's.
    KeyReused,
    /// More requests than the key, or refusals than the address, may have.
    TooMany,
    /// The body is too large.
    TooLarge,
    /// A body of another type.
    MediaType,
    /// Our fault.
    Internal,
    /// Not now.
    Unavailable,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 17] = [
        Self::Invalid,
        Self::Unreadable,
        Self::BadRequest,
        Self::Unauthorized,
        Self::MissingScope,
        Self::NotFound,
        Self::NoAddress,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::Conflict,
        Self::UnderWay,
        Self::KeyReused,
        Self::TooMany,
        Self::TooLarge,
        Self::MediaType,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Its URN: the problem's `type`.
    pub(crate) fn urn(self) -> String {
        format!("urn:clarion:problem:{}", self.name())
    }

    /// Its name at the end of the URN.
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        self.row().1
    }

    /// The same for every problem of the kind.
    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    /// The table: name in the `type`, status, title.
    fn row(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Invalid => ("invalid", S::BAD_REQUEST, "The request breaks rules"),
            Self::Unreadable => ("unreadable-body", S::BAD_REQUEST, "The body cannot be read"),
            Self::BadRequest => ("bad-request", S::BAD_REQUEST, "The request cannot be read"),
            Self::Unauthorized => ("unauthorized", S::UNAUTHORIZED, "A valid API key is needed"),
            Self::MissingScope => (
                "missing-scope",
                S::FORBIDDEN,
                "The API key does not allow this",
            ),
            Self::NotFound => ("not-found", S::NOT_FOUND, "There is no such thing"),
            Self::NoAddress => ("no-address", S::NOT_FOUND, "There is no such address"),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                S::METHOD_NOT_ALLOWED,
                "The address does not take this method",
            ),
            Self::TooSlow => ("too-slow", S::REQUEST_TIMEOUT, "The body came too slowly"),
            Self::Conflict => ("conflict", S::CONFLICT, "Its status forbids this"),
            Self::UnderWay => (
                "request-under-way",
                S::CONFLICT,
                "The first request with this idempotency key is under way",
            ),
            Self::KeyReused => (
                "idempotency-key-reused",
                S::UNPROCESSABLE_ENTITY,
                "The idempotency key belongs to another request",
            ),
            Self::TooMany => (
                "too-many-requests",
                S::TOO_MANY_REQUESTS,
                "Requests come too fast",
            ),
            Self::TooLarge => ("too-large", S::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::MediaType => (
                "media-type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "The body is of a type that is not taken here",
            ),
            Self::Internal => (
                "internal",
                S::INTERNAL_SERVER_ERROR,
                "Something is wrong here",
            ),
            Self::Unavailable => (
                "unavailable",
                S::SERVICE_UNAVAILABLE,
                "The service cannot do this at the moment",
            ),
        }
    }

    /// The kind of an answer that actix gave on its own.
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoAddress,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::TooSlow,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::MediaType,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}

/// A problem: its kind, and what is particular to it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    faults: Faults,
    allow: Option<&'static str>,
    /// In seconds.
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem told by one sentence.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            faults: Faults::default(),
            allow: None,
            retry_after: None,
        }
    }

    /// The faults of a request.
    pub(crate) fn invalid(faults: Faults) -> Self {
        let detail = match faults.listed() {
            [fault] => format!("{} {}", fault.path, fault.message),
            _ => format!("there are {} faults, listed in errors", faults.count()),
        };
        Self {
            faults,
            ..Self::new(Kind::Invalid, detail)
        }
    }

    /// A body that cannot be read; `path` is that of the element where that came out.
    pub(crate) fn unreadable(path: &str, message: String) -> Self {
        let detail = format!("{path}, {message}");
        let mut faults = Faults::default();
        faults.add(path, message);
        Self {
            faults,
            ..Self::new(Kind::Unreadable, detail)
        }
    }

    /// No campaign of this client has the id: the same words whether another client has it or nobody.
    pub(crate) fn no_campaign() -> Self {
        Self::new(Kind::NotFound, "there is no campaign with this id")
    }

    /// No contact group of this client has the id.
    pub(crate) fn no_contact_group() -> Self {
        Self::new(Kind::NotFound, "there is no contact group with this id")
    }

    /// No opt-out link of this client has the number.
    pub(crate) fn no_opt_out_link() -> Self {
        Self::new(Kind::NotFound, "there is no opt-out link with this id")
    }

    /// No opt-out of this client has the id.
    pub(crate) fn no_opt_out() -> Self {
        Self::new(Kind::NotFound, "there is no opt-out with this id")
    }

    /// No contact of the group has the id.
    pub(crate) fn no_contact() -> Self {
        Self::new(
            Kind::NotFound,
            "there is no contact with this id in the group",
        )
    }

    /// No web hook of this client has the id.
    pub(crate) fn no_web_hook() -> Self {
        Self::new(Kind::NotFound, "there is no web hook with this id")
    }

    /// No message of this client has the id.
    pub(crate) fn no_message() -> Self {
        Self::new(Kind::NotFound, "there is no message with this id")
    }

    /// No such client, or none that the caller may know of.
    pub(crate) fn no_client() -> Self {
        Self::new(Kind::NotFound, "there is no client with this id")
    }

    /// A problem that is over when so many seconds have passed.
    pub(crate) fn for_now(kind: Kind, seconds: u64, detail: impl Into<String>) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(kind, detail)
        }
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// The address takes only the methods of `allow`.
    pub(crate) fn not_allowed(allow: &'static str, detail: &str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(Kind::MethodNotAllowed, detail)
        }
    }

    /// A failure of ours: the details go to the log, where the request's id leads to them.
    pub(crate) fn internal(failure: &dyn std::error::Error) -> Self {
        error!(%failure, "a request failed");
        Self::new(
            Kind::Internal,
            "the service's log tells more under the request id",
        )
    }

    /// The problem of an answer that actix gave on its own.
    fn of(status: StatusCode, method: &Method) -> Self {
        let kind = Kind::of(status);
        let detail = match kind {
            Kind::NoAddress => "no resource has this address".to_owned(),
            Kind::MethodNotAllowed => format!("{method} is not among the methods of this address"),
            kind => kind.title().to_owned(),
        };
        Self::new(kind, detail)
    }

    /// The header that goes with the kind.
    fn header(&self) -> Option<(HeaderName, Cow<'static, str>)> {
        if let Some(seconds) = self.retry_after {
            return Some((header::RETRY_AFTER, seconds.to_string().into()));
        }
        match self.kind {
            Kind::Unauthorized => Some((header::WWW_AUTHENTICATE, "Bearer".into())),
            Kind::Unavailable => Some((header::RETRY_AFTER, RETRY_AFTER.into())),
            Kind::MediaType => Some((header::ACCEPT_ENCODING, "gzip, identity".into())),
            _ => self.allow.map(|methods| (header::ALLOW, methods.into())),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// The body is written by [`write()`], which knows the request; here is only what does not need it.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if let Some((name, value)) = self.header() {
            answer.insert_header((name, value.as_ref()));
        }
        answer.finish()
    }
}

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Self {
        Self::new(Kind::Conflict, forbidden.to_string())
    }
}

impl From<IntakeRefusal> for Problem {
    fn from(refusal: IntakeRefusal) -> Self {
        match refusal {
            IntakeRefusal::Faults(faults) => Self::invalid(faults),
            IntakeRefusal::Gone => Self::no_campaign(),
            IntakeRefusal::GroupGone => Self::no_contact_group(),
            IntakeRefusal::Forbidden(forbidden) => forbidden.into(),
            refusal @ (IntakeRefusal::Outdated | IntakeRefusal::GroupChanged) => {
                Self::new(Kind::Conflict, refusal.to_string())
            }
            ref refusal @ IntakeRefusal::Spool(_) => Self::internal(refusal),
            IntakeRefusal::Store(failure) => failure.into(),
        }
    }
}

/// A caller learns that it may try again, or nothing: what the database says is for the log.
impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::Unavailable(_) | StoreError::Busy | StoreError::Conflict(_) => {
                tracing::warn!(%failure, "the database cannot take this request");
                Self::new(
                    Kind::Unavailable,
                    "the database is busy or cannot be reached",
                )
            }
            StoreError::TakenOver => Self::for_now(
                Kind::UnderWay,
                1,
                "another request with this idempotency key has taken this one's place",
            ),
            failure => Self::internal(&failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_busy_is_no_fault_of_ours() {
        for failure in [
            StoreError::Busy,
            StoreError::Unavailable("no route to 10.0.0.1".to_owned()),
            StoreError::Conflict("deadlock".to_owned()),
        ] {
            let problem = Problem::from(failure);
            let answer = problem.error_response();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            let wait = answer.headers().get(header::RETRY_AFTER);
            assert_eq!(
                wait.and_then(|value| value.to_str().ok()),
                Some(RETRY_AFTER)
            );
            assert_eq!(
                problem.to_string(),
                "the database is busy or cannot be reached"
            );
        }
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::HashSet<_> = Kind::ALL.into_iter().map(Kind::name).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
