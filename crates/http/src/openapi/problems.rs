//! The problems that a call may end in: every status with the types that come with it, and an example of each, written by
//! what writes the real ones.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder};
use utoipa::openapi::{
    Components, ContentBuilder, Object, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    Schema, SchemaFormat, Type,
};

use super::{keys, request_id};
use crate::problem::{self, Kind, Problem};

const SCHEMA: &str = "Problem";

pub(super) fn describe(components: &mut Components) {
    let schema = Schema::Object(schema());
    components
        .schemas
        .insert(SCHEMA.to_owned(), RefOr::T(schema));
    let statuses: BTreeSet<u16> = Kind::ALL
        .iter()
        .map(|kind| kind.status().as_u16())
        .collect();
    for status in statuses {
        components
            .responses
            .insert(name(status), RefOr::T(answer(status)));
    }
}

/// The problems that the handler names, and those that its kind of call may always end in.
pub(super) fn add_to(operation: &mut Operation, path: &str) {
    let named: Vec<(u16, String)> = operation
        .responses
        .responses
        .iter()
        .filter_map(|(status, answer)| match answer {
            // Some are pages, for people.
            RefOr::T(answer) if !answer.content.is_empty() => None,
            RefOr::T(answer) => Some((status.parse().ok()?, answer.description.clone())),
            RefOr::Ref(_) => None,
        })
        .filter(|(status, _)| *status >= 400)
        .collect();
    let implied = implied(operation, path);
    let answers = &mut operation.responses.responses;
    for status in implied {
        answers.insert(status.to_string(), reference(status, String::new()));
    }
    for (status, description) in named {
        answers.insert(status.to_string(), reference(status, description));
    }
}

fn implied(operation: &Operation, path: &str) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::new();
    if keys::needed(operation).is_some() {
        statuses.extend([401, 403, 429, 500, 503]);
    }
    if operation.request_body.is_some() {
        statuses.extend([400, 408, 413, 415]);
    }
    if has_query(operation) {
        statuses.insert(400);
    }
    if path.contains("{id}") {
        statuses.insert(404);
    }
    statuses
}

fn has_query(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    })
}

fn name(status: u16) -> String {
    format!("{SCHEMA}{status}")
}

fn reference(status: u16, description: String) -> RefOr<Response> {
    let mut reference = Ref::from_response_name(name(status));
    reference.description = description;
    RefOr::Ref(reference)
}

fn answer(status: u16) -> Response {
    let kinds = || Kind::ALL.into_iter().filter(|kind| kind.status() == status);
    let titles: Vec<&str> = kinds().map(Kind::title).collect();
    let mut content = ContentBuilder::new().schema(Some(Ref::from_schema_name(SCHEMA)));
    let mut answer = ResponseBuilder::new().description(titles.join(", or: "));
    for kind in kinds() {
        let example = ExampleBuilder::new()
            .summary(kind.title())
            .value(Some(example(kind)));
        content = content.examples_from_iter([(kind.name(), example)]);
        if let Some((header, description)) = header(kind) {
            answer = answer.header(header, request_id::header(description));
        }
    }
    answer
        .content("application/problem+json", content.build())
        .build()
}

/// The header that goes with a kind.
fn header(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Unauthorized => Some(("WWW-Authenticate", "How a key is given: `Bearer`")),
        Kind::MethodNotAllowed => Some(("Allow", "The methods that the address takes")),
        Kind::MediaType => Some(("Accept-Encoding", "The encodings that are taken")),
        Kind::UnderWay | Kind::TooMany | Kind::Unavailable => {
            Some(("Retry-After", "How many seconds to wait"))
        }
        _ => None,
    }
}

/// As the service writes it.
fn example(kind: Kind) -> Value {
    let problem = Problem::example(kind);
    let written = problem::document(
        &problem,
        "/api/Campaigns",
        "0192f0c1-7a40-7000-8000-000000000000",
    );
    serde_json::from_slice(&written).unwrap_or_default()
}

fn schema() -> Object {
    let types = Kind::ALL.map(Kind::urn);
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let number = || ObjectBuilder::new().schema_type(Type::Integer);
    let messages = ArrayBuilder::new().items(text());
    let errors = ObjectBuilder::new()
        .description(Some(
            "From the JSON path of an offending property, or the name of a parameter, to what is wrong with it; at most 1,000 entries",
        ))
        .additional_properties(Some(AdditionalProperties::from(messages)));
    ObjectBuilder::new()
        .description(Some("Why a request was not done (RFC 9457)"))
        .property(
            "type",
            text()
                .format(Some(SchemaFormat::Custom("uri".to_owned())))
                .enum_values(Some(types)),
        )
        .property(
            "title",
            text().description(Some("The same for every problem of this type")),
        )
        .property("status", number().description(Some("That of the answer")))
        .property(
            "detail",
            text().description(Some("What is particular to this one")),
        )
        .property(
            "instance",
            text().description(Some("The path that was asked for")),
        )
        .property("errors", errors)
        .property(
            "errorsTruncated",
            ObjectBuilder::new()
                .schema_type(Type::Boolean)
                .description(Some("There are more faults than are listed")),
        )
        .property(
            "errorCount",
            number().description(Some("How many there are in all, where not all are listed")),
        )
        .property(
            "requestId",
            text().description(Some("What the service's log calls this request")),
        )
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("instance")
        .build()
}
