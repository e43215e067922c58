//! Many opt-outs at once: of people who have opted out elsewhere.
//!
//! They are recorded in pieces while the body is read, each in a transaction of its own: an opt-out counts as soon as it is
//! known, a body that breaks off has told of those in front of the break, and one that is sent again adds nothing.

use std::borrow::Cow;
use std::collections::HashSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use clarion_domain::contact::ContactRefusal;
use clarion_domain::opt_out::{NewOptOut, OptOutDefaults, OptOutDraft, OptOutScope};
use clarion_persistence::contact_groups;
use clarion_persistence::opt_outs::{self, Imported};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Answer;
use crate::body::Meter;
use crate::contacts::format::{ContactsBody, Format};
use crate::contacts::intake::Stopped;
use crate::contacts::row::{Form, Row};
use crate::problem::Problem;
use crate::properties::text_parameter;
use crate::reply::Reply;
use crate::state::{Caller, ContactsWrite, Once, Writer};

/// Opt-outs of one transaction.
const AT_ONCE: usize = 1_000;

/// Faults that are told one by one.
const MOST_TOLD: usize = 100;

static OPT_OUT: Form = Form {
    array: "optOuts",
    called: "opt-outs",
    properties: &[
        "phoneNumber",
        "scope",
        "contactGroupId",
        "sender",
        "evidence",
    ],
};

/// An opt-out of an import. What is missing is as the parameters say. Unknown properties are read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `Importing` reads it")]
#[schema(as = ImportedOptOut, rename_all = "camelCase")]
pub(crate) struct OptOutRequest {
    /// Any written form of a number that can receive text messages.
    #[schema(example = "07700 900003")]
    phone_number: String,
    /// `client`, `group` or `sender`.
    scope: Option<String>,
    /// With the scope `group`.
    contact_group_id: Option<Uuid>,
    /// With the scope `sender`.
    sender: Option<String>,
    /// What shows it.
    #[schema(max_length = 1000)]
    evidence: Option<String>,
}

/// Opt-outs as an array, in an object, or one by itself.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `Importing` reads it")]
#[schema(as = ImportedOptOuts)]
#[serde(untagged)]
pub(crate) enum OptOutsRequest {
    /// The opt-outs themselves.
    #[schema(title = "Array")]
    Array(Vec<OptOutRequest>),
    /// An object that holds them.
    #[schema(title = "Object", rename_all = "camelCase")]
    Object {
        /// The opt-outs.
        opt_outs: Vec<OptOutRequest>,
    },
    /// An opt-out by itself.
    #[schema(title = "OptOut")]
    One(OptOutRequest),
}

/// What came of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = OptOutImport)]
#[serde(rename_all = "camelCase")]
struct ImportBody {
    /// They were not in force before.
    added: u64,
    /// They were, or stand in the body twice.
    known: u64,
    /// Left out because they are invalid.
    invalid: u64,
    /// What is wrong with the first hundred of those.
    faults: Vec<FaultBody>,
}

/// Why an opt-out was left out.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OptOutImportFault)]
#[serde(rename_all = "camelCase")]
struct FaultBody {
    /// Its place among the opt-outs of the body, from 0.
    index: u64,
    /// The line of the body that it begins in, from 1.
    line: u64,
    /// The property at fault; empty where it is the opt-out as a whole.
    #[schema(example = "phoneNumber")]
    property: String,
    #[schema(example = "is not a valid phone number: it is too short")]
    message: String,
}

/// What the query says of opt-outs that do not say it themselves.
pub(crate) struct Defaults(OptOutDefaults);

impl FromRequest for Defaults {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = |name| text_parameter(request.query_string(), name);
        let defaults = OptOutDefaults {
            scope: given("scope"),
            contact_group_id: given("contactGroupId"),
            sender: given("sender"),
            evidence: given("evidence"),
        };
        let checked = defaults.check().map_err(Problem::invalid);
        ready(checked.map(|()| Self(defaults)))
    }
}

/// Records many opt-outs.
///
/// They are recorded while the body is read, a thousand at a time: where it breaks off, those in front of that are recorded.
/// Invalid ones are left out. Whoever has opted out already stays so; the same body again adds nothing. In CSV the first line
/// names the columns in any order and case; an empty cell is a missing value.
#[utoipa::path(
    post, path = "/api/OptOuts/Import", tag = "OptOuts", operation_id = "importOptOuts",
    params(
        ("scope" = Option<String>, Query, description = "What those have opted out of that do not say: `client` (the usual), `group` or `sender`"),
        ("contactGroupId" = Option<Uuid>, Query, description = "The group of those that do not say"),
        ("sender" = Option<String>, Query, description = "The sender id of those that do not say"),
        ("evidence" = Option<String>, Query, description = "What shows those opt-outs that do not say, up to 1,000 characters"),
    ),
    security(("key" = ["contacts:write"])),
    request_body(content(
        (OptOutsRequest = "application/json", example = json!([{"phoneNumber": "07700 900003", "evidence": "row 7 of the old list"}])),
        (String = "application/x-ndjson", example = json!("{\"phoneNumber\": \"07700 900004\"}\n{\"phoneNumber\": \"07700 900005\"}\n")),
        (String = "text/csv", example = json!("phoneNumber,scope,sender\n07700 900006,sender,ACME\n")),
    )),
    responses((status = 200, description = "They are recorded, but for the invalid ones", body = ImportBody)),
)]
pub(crate) async fn import(
    caller: Caller<ContactsWrite>,
    Defaults(defaults): Defaults,
    ContactsBody { format, body }: ContactsBody,
) -> Answer {
    let importing = Importing::new(caller.writer(), defaults, caller.now());
    let once = caller.once();
    let reply = body
        .read(move |body| load(format, body, importing, &once))
        .await??;
    Ok(reply.into())
}

fn load(
    format: Format,
    body: Meter,
    mut importing: Importing,
    once: &Once,
) -> Result<Reply, Problem> {
    let gauge = body.gauge();
    let mut refused = None;
    let read = format.read_each(body, &OPT_OUT, &mut |row| {
        let taken = importing.take(row, gauge.first_line());
        taken.map_err(|problem| {
            refused = Some(problem);
            Stopped
        })
    });
    match (read, refused) {
        (Ok(()), _) => importing.finish(once),
        (Err(_), Some(problem)) => Err(problem),
        (Err(unreadable), None) => {
            importing.record()?;
            Err(unreadable.into())
        }
    }
}

/// Takes opt-outs one by one, and records them in pieces.
struct Importing {
    writer: Writer,
    defaults: OptOutDefaults,
    now: DateTime<Utc>,
    /// The client's contact groups; read when the first opt-out names one.
    groups: Option<HashSet<Uuid>>,
    piece: Vec<NewOptOut>,
    read: u64,
    imported: Imported,
    invalid: u64,
    faults: Vec<FaultBody>,
}

impl Importing {
    fn new(writer: Writer, defaults: OptOutDefaults, now: DateTime<Utc>) -> Self {
        Self {
            writer,
            defaults,
            now,
            groups: None,
            piece: Vec::with_capacity(AT_ONCE),
            read: 0,
            imported: Imported::default(),
            invalid: 0,
            faults: Vec::new(),
        }
    }

    /// Takes the opt-out in the row, which begins in this line.
    fn take(&mut self, row: &mut Row, line: u64) -> Result<(), Problem> {
        let index = self.read;
        self.read += 1;
        match self.checked(row)? {
            Ok(new) => self.piece.push(new),
            Err((property, message)) => self.leave_out(FaultBody {
                index,
                line,
                property,
                message,
            }),
        }
        match self.piece.len() < AT_ONCE {
            true => Ok(()),
            false => self.record(),
        }
    }

    fn leave_out(&mut self, fault: FaultBody) {
        self.invalid += 1;
        if self.faults.len() < MOST_TOLD {
            self.faults.push(fault);
        }
    }

    /// The opt-out, or the property at fault and what is wrong with it.
    fn checked(&mut self, row: &mut Row) -> Result<Result<NewOptOut, (String, String)>, Problem> {
        if let Err(refusal) = row.check() {
            return Ok(Err(told(&refusal)));
        }
        let draft = self.defaults.complete(read(row));
        let new = match draft.check_imported(self.writer.phones()) {
            Ok(new) => new,
            Err(faults) => {
                let first = faults.listed().first().cloned();
                let first = first.map(|fault| (fault.path, fault.message));
                return Ok(Err(first.unwrap_or_default()));
            }
        };
        Ok(match &new.scope {
            OptOutScope::Group(group) if !self.has_group(*group)? => {
                Err(told(&ContactRefusal::UnknownGroup))
            }
            _ => Ok(new),
        })
    }

    fn has_group(&mut self, group: Uuid) -> Result<bool, Problem> {
        let groups = match self.groups.take() {
            Some(groups) => groups,
            None => {
                let ids = self.writer.read(contact_groups::ids)?;
                ids.into_iter().map(|(id, _)| id).collect()
            }
        };
        let groups = self.groups.insert(groups);
        Ok(groups.contains(&group))
    }

    /// Records what was taken since the last time.
    fn record(&mut self) -> Result<(), Problem> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let (piece, now) = (&self.piece, self.now);
        let done = self
            .writer
            .write(|conn, client| opt_outs::import(conn, client, piece, now))?;
        self.imported = with(self.imported, done);
        self.piece.clear();
        Ok(())
    }

    /// Records the rest, and the answer beside it.
    fn finish(self, once: &Once) -> Result<Reply, Problem> {
        self.writer.write(|conn, client| {
            let done = opt_outs::import(conn, client, &self.piece, self.now)?;
            let reply = self.reply(with(self.imported, done));
            once.record(conn, &reply)?;
            Ok(reply)
        })
    }

    fn reply(&self, Imported { added, known }: Imported) -> Reply {
        Reply::ok(&ImportBody {
            added,
            known,
            invalid: self.invalid,
            faults: self.faults.clone(),
        })
    }
}

fn with(one: Imported, other: Imported) -> Imported {
    Imported {
        added: one.added + other.added,
        known: one.known + other.known,
    }
}

fn read(row: &Row) -> OptOutDraft {
    let text = |place| row.get(place).map(Cow::into_owned);
    OptOutDraft {
        phone_number: text(0),
        scope: text(1),
        contact_group_id: text(2),
        sender: text(3),
        source: None,
        evidence: text(4),
    }
}

fn told(refusal: &ContactRefusal) -> (String, String) {
    (refusal.property().to_owned(), refusal.to_string())
}
