//! What every POST takes: a key by which it has its effect once.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, RefOr, ResponseBuilder, Type};

use super::request_id;

const UNDER_WAY: &str = "The first request with this idempotency key is under way";
const REUSED: &str = "The idempotency key came with another address or body before";
const REPLAYED: &str = "`true`: the answer was given before, and nothing is done again";

/// Describes it for a call that needs an API key.
pub(super) fn add_to(post: Option<&mut Operation>) {
    let Some(post) = post.filter(|post| post.security.is_some()) else {
        return;
    };
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("Repeated with the same key within 24 hours, the request has no effect, and the first answer is given again"))
        .schema(Some(text))
        .build();
    post.parameters.get_or_insert_default().push(RefOr::T(key));
    let answers = &mut post.responses.responses;
    for (status, answer) in answers.iter_mut() {
        if let (true, RefOr::T(answer)) = (status.starts_with('2'), answer) {
            let header = RefOr::T(request_id::header(REPLAYED));
            answer
                .headers
                .insert("Idempotency-Replayed".to_owned(), header);
        }
    }
    for (status, description) in [("400", ""), ("409", UNDER_WAY), ("422", REUSED)] {
        let answer = ResponseBuilder::new().description(description).build();
        answers.entry(status.to_owned()).or_insert(answer.into());
    }
}
