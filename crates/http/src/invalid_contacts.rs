//! The contacts that were left out of a campaign because they were invalid, each with its reason.

use clarion_persistence::invalid_contacts::{self, InvalidContact};
use serde::Serialize;

use crate::Answer;
use crate::campaigns::{GivenId, of_campaign};
use crate::paging::{self, Asked};
use crate::state::{Caller, CampaignsRead};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvalidContactBody {
    index: u64,
    phone_number: String,
    property: String,
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

/// `GET /api/Campaigns/{id}/InvalidContacts`
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
