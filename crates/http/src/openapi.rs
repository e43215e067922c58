//! The description of the API (OpenAPI 3.1), and the page to try it out. What a call is like stands at its handler, in
//! `utoipa::path`; what all calls have in common is added here once. Nothing is served that is not described, and a test
//! holds the two against each other.

mod idempotency;
mod keys;
mod limits;
mod problems;
mod request_id;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Components, OpenApi as Description};
use utoipa::{Modify, OpenApi};

use crate::{
    api_keys, campaigns, clicks, clients, contact_groups, contacts, gateways, health,
    inbound_messages, invalid_contacts, links, nodes, opt_out_links, opt_out_page, opt_outs,
    sms_messages, web_hooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Clarion",
        description = include_str!("openapi/about.md"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This service")),
    tags(
        (name = "Campaigns", description = "One message to many contacts"),
        (name = "Contacts", description = "Whom a campaign writes to"),
        (name = "ContactGroups", description = "Contacts that are kept, in groups"),
        (name = "OptOuts", description = "Who wants no more messages, and how that came to be known"),
        (name = "SMSMessages", description = "Single messages: those of campaigns, and those sent directly"),
        (name = "InboundMessages", description = "Replies: messages from handsets"),
        (name = "WebHooks", description = "Where the client is told what becomes of its messages"),
        (name = "Gateways", description = "The ways out, for the operator"),
        (name = "Nodes", description = "The processes that do the work, for the operator"),
        (name = "ApiKeys", description = "Who may ask for what"),
        (name = "Clients", description = "Whose campaigns, messages and keys they are"),
        (name = "Links", description = "What stands in messages for people to follow; no key is asked for"),
        (name = "Service", description = "What the service says of itself"),
    ),
    paths(
        campaigns::list,
        campaigns::create::create,
        campaigns::create::create_leaving_out,
        campaigns::create::create_refusing,
        campaigns::preview::given,
        campaigns::preview::stored,
        campaigns::schedule::show,
        campaigns::show,
        campaigns::replace,
        campaigns::replace_by_post,
        campaigns::delete,
        campaigns::pause,
        campaigns::resume,
        campaigns::cancel,
        campaigns::unknown::list,
        campaigns::unknown::resend,
        contacts::list,
        contacts::add::add,
        invalid_contacts::list,
        contact_groups::list,
        contact_groups::create,
        contact_groups::show,
        contact_groups::rename,
        contact_groups::delete,
        contact_groups::contacts::list,
        contact_groups::contacts::add,
        contact_groups::contacts::replace,
        contact_groups::contacts::remove,
        opt_outs::list,
        opt_outs::record,
        opt_outs::history,
        opt_outs::import::import,
        opt_outs::show,
        opt_outs::withdraw,
        opt_outs::settings::show,
        opt_outs::settings::set,
        opt_outs::settings::unset,
        sms_messages::list,
        sms_messages::show,
        sms_messages::send,
        inbound_messages::list,
        web_hooks::list,
        web_hooks::create,
        web_hooks::show,
        web_hooks::replace,
        web_hooks::delete,
        web_hooks::rotate_secret,
        web_hooks::deliveries::list,
        web_hooks::deliveries::replay,
        gateways::list,
        gateways::unmatched_receipts,
        gateways::unmatched_messages,
        nodes::list,
        api_keys::list,
        api_keys::create,
        api_keys::show,
        api_keys::revoke,
        clients::list,
        clients::create,
        clients::show,
        clients::rename,
        links::follow,
        opt_out_page::show,
        opt_out_page::act,
        opt_out_links::list,
        opt_out_links::create,
        opt_out_links::show,
        opt_out_links::replace,
        opt_out_links::delete,
        clicks::list,
        health::live,
        health::ready,
        show,
        page,
    ),
    modifiers(&Shared),
)]
struct Api;

/// The description as it is served, made once.
static DESCRIPTION: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&Api::openapi()).unwrap_or_default());

/// Shows this description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "Service", operation_id = "showDescription",
    responses((status = 200, description = "The description (OpenAPI 3.1)", body = Object)),
)]
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(DESCRIPTION.as_str())
}

/// Shows a page to try the calls out.
#[utoipa::path(
    get, path = "/docs", tag = "Service", operation_id = "showPage",
    responses((status = 200, description = "The page", body = String, content_type = "text/html; charset=utf-8")),
)]
pub(crate) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header(("Content-Security-Policy", PAGE_MAY))
        .body(include_str!("openapi/page.html"))
}

/// The page is whole: nothing may be loaded from elsewhere, or sent there.
const PAGE_MAY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What all calls have in common.
struct Shared;

impl Modify for Shared {
    fn modify(&self, api: &mut Description) {
        let components = api.components.get_or_insert_with(Components::new);
        keys::describe(components);
        problems::describe(components);
        for (path, item) in &mut api.paths.paths {
            idempotency::add_to(item.post.as_mut());
            for operation in operations(item) {
                problems::add_to(operation, path);
                limits::add_to(operation);
                keys::spell_out(operation);
                request_id::add_to(&mut operation.responses);
            }
        }
        for answer in components.responses.values_mut() {
            request_id::add(answer);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        ..
    } = item;
    [get, put, post, delete].into_iter().flatten()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Each method and path that is described.
    pub(crate) fn described() -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (path, item) in Api::openapi().paths.paths {
            for (method, operation) in [
                ("get", &item.get),
                ("put", &item.put),
                ("post", &item.post),
                ("delete", &item.delete),
            ] {
                if operation.is_some() {
                    found.push((method, path.clone()));
                }
            }
        }
        found.sort();
        found
    }
}
