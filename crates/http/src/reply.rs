//! An answer as a value: given now, and recorded beside its effect so that it can be given again.

use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer to a request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
}

impl Reply {
    /// It is done, and there is nothing to tell.
    pub(crate) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// It is done, and this came of it.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::telling(StatusCode::OK, body)
    }

    /// Something was made, and can be found there.
    pub(crate) fn created(location: &str, body: &impl Serialize) -> Self {
        let location = HeaderValue::from_str(location);
        Self::telling(StatusCode::CREATED, body).with(location.ok().map(|path| (LOCATION, path)))
    }

    fn telling(status: StatusCode, body: &impl Serialize) -> Self {
        Self {
            status,
            headers: vec![(CONTENT_TYPE, JSON)],
            body: serde_json::to_string(body).unwrap_or_default(),
        }
    }

    /// The same with further headers.
    pub(crate) fn with<V: Into<HeaderValue>>(
        mut self,
        headers: impl IntoIterator<Item = (HeaderName, V)>,
    ) -> Self {
        let headers = headers.into_iter();
        self.headers
            .extend(headers.map(|(name, value)| (name, value.into())));
        self
    }

    /// A reply that was recorded; `None` where no version of this program wrote it.
    pub(crate) fn recorded(status: u16, headers: &str, body: String) -> Option<Self> {
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            let name = HeaderName::from_str(name).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        };
        Some(Self {
            status: StatusCode::from_u16(status).ok()?,
            headers: headers.lines().map(header).collect::<Option<_>>()?,
            body,
        })
    }

    /// What a handler answered, where it is a text in memory: its status, its headers and its body.
    pub(crate) fn of(answer: HttpResponse<BoxBody>) -> Option<Self> {
        let status = answer.status();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.clone()));
        let mut headers: Vec<_> = headers.collect();
        // A map of headers has no order; what is recorded has.
        headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let body = answer.into_body().try_into_bytes().ok()?;
        Some(Self {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).ok()?,
        })
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers, one a line.
    pub(crate) fn headers(&self) -> String {
        let line = |(name, value): &(HeaderName, HeaderValue)| {
            format!("{name}: {}\n", value.to_str().unwrap_or_default())
        };
        self.headers.iter().map(line).collect()
    }

    pub(crate) fn body(&self) -> &str {
        &self.body
    }
}

impl From<Reply> for HttpResponse {
    fn from(reply: Reply) -> Self {
        let mut answer = HttpResponse::build(reply.status);
        for header in reply.headers {
            answer.insert_header(header);
        }
        match reply.body.as_str() {
            "" => answer.finish(),
            _ => answer.body(reply.body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_reads_back() {
        let reply = Reply::created("/api/Campaigns/1", &"1")
            .with([(HeaderName::from_static("x-duplicate-contacts"), 3_u64)]);
        let again = Reply::recorded(reply.status(), &reply.headers(), reply.body().to_owned());
        assert_eq!(again, Some(reply));
        let empty = Reply::no_content();
        assert_eq!(Reply::recorded(204, "", String::new()), Some(empty));
        assert_eq!(Reply::recorded(201, "no header", String::new()), None);
    }

    #[test]
    fn what_a_handler_answered_is_kept_whole() {
        let reply = Reply::created("/api/Clients/2", &2);
        assert_eq!(Reply::of(reply.clone().into()), Some(reply));
    }
}
