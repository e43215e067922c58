//! The id of a message in a path: its integer id, or its GUID.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use clarion_domain::recipient::RecipientKey;
use uuid::Uuid;

use crate::problem::Problem;

/// The place that a message's id names. Ids are matched as they are: one in another spelling names nothing.
pub(crate) struct GivenId(pub(super) RecipientKey);

impl FromRequest for GivenId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(read);
        ready(id.map(Self).ok_or_else(Problem::no_message))
    }
}

/// The place that a message's id names.
pub(crate) fn read(text: &str) -> Option<RecipientKey> {
    let recipient = match text.parse() {
        Ok(number) => RecipientKey::from_message_id(number)?,
        Err(_) => RecipientKey::from_message_guid(Uuid::try_parse(text).ok()?)?,
    };
    let spellings = [
        recipient.message_id().to_string(),
        recipient.message_guid().to_string(),
    ];
    spellings.iter().any(|id| id == text).then_some(recipient)
}

#[cfg(test)]
mod tests {
    use clarion_domain::recipient::CampaignKey;

    use super::*;

    #[test]
    fn both_ids_name_a_message_in_their_own_spelling() {
        let recipient = RecipientKey {
            campaign: CampaignKey(7),
            seq: 9,
        };
        let (number, guid) = (recipient.message_id(), recipient.message_guid());
        for id in [number.to_string(), guid.to_string()] {
            assert_eq!(read(&id), Some(recipient), "{id}");
        }
        let contact = recipient.contact_id().to_string();
        let others = [
            format!("+{number}"),
            format!("0{number}"),
            guid.simple().to_string(),
            contact,
        ];
        for id in others
            .iter()
            .map(String::as_str)
            .chain(["", "0", "-1", "x"])
        {
            assert_eq!(read(id), None, "{id}");
        }
    }
}
