//! The clicks on a campaign's tracked links.

use clarion_persistence::clicks::{self, StoredClick};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::campaigns::{GivenId, of_campaign};
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::state::{Caller, CampaignsRead};
use crate::{Answer, dates};

#[derive(Serialize, ToSchema)]
#[schema(as = Click)]
#[serde(rename_all = "camelCase")]
struct ClickBody {
    id: i64,
    /// The contact whose link it was.
    contact_id: Uuid,
    /// That contact's number, E.164.
    #[schema(example = "+447722123456")]
    phone_number: String,
    #[schema(format = DateTime)]
    clicked_date_time: String,
    /// What was behind it: `human`, `preview` (a messaging app), `bot`, `prefetch` (a browser that fetches ahead), `head` (only
    /// the headers were asked for), `tooSoon` after the sending.
    #[schema(example = "human")]
    class: &'static str,
    /// The rule that says so; empty for a person, whom no rule fits.
    rule: String,
    /// The kind of device or program.
    #[schema(example = "iOS")]
    agent: String,
    /// In its own words, at most 512 bytes of them.
    user_agent: String,
    /// The network it came from: of IPv4 the first 24 bits of the address, of IPv6 the first 48.
    #[schema(required = true, example = "203.0.113.0/24")]
    network: Option<String>,
}

impl From<StoredClick> for ClickBody {
    fn from(click: StoredClick) -> Self {
        Self {
            id: click.id,
            contact_id: click.recipient.contact_id(),
            phone_number: click.phone,
            clicked_date_time: dates::show(click.at),
            class: click.class.name(),
            rule: click.rule,
            agent: click.agent,
            user_agent: click.user_agent,
            network: click.network,
        }
    }
}

/// Lists the clicks on a campaign's tracked links.
///
/// The newest comes first unless `sorts` says otherwise. A click is here a moment after it was made.
#[utoipa::path(
    get, path = "/api/Campaigns/{id}/Clicks", tag = "Links", operation_id = "listClicks",
    params(("id" = Uuid, Path, description = "The campaign"), ListParameters), security(("key" = ["campaigns:read"])),
    responses((status = 200, description = "A page of clicks", body = PageBody<ClickBody>)),
)]
pub(crate) async fn list(
    caller: Caller<CampaignsRead>,
    id: GivenId,
    asked: Asked<StoredClick>,
) -> Answer {
    let clicks = of_campaign(&caller, &id, move |conn, key| {
        clicks::page(conn, key, &asked.request)
    })
    .await?;
    Ok(paging::answer(clicks, ClickBody::from))
}
