//! The addresses, as the contract spells them. [`case`](crate::case) brings every path into lower case, so the router gets
//! them in that form. A method that an address does not take is refused by actix, with `Allow`.

mod address;

use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, scope};

use crate::state::authenticate;
use crate::{campaigns, contacts, health, invalid_contacts, sms_messages};
use address::Address;

const API: &str = "/api";

pub(crate) fn configure(service: &mut ServiceConfig) {
    let api = scope(API).wrap(from_fn(authenticate));
    let api = authenticated()
        .into_iter()
        .fold(api, |api, address| api.service(address.below(API)));
    for address in open() {
        service.service(address.below(""));
    }
    service.service(api);
}

/// What everyone may ask.
fn open() -> Vec<Address> {
    vec![
        Address::at("/health/live").get(health::live),
        Address::at("/health/ready").get(health::ready),
    ]
}

/// What needs a key. Words come before an id in their place.
fn authenticated() -> Vec<Address> {
    vec![
        Address::at("/api/Campaigns")
            .get(campaigns::list)
            .post(campaigns::create),
        Address::at("/api/Campaigns/true").post(campaigns::create_leaving_out),
        Address::at("/api/Campaigns/false").post(campaigns::create),
        Address::at("/api/Campaigns/{id}")
            .get(campaigns::show)
            .put(campaigns::replace)
            .post(campaigns::replace_by_post)
            .delete(campaigns::delete),
        Address::at("/api/Campaigns/{id}/Contacts")
            .get(contacts::list)
            .post(contacts::add),
        Address::at("/api/Campaigns/{id}/InvalidContacts").get(invalid_contacts::list),
        Address::at("/api/Campaigns/{id}/Pause").post(campaigns::pause),
        Address::at("/api/Campaigns/{id}/Resume").post(campaigns::resume),
        Address::at("/api/Campaigns/{id}/Cancel").post(campaigns::cancel),
        Address::at("/api/SMSMessages")
            .get(sms_messages::list)
            .post(sms_messages::send),
        Address::at("/api/SMSMessages/{id}").get(sms_messages::show),
    ]
}
