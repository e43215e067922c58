//! The three ways in which a request may carry its key. A handler says `security(("key" = [scope]))`, and means any of them.

use serde_json::Value;
use utoipa::openapi::Components;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

const NAME: &str = "api-key";
const ANY: &str = "key";
const WAYS: [&str; 3] = ["bearer", "header", "query"];

pub(super) fn describe(components: &mut Components) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("Authorization: Bearer KEY"))
        .build();
    let header = ApiKeyValue::with_description(NAME, "api-key: KEY");
    let query = ApiKeyValue::with_description(
        NAME,
        "api-key=KEY; a query is easily written down on the way, so this comes last",
    );
    let schemes = [
        SecurityScheme::Http(bearer),
        SecurityScheme::ApiKey(ApiKey::Header(header)),
        SecurityScheme::ApiKey(ApiKey::Query(query)),
    ];
    for (way, scheme) in WAYS.into_iter().zip(schemes) {
        components.add_security_scheme(way, scheme);
    }
}

/// Says of an operation that needs a key by which ways it may come.
pub(super) fn spell_out(operation: &mut Operation) {
    let Some(scopes) = needed(operation) else {
        return;
    };
    let way = |way| SecurityRequirement::new(way, scopes.clone());
    operation.security = Some(WAYS.map(way).to_vec());
}

/// The scopes that an operation needs; `None` where it is open to everyone.
pub(super) fn needed(operation: &Operation) -> Option<Vec<String>> {
    let requirement = operation.security.as_ref()?.first()?;
    // The library does not let its scopes be read.
    let mut requirement = serde_json::to_value(requirement).ok()?;
    let scopes: Value = requirement.get_mut(ANY)?.take();
    serde_json::from_value(scopes).ok()
}
