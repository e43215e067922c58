//! A problem of each kind as it may really come, for the description of the API.

use clarion_domain::campaign::CampaignStatus;
use clarion_domain::fault::Faults;

use super::{Kind, Problem};

impl Problem {
    /// One of this kind.
    pub(crate) fn example(kind: Kind) -> Self {
        let detail = match kind {
            Kind::Invalid => return invalid(),
            Kind::Unreadable => {
                let message = "line 1, column 107400012: expected `,` or `}`".to_owned();
                return Self::unreadable("contacts[899999]", message);
            }
            Kind::NotFound => return Self::no_campaign(),
            Kind::Conflict => return conflict(),
            Kind::Unauthorized => "no API key is given",
            Kind::MissingScope => "the API key lacks the scope campaigns:write",
            Kind::NoAddress => "no resource has this address",
            Kind::MethodNotAllowed => "PATCH is not among the methods of this address",
            Kind::TooSlow => {
                "contacts[41], line 1, column 4711: the body's bytes were waited for longer than 300 seconds in all"
            }
            Kind::TooLarge => "a body may have at most 536870912 bytes",
            Kind::MediaType => "text/plain is not taken here; application/json in UTF-8 is",
            Kind::Internal => "the service's log tells more under the request id",
            Kind::Unavailable => "the database is busy or cannot be reached",
            Kind::UnderWay => {
                "the first request with this idempotency key is under way; ask again for its answer"
            }
            Kind::KeyReused => {
                "this idempotency key came with another address or body before; take a new key for a new request"
            }
            Kind::TooMany => "requests with this API key come too fast",
            Kind::BadRequest => kind.title(),
        };
        Self::new(kind, detail)
    }
}

fn invalid() -> Problem {
    let mut faults = Faults::default();
    faults.add(
        "contacts[3].phoneNumber",
        "is not a valid phone number: too short for GB",
    );
    faults.add("sender", "is required");
    Problem::invalid(faults)
}

/// The words are the domain's.
fn conflict() -> Problem {
    match CampaignStatus::Sending.edit() {
        Err(forbidden) => forbidden.into(),
        Ok(()) => Problem::new(Kind::Conflict, Kind::Conflict.title()),
    }
}
