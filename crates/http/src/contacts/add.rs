//! Adding contacts to a campaign that is not being sent: all of a body's, or none.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, web};
use clarion_domain::fault::Faults;
use clarion_engine::{Addition, IntakeReport, InvalidContacts};
use serde::Serialize;
use utoipa::ToSchema;

use super::format::{ContactsBody, Format};
use super::intake::{self, Taker};
use super::request::NewContacts;
use crate::Answer;
use crate::body::Meter;
use crate::campaigns::{self, GivenId};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsWrite, Once};

const PARAMETER: &str = "ignoreInvalidPhoneNumbers";

/// What was added, and what was not.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedContacts)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddedBody {
    /// The campaign has these contacts more.
    added: u64,
    /// Left out because they are invalid.
    invalid: u64,
    /// Left out because the campaign has their number already.
    duplicates: u64,
}

/// Adds contacts to a pending or paused campaign.
///
/// All of them are added, or none. Numbers that the campaign has already are dropped. In CSV the first line names the
/// columns in any order and case; an empty cell is a missing value.
#[utoipa::path(
    post, path = "/api/Campaigns/{id}/Contacts", tag = "Contacts", operation_id = "addContacts",
    params(
        ("id" = Uuid, Path, description = "The campaign"),
        ("ignoreInvalidPhoneNumbers" = Option<bool>, Query, description = "With true, invalid contacts are left out; else one is enough to refuse all"),
    ),
    security(("key" = ["campaigns:write"])),
    request_body(content(
        (NewContacts = "application/json", example = json!([{"phoneNumber": "07700 900003", "name": "Ann"}])),
        (String = "application/x-ndjson", example = json!("{\"phoneNumber\": \"07700 900004\"}\n{\"phoneNumber\": \"07700 900005\"}\n")),
        (String = "text/csv", example = json!("phoneNumber,name,custom1\n07700 900006,Ann,Gold\n")),
    )),
    responses(
        (
            status = 200,
            description = "They are added",
            body = AddedBody,
            headers(
                ("X-Invalid-Contacts" = u64, description = "Contacts that were left out because they are invalid"),
                ("X-Duplicate-Contacts" = u64, description = "Contacts that were left out because the campaign has their number already"),
            ),
        ),
        (status = 409, description = "Its status forbids this, or it was changed while the contacts came in"),
    ),
)]
pub(crate) async fn add(
    caller: Caller<CampaignsWrite>,
    GivenId(id): GivenId,
    Choice(invalid): Choice,
    ContactsBody { format, body }: ContactsBody,
) -> Answer {
    let campaign = campaigns::find(&caller, id).await?;
    campaign.status.edit()?;
    let addition = caller.addition(campaign, invalid);
    let once = caller.once();
    let report = body
        .read(move |body| load(format, body, addition, &once))
        .await??;
    Ok(added(&report).into())
}

fn load(
    format: Format,
    body: Meter,
    addition: Addition,
    once: &Once,
) -> Result<IntakeReport, Problem> {
    let mut taker = Taker::new(addition.begin()?);
    match format.read(body, &mut taker) {
        Ok(()) => {
            let load = taker.load;
            Ok(load.finish_with(|conn, report| once.record(conn, &added(report)))?)
        }
        Err(unreadable) => Err(taker.stopped_by(unreadable)),
    }
}

fn added(report: &IntakeReport) -> Reply {
    let body = AddedBody {
        added: report.recipients,
        invalid: report.invalid,
        duplicates: report.duplicates,
    };
    Reply::ok(&body).with(intake::counts(report))
}

/// What the query says about invalid contacts; nothing means that one is enough to refuse all.
pub(crate) struct Choice(pub(crate) InvalidContacts);

impl FromRequest for Choice {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

impl Choice {
    fn read(query: &str) -> Result<Self, Problem> {
        let parameters = web::Query::<Vec<(String, String)>>::from_query(query)
            .map(web::Query::into_inner)
            .unwrap_or_default();
        let mut given = parameters
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(PARAMETER));
        match (given.next(), given.next()) {
            (None, _) => Ok(Self(InvalidContacts::Refuse)),
            (Some((_, value)), None) => Self::named(value),
            (Some(_), Some(_)) => Err(refuse("is given twice")),
        }
    }

    fn named(value: &str) -> Result<Self, Problem> {
        match value.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Self(InvalidContacts::LeaveOut)),
            "false" => Ok(Self(InvalidContacts::Refuse)),
            _ => Err(refuse("must be true or false")),
        }
    }
}

fn refuse(message: &str) -> Problem {
    let mut faults = Faults::default();
    faults.add(PARAMETER, message);
    Problem::invalid(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_read_without_regard_to_case() {
        for (query, wanted) in [
            ("", InvalidContacts::Refuse),
            ("other=true", InvalidContacts::Refuse),
            ("ignoreInvalidPhoneNumbers=False", InvalidContacts::Refuse),
            ("IGNOREINVALIDPHONENUMBERS=TRUE", InvalidContacts::LeaveOut),
        ] {
            let read = Choice::read(query).ok().map(|choice| choice.0);
            assert_eq!(read, Some(wanted), "{query}");
        }
    }

    #[test]
    fn what_is_neither_true_nor_false_is_refused() {
        for query in [
            "ignoreInvalidPhoneNumbers=",
            "ignoreInvalidPhoneNumbers=yes",
            "ignoreInvalidPhoneNumbers=true&ignoreinvalidphonenumbers=true",
        ] {
            assert!(Choice::read(query).is_err(), "{query}");
        }
    }
}
