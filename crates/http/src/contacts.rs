//! A campaign's contacts: the list, and how they are read from a body. Adding some is in `add`.

mod add;
mod csv;
mod format;
pub(crate) mod intake;
mod lines;
pub(crate) mod row;

use clarion_domain::message::MessageStatus;
use clarion_persistence::recipients::{self, Recipient};
use serde::Serialize;
use uuid::Uuid;

use crate::Answer;
use crate::campaigns::{GivenId, of_campaign};
use crate::paging::{self, Asked};
use crate::state::{Caller, CampaignsRead};

pub(crate) use add::add;

/// The published properties in their order, then ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContactBody {
    phone_number: String,
    name: Option<String>,
    custom1: Option<String>,
    custom2: Option<String>,
    id: Uuid,
    contact_group_id: Option<Uuid>,
    status: Option<i16>,
}

impl From<Recipient> for ContactBody {
    fn from(recipient: Recipient) -> Self {
        let contact = recipient.contact;
        Self {
            phone_number: contact.phone.to_string(),
            name: contact.name,
            custom1: contact.custom1,
            custom2: contact.custom2,
            id: recipient.key.contact_id(),
            contact_group_id: contact.contact_group_id,
            status: recipient.status.map(MessageStatus::number),
        }
    }
}

/// `GET /api/Campaigns/{id}/Contacts`
pub(crate) async fn list(
    caller: Caller<CampaignsRead>,
    id: GivenId,
    asked: Asked<Recipient>,
) -> Answer {
    let contacts = of_campaign(&caller, &id, move |conn, key| {
        recipients::page(conn, key, &asked.request)
    })
    .await?;
    Ok(paging::answer(contacts, ContactBody::from))
}
