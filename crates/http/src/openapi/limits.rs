//! The headers that tell a key what it may still ask, on the answers to whoever has one.

use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

use super::{keys, request_id};

const POLICY: &str = "What a key may ask: so many requests (`q`) in so many seconds (`w`)";
const LIMIT: &str = "Where the key stands: the requests that are left (`r`), and in how many seconds (`t`) none is used up";

pub(super) fn add_to(operation: &mut Operation) {
    if keys::needed(operation).is_none() {
        return;
    }
    for answer in operation.responses.responses.values_mut() {
        if let RefOr::T(answer) = answer {
            for (name, description) in [("RateLimit-Policy", POLICY), ("RateLimit", LIMIT)] {
                let header = RefOr::T(request_id::header(description));
                answer.headers.insert(name.to_owned(), header);
            }
        }
    }
}
