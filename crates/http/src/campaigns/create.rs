//! Making a campaign: its contacts go from the body straight into the engine's intake.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, LOCATION};
use actix_web::web::Path;
use chrono::{DateTime, Utc};
use clarion_engine::{IntakeRefusal, IntakeReport, InvalidContacts, Load};

use super::contact_row::ContactRow;
use super::document::{self, Contacts, Stopped};
use super::header::Header;
use crate::Answer;
use crate::body::json::Unreadable;
use crate::body::{Body, Meter};
use crate::problem::Problem;
use crate::state::{Caller, CampaignsWrite};

const X_INVALID_CONTACTS: HeaderName = HeaderName::from_static("x-invalid-contacts");
const X_DUPLICATE_CONTACTS: HeaderName = HeaderName::from_static("x-duplicate-contacts");

/// `POST /api/Campaigns`
pub(crate) async fn create(caller: Caller<CampaignsWrite>, body: Body) -> Answer {
    make(caller, body, InvalidContacts::Refuse).await
}

/// `POST /api/Campaigns/{ignoreInvalidPhoneNumbers}`
pub(crate) async fn create_choosing(
    caller: Caller<CampaignsWrite>,
    ignore: Path<bool>,
    body: Body,
) -> Answer {
    let invalid = match ignore.into_inner() {
        true => InvalidContacts::LeaveOut,
        false => InvalidContacts::Refuse,
    };
    make(caller, body, invalid).await
}

async fn make(caller: Caller<CampaignsWrite>, body: Body, invalid: InvalidContacts) -> Answer {
    let intake = caller.intake(invalid);
    let now = caller.now();
    let report = body
        .read(move |body| load(body, intake.begin(), now))
        .await??;
    caller.wake();
    Ok(created(&report))
}

fn created(report: &IntakeReport) -> HttpResponse {
    let id = report.id.0;
    HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/Campaigns/{id}")))
        .insert_header((X_INVALID_CONTACTS, report.invalid))
        .insert_header((X_DUPLICATE_CONTACTS, report.duplicates))
        .json(id)
}

/// Reads the document, and makes the campaign where nothing is wrong with it.
fn load(body: Meter, load: Load, now: DateTime<Utc>) -> Result<IntakeReport, Problem> {
    let mut header = Header::default();
    let mut loading = Loading::new(load, now);
    if let Err(unreadable) = document::read(body, &mut header, Some(&mut loading)) {
        return Err(loading.stopped_by(unreadable));
    }
    Ok(loading.finish(header)?)
}

/// Passes contacts on to the intake.
struct Loading {
    load: Load,
    now: DateTime<Utc>,
    /// How many of the document's other properties the intake knows.
    known: usize,
    refusal: Option<IntakeRefusal>,
}

impl Loading {
    fn new(load: Load, now: DateTime<Utc>) -> Self {
        Self {
            load,
            now,
            known: 0,
            refusal: None,
        }
    }

    fn finish(mut self, header: Header) -> Result<IntakeReport, IntakeRefusal> {
        let is_news = self.known == 0 || header.properties() > self.known;
        match header.check(self.now) {
            Ok(content) if is_news => self.load.content(content),
            Ok(_) => {}
            Err(faults) => self.load.faults(faults),
        }
        self.load.finish()
    }

    /// The reason why reading ended early: the intake's, or the body's own. Nothing is left behind before it is told.
    fn stopped_by(self, unreadable: Unreadable) -> Problem {
        self.load.give_up();
        match self.refusal {
            Some(refusal) => refusal.into(),
            None => unreadable.into(),
        }
    }
}

impl Contacts for Loading {
    /// What stands in front of the contacts is told before them, if it is all right so far: an intake that knows the message
    /// need not read the contacts back to see whether it is too long for one of them.
    fn begin(&mut self, header: &Header) {
        if let Ok(content) = header.clone().check(self.now) {
            self.load.content(content);
            self.known = header.properties();
        }
    }

    fn take(&mut self, row: &mut ContactRow) -> Result<(), Stopped> {
        let taken = match row.take() {
            Ok(contact) => self.load.contact(contact),
            Err(refusal) => self.load.unreadable_contact(&refusal),
        };
        taken.map_err(|refusal| {
            self.refusal = Some(refusal);
            Stopped
        })
    }
}
