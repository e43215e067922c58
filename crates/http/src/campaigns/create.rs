//! Making a campaign: its contacts go from the body straight into the engine's intake.

use actix_web::http::header::HeaderName;
use chrono::{DateTime, Utc};
use clarion_engine::{IntakeRefusal, IntakeReport, InvalidContacts, Load};
use utoipa::IntoResponses;
use uuid::Uuid;

use super::document::{self, Contacts};
use super::header::Header;
use super::request::CampaignRequest;
use crate::Answer;
use crate::body::{Body, Meter};
use crate::contacts::intake::{self, Stopped, Taker};
use crate::contacts::row::Row;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::state::{Caller, CampaignsWrite, Once};

const X_EXCLUDED_CONTACTS: HeaderName = HeaderName::from_static("x-excluded-contacts");

/// The id of the new campaign.
#[derive(IntoResponses)]
#[response(
    status = 201,
    content_type = "application/json",
    headers(
        ("Location" = String, description = "The address of the campaign"),
        ("X-Invalid-Contacts" = u64, description = "Contacts that were left out because they are invalid"),
        ("X-Duplicate-Contacts" = u64, description = "Contacts that were left out because their number stood there already"),
        ("X-Excluded-Contacts" = u64, description = "Contacts that were left out because an excluded group has their number; where there are any"),
    ),
)]
#[expect(dead_code, reason = "only described: `created` writes it")]
struct Created(Uuid);

/// Makes a campaign.
///
/// One invalid contact is enough to refuse it; nothing is stored then.
#[utoipa::path(
    post, path = "/api/Campaigns", tag = "Campaigns", operation_id = "createCampaign", security(("key" = ["campaigns:write"])),
    request_body = CampaignRequest,
    responses(Created),
)]
pub(crate) async fn create(caller: Caller<CampaignsWrite>, body: Body) -> Answer {
    make(caller, body, InvalidContacts::Refuse).await
}

/// Makes a campaign of the valid contacts.
///
/// The others are left out, and can be read afterwards with their reasons.
#[utoipa::path(
    post, path = "/api/Campaigns/true", tag = "Campaigns", operation_id = "createCampaignIgnoringInvalid", security(("key" = ["campaigns:write"])),
    request_body = CampaignRequest,
    responses(Created),
)]
pub(crate) async fn create_leaving_out(caller: Caller<CampaignsWrite>, body: Body) -> Answer {
    make(caller, body, InvalidContacts::LeaveOut).await
}

/// Makes a campaign, unless a contact is invalid.
///
/// The same as the call without a last segment.
#[utoipa::path(
    post, path = "/api/Campaigns/false", tag = "Campaigns", operation_id = "createCampaignRefusingInvalid", security(("key" = ["campaigns:write"])),
    request_body = CampaignRequest,
    responses(Created),
)]
pub(crate) async fn create_refusing(caller: Caller<CampaignsWrite>, body: Body) -> Answer {
    make(caller, body, InvalidContacts::Refuse).await
}

async fn make(caller: Caller<CampaignsWrite>, body: Body, invalid: InvalidContacts) -> Answer {
    let intake = caller.intake(invalid);
    let once = caller.once();
    let now = caller.now();
    let report = body
        .read(move |body| load(body, Loading::new(intake.begin(), once, now)))
        .await??;
    caller.wake();
    Ok(created(&report).into())
}

fn created(report: &IntakeReport) -> Reply {
    let id = report.id.0;
    let excluded = (report.excluded > 0).then_some((X_EXCLUDED_CONTACTS, report.excluded));
    Reply::created(&format!("/api/Campaigns/{id}"), &id)
        .with(intake::counts(report).into_iter().chain(excluded))
}

/// Reads the document, and makes the campaign where nothing is wrong with it.
fn load(body: Meter, mut loading: Loading) -> Result<IntakeReport, Problem> {
    let mut header = Header::default();
    if let Err(unreadable) = document::read(body, &mut header, Some(&mut loading)) {
        return Err(loading.taker.stopped_by(unreadable));
    }
    Ok(loading.finish(header)?)
}

/// Passes contacts on to the intake.
struct Loading {
    taker: Taker,
    once: Once,
    now: DateTime<Utc>,
    /// How many of the document's other properties the intake knows.
    known: usize,
}

impl Loading {
    fn new(load: Load, once: Once, now: DateTime<Utc>) -> Self {
        Self {
            taker: Taker::new(load),
            once,
            now,
            known: 0,
        }
    }

    fn finish(self, header: Header) -> Result<IntakeReport, IntakeRefusal> {
        let is_news = self.known == 0 || header.properties() > self.known;
        let mut load = self.taker.load;
        match header.audience() {
            Ok(audience) => load.audience(audience),
            Err(faults) => load.faults(faults),
        }
        let link = header.opt_out_link();
        match header.check(self.now) {
            Ok(content) if is_news => load.content(content),
            Ok(_) => {}
            Err(faults) => {
                load.opt_out_link(link);
                load.faults(faults);
            }
        }
        load.finish_with(|conn, report| self.once.record(conn, &created(report)))
    }
}

impl Contacts for Loading {
    /// What stands in front of the contacts is told before them, if it is all right so far: an intake that knows the message
    /// need not read the contacts back to see whether it is too long for one of them.
    fn begin(&mut self, header: &Header) {
        if let Ok(content) = header.clone().check(self.now) {
            self.taker.load.content(content);
            self.known = header.properties();
        }
    }

    fn take(&mut self, row: &mut Row) -> Result<(), Stopped> {
        self.taker.take(row)
    }
}
