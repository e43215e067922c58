//! Messages from handsets that answer the client's campaigns.

use clarion_domain::recipient::RecipientKey;
use clarion_persistence::inbound_messages::{self, Reply};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::state::{Caller, CampaignsRead};
use crate::{Answer, dates};

#[derive(Serialize, ToSchema)]
#[schema(as = InboundMessage)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InboundMessageBody {
    id: i64,
    /// The gateway that it came over.
    gateway: String,
    /// The number that wrote it, as the provider gives it.
    #[schema(example = "447722123456")]
    from: String,
    /// The sender id that it was sent to.
    to: String,
    message: String,
    #[schema(format = DateTime)]
    received_date_time: String,
    /// The campaign that it answers; `null` where it answers a single message, or it is not known.
    campaign_id: Option<Uuid>,
    /// The contact that wrote it.
    contact_id: Option<Uuid>,
}

impl From<Reply> for InboundMessageBody {
    fn from(reply: Reply) -> Self {
        Self {
            id: reply.id,
            gateway: reply.gateway,
            from: reply.message.source,
            to: reply.message.destination,
            message: reply.message.text,
            received_date_time: dates::show(reply.message.received_at),
            campaign_id: reply.campaign.map(|id| id.0),
            contact_id: reply.recipient.map(RecipientKey::contact_id),
        }
    }
}

/// Lists the replies to the client's campaigns and messages.
///
/// A reply belongs to the latest that wrote to its number from the sender that it answers. The newest comes first unless
/// `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/InboundMessages", tag = "InboundMessages", operation_id = "listInboundMessages",
    params(ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of replies", body = PageBody<InboundMessageBody>)),
)]
pub(crate) async fn list(caller: Caller<CampaignsRead>, asked: Asked<Reply>) -> Answer {
    let replies = caller
        .read(move |conn, client| inbound_messages::page(conn, client, &asked.request))
        .await?;
    Ok(paging::answer(replies, InboundMessageBody::from))
}
