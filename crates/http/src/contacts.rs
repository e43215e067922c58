//! A campaign's contacts: the list, and how they are read from a body. Adding some is in `add`.

pub(crate) mod add;
mod csv;
pub(crate) mod format;
pub(crate) mod intake;
mod lines;
pub(crate) mod request;
pub(crate) mod row;

use clarion_domain::message::MessageStatus;
use clarion_persistence::recipients::{self, Recipient};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Answer;
use crate::campaigns::{GivenId, of_campaign};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::state::{Caller, CampaignsRead};

pub(crate) use add::add;

/// A contact of a campaign: the published properties in their order, then ours.
#[derive(Serialize, ToSchema)]
#[schema(as = Contact)]
#[serde(rename_all = "camelCase")]
struct ContactBody {
    /// E.164.
    #[schema(example = "+447722123456")]
    phone_number: String,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    custom1: Option<String>,
    #[schema(required = true)]
    custom2: Option<String>,
    id: Uuid,
    #[schema(required = true)]
    contact_group_id: Option<Uuid>,
    /// Where the contact is, whatever the number says.
    #[schema(required = true, example = "Europe/London")]
    time_zone: Option<&'static str>,
    /// The status of the message; null while none was tried.
    #[schema(required = true)]
    status: Option<i16>,
    /// How often a person followed the tracked link.
    clicks: u64,
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
            time_zone: contact.time_zone.map(|zone| zone.name()),
            status: recipient.status.map(MessageStatus::number),
            clicks: recipient.clicks,
        }
    }
}

/// Lists a campaign's contacts.
///
/// They come in the order they were sent in unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}/Contacts", tag = "Contacts", operation_id = "listContacts",
    params(("id" = Uuid, Path, description = "The campaign"), ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of contacts", body = PageBody<ContactBody>)),
)]
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
