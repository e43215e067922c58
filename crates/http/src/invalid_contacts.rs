//! The contacts that were left out of a campaign because they were invalid, each with its reason.

use clarion_persistence::invalid_contacts::{self, InvalidContact};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Answer;
use crate::campaigns::{GivenId, of_campaign};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::state::{Caller, CampaignsRead};

#[derive(Serialize, ToSchema)]
#[schema(as = InvalidContact)]
#[serde(rename_all = "camelCase")]
struct InvalidContactBody {
    /// Its place among all contacts that were given for the campaign, from 0.
    index: u64,
    /// As it was given.
    #[schema(example = "07722 12")]
    phone_number: String,
    /// The property at fault; empty where it is the contact as a whole.
    #[schema(example = "phoneNumber")]
    property: String,
    /// Why; reads after the property's name.
    #[schema(example = "is not a valid phone number: too short for GB")]
    reason: String,
}

impl From<InvalidContact> for InvalidContactBody {
    fn from(contact: InvalidContact) -> Self {
        Self {
            index: contact.position,
            phone_number: contact.phone_number,
            property: contact.property,
            reason: contact.reason,
        }
    }
}

/// Lists the contacts that were left out because they are invalid.
///
/// They come in the order they were sent in unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}/InvalidContacts", tag = "Contacts", operation_id = "listInvalidContacts",
    params(("id" = Uuid, Path, description = "The campaign"), ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of invalid contacts", body = PageBody<InvalidContactBody>)),
)]
pub(crate) async fn list(
    caller: Caller<CampaignsRead>,
    id: GivenId,
    asked: Asked<InvalidContact>,
) -> Answer {
    let contacts = of_campaign(&caller, &id, move |conn, key| {
        invalid_contacts::page(conn, key, &asked.request)
    })
    .await?;
    Ok(paging::answer(contacts, InvalidContactBody::from))
}
