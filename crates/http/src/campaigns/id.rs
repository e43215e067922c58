//! The id of a campaign in a path.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use clarion_domain::campaign::CampaignId;
use uuid::Uuid;

use crate::problem::Problem;

/// An id that may be a campaign's. Ids are matched as they are: one in another spelling names nothing.
pub(crate) struct GivenId(pub(crate) CampaignId);

impl FromRequest for GivenId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(read);
        ready(id.map(Self).ok_or_else(Problem::no_campaign))
    }
}

fn read(text: &str) -> Option<CampaignId> {
    let id = Uuid::try_parse(text).ok()?;
    (id.to_string() == text).then_some(CampaignId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_spelling_of_answers_names_a_campaign() {
        let id = "01920000-0000-7000-8000-00000000abcd";
        assert_eq!(read(id).map(|id| id.0.to_string()).as_deref(), Some(id));
        for other in [
            "01920000-0000-7000-8000-00000000ABCD",
            "019200000000700080000000000000abcd",
            "{01920000-0000-7000-8000-00000000abcd}",
            "1",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
