//! The addresses, as the contract spells them. [`case`](crate::case) brings every path into lower case, so the router gets
//! them in that form. A method that an address does not take is refused by actix, with `Allow`.

mod address;

use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, scope};

use crate::state::{authenticate, once};
use crate::{
    api_keys, campaigns, clicks, clients, contact_groups, contacts, gateways, health,
    inbound_messages, invalid_contacts, links, metrics, nodes, openapi, opt_out_links,
    opt_out_page, opt_outs, rate, sms_messages, web_hooks,
};
use address::Address;

const API: &str = "/api";

pub(crate) fn configure(service: &mut ServiceConfig) {
    let api = scope(API)
        .wrap(from_fn(once))
        .wrap(from_fn(rate::limit))
        .wrap(from_fn(authenticate));
    let api = authenticated()
        .into_iter()
        .fold(api, |api, address| api.service(address.below(API)));
    for address in open() {
        service.service(address.below(""));
    }
    service.service(api);
}

/// Of a node that does not answer the API.
pub(crate) fn configure_health(service: &mut ServiceConfig) {
    for address in health() {
        service.service(address.below(""));
    }
}

/// What a node counts, at an address of its own.
pub(crate) fn configure_metrics(service: &mut ServiceConfig) {
    service.service(Address::at("/metrics").get(metrics::show).below(""));
}

/// What every node says of itself.
fn health() -> [Address; 2] {
    [
        Address::at("/health/live").get(health::live),
        Address::at("/health/ready").get(health::ready),
    ]
}

/// What everyone may ask.
fn open() -> Vec<Address> {
    let [live, ready] = health();
    vec![
        live,
        ready,
        Address::at("/openapi.json").get(openapi::show),
        Address::at("/docs").get(openapi::page),
        Address::at("/t/{code}").get(links::follow),
        Address::at("/o/{code}")
            .get(opt_out_page::show)
            .post(opt_out_page::act),
    ]
}

/// What needs a key. Words come before an id in their place.
fn authenticated() -> Vec<Address> {
    vec![
        Address::at("/api/Campaigns")
            .get(campaigns::list)
            .post(campaigns::create),
        Address::at("/api/Campaigns/true").post(campaigns::create_leaving_out),
        Address::at("/api/Campaigns/false").post(campaigns::create_refusing),
        Address::at("/api/Campaigns/Preview").post(campaigns::preview::given),
        Address::at("/api/Campaigns/{id}")
            .get(campaigns::show)
            .put(campaigns::replace)
            .post(campaigns::replace_by_post)
            .delete(campaigns::delete),
        Address::at("/api/Campaigns/{id}/Contacts")
            .get(contacts::list)
            .post(contacts::add),
        Address::at("/api/Campaigns/{id}/InvalidContacts").get(invalid_contacts::list),
        Address::at("/api/Campaigns/{id}/Preview").get(campaigns::preview::stored),
        Address::at("/api/Campaigns/{id}/Schedule").get(campaigns::schedule::show),
        Address::at("/api/Campaigns/{id}/Clicks").get(clicks::list),
        Address::at("/api/Campaigns/{id}/Pause").post(campaigns::pause),
        Address::at("/api/Campaigns/{id}/Resume").post(campaigns::resume),
        Address::at("/api/Campaigns/{id}/Cancel").post(campaigns::cancel),
        Address::at("/api/Campaigns/{id}/Unknown").get(campaigns::unknown::list),
        Address::at("/api/Campaigns/{id}/ResendUnknown").post(campaigns::unknown::resend),
        Address::at("/api/ContactGroups")
            .get(contact_groups::list)
            .post(contact_groups::create),
        Address::at("/api/ContactGroups/{id}")
            .get(contact_groups::show)
            .put(contact_groups::rename)
            .delete(contact_groups::delete),
        Address::at("/api/ContactGroups/{id}/Contacts")
            .get(contact_groups::contacts::list)
            .post(contact_groups::contacts::add),
        Address::at("/api/ContactGroups/{id}/Contacts/{contactId}")
            .put(contact_groups::contacts::replace)
            .delete(contact_groups::contacts::remove),
        Address::at("/api/OptOutLinks")
            .get(opt_out_links::list)
            .post(opt_out_links::create),
        Address::at("/api/OptOutLinks/{id}")
            .get(opt_out_links::show)
            .put(opt_out_links::replace)
            .delete(opt_out_links::delete),
        Address::at("/api/OptOuts")
            .get(opt_outs::list)
            .post(opt_outs::record),
        Address::at("/api/OptOuts/History").get(opt_outs::history),
        Address::at("/api/OptOuts/Import").post(opt_outs::import::import),
        Address::at("/api/OptOuts/{id}")
            .get(opt_outs::show)
            .delete(opt_outs::withdraw),
        Address::at("/api/OptOutSettings")
            .get(opt_outs::settings::show)
            .put(opt_outs::settings::set)
            .delete(opt_outs::settings::unset),
        Address::at("/api/SMSMessages")
            .get(sms_messages::list)
            .post(sms_messages::send),
        Address::at("/api/SMSMessages/{id}").get(sms_messages::show),
        Address::at("/api/ApiKeys")
            .get(api_keys::list)
            .post(api_keys::create),
        Address::at("/api/ApiKeys/{id}")
            .get(api_keys::show)
            .delete(api_keys::revoke),
        Address::at("/api/Clients")
            .get(clients::list)
            .post(clients::create),
        Address::at("/api/Clients/{id}")
            .get(clients::show)
            .put(clients::rename),
        Address::at("/api/WebHooks")
            .get(web_hooks::list)
            .post(web_hooks::create),
        Address::at("/api/WebHooks/{id}")
            .get(web_hooks::show)
            .put(web_hooks::replace)
            .delete(web_hooks::delete),
        Address::at("/api/WebHooks/{id}/RotateSecret").post(web_hooks::rotate_secret),
        Address::at("/api/WebHooks/{id}/Deliveries").get(web_hooks::deliveries::list),
        Address::at("/api/WebHooks/{id}/Deliveries/{deliveryId}/Replay")
            .post(web_hooks::deliveries::replay),
        Address::at("/api/InboundMessages").get(inbound_messages::list),
        Address::at("/api/Nodes").get(nodes::list),
        Address::at("/api/Gateways").get(gateways::list),
        Address::at("/api/Gateways/{name}/UnmatchedReceipts").get(gateways::unmatched_receipts),
        Address::at("/api/Gateways/{name}/UnmatchedMessages").get(gateways::unmatched_messages),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi;

    /// Whoever adds an address describes it, and the other way round: with `utoipa::path` at its handler, and a line in
    /// `openapi::Api`.
    #[test]
    fn what_is_served_is_described_and_nothing_else() {
        let addresses = open().into_iter().chain(authenticated());
        let mut served: Vec<(&str, String)> = addresses
            .flat_map(|address| address.takes())
            .filter(|(method, _)| *method != "head")
            .collect();
        served.sort();
        assert_eq!(served, openapi::tests::described());
    }
}
