//! Messages of which it is not known whether they were sent, for those who decide what becomes of them.

use clarion_domain::client::ClientId;
use clarion_domain::page::Page;
use clarion_domain::recipient::CampaignKey;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Found, Message, PROPERTIES, of_client};
use crate::listing::{self, ListRequest};
use crate::schema::messages;
use crate::{Conn, StoreError, stored};

/// In SQL, whether it is not known whether a message was sent. A message that was sent may end as unknown, too: nobody need
/// decide about that one. Written so that a partial index fits.
pub(crate) const IN_DOUBT: &str = "messages.status = 6 AND messages.unknown_since IS NOT NULL";

/// A page of a campaign's messages that are in doubt.
///
/// # Errors
/// The database's.
pub fn unknown(
    conn: &mut Conn,
    client: ClientId,
    campaign: CampaignKey,
    request: &ListRequest,
) -> Result<Page<Message>, StoreError> {
    let wanted = of_client(client.0)
        .filter(messages::campaign_id.eq(campaign.0))
        .filter(sql::<Bool>(IN_DOUBT))
        .filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let rows: Vec<Found> = wanted
        .order(listing::ordered(
            conn,
            &request.sorts,
            "messages.seq",
            &PROPERTIES[0],
        ))
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Found::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(|found| found.into_message(client))
        .collect::<Result<_, _>>()?;
    Ok(Page::new(
        request.page,
        stored::unsigned("count", total)?,
        items,
    ))
}

#[cfg(test)]
mod tests {
    use clarion_domain::message::MessageStatus;

    use super::IN_DOUBT;

    #[test]
    fn the_condition_has_the_status_s_number() {
        let status = format!("messages.status = {} AND ", MessageStatus::Unknown.number());
        assert!(IN_DOUBT.starts_with(&status));
    }
}
