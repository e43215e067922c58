//! The header that every answer has.

use utoipa::openapi::header::Header;
use utoipa::openapi::{ObjectBuilder, RefOr, Response, Responses, Type};

pub(super) fn add_to(answers: &mut Responses) {
    for answer in answers.responses.values_mut() {
        add(answer);
    }
}

pub(super) fn add(answer: &mut RefOr<Response>) {
    if let RefOr::T(answer) = answer {
        let header =
            header("What the service's log calls this request; a request's own id is kept");
        answer
            .headers
            .insert("X-Request-Id".to_owned(), RefOr::T(header));
    }
}

/// A header that holds a text.
pub(super) fn header(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
    header.description = Some(description.to_owned());
    header
}
