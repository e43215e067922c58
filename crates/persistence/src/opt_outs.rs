//! Opt-outs: who wants no more messages, asked when messages are marked, and the log of how that came to be.
//!
//! An opt-out and a mark of the same client exclude each other (`dialect::lock_consent`): whoever marks waits for an opt-out
//! that is about to be committed and then sees it, and an opt-out waits for marks that are under way. So what is marked after
//! an opt-out's commit has been checked against it.

mod consents;
mod import;
mod settings;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::contact::Contact;
use clarion_domain::opt_out::{
    Consent, NumberHash, OptOutScope, OptOutSource, ScopeKind, SenderName,
};
use clarion_domain::page::Page;
use clarion_domain::phone::PhoneNumber;
use clarion_domain::recipient::CampaignKey;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::conn::on_each_backend;
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text, uuid};
use crate::schema::{opt_outs, recipients};
use crate::{Conn, StoreError, dialect, stored};

pub(crate) use consents::append;
pub use consents::{CONSENT_PROPERTIES, ConsentEntry, history};
pub use import::{Imported, import};
pub use settings::{set, settings, unset};

/// Recipients that one statement asks about: each is a bound value.
const ASKED_AT_ONCE: usize = 1_000;

/// What a recipient has opted out of that stops a message to it: everything, its group, or the sender.
const STOPPED: &str = "(opt_outs.scope = 'client'
    OR (opt_outs.scope = 'group' AND opt_outs.scope_value = recipients.contact_group_id)
    OR (opt_outs.scope = 'sender' AND opt_outs.scope_value = ";

/// An opt-out that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOut {
    /// Its number.
    pub id: i64,
    /// E.164; `None` where the person was erased.
    pub number: Option<String>,
    /// What somebody has opted out of.
    pub scope: OptOutScope,
    /// By what it came to be known.
    pub source: OptOutSource,
    /// It was most likely meant so.
    pub probable: bool,
    /// What shows it, such as the text of a reply.
    pub evidence: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// How consent changes, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentChange<'a> {
    /// Opted out of what, or in to what.
    pub scope: OptOutScope,
    /// By what it came to be known.
    pub source: OptOutSource,
    /// It was most likely meant so.
    pub probable: bool,
    /// What shows it, or the reason.
    pub evidence: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What came of an opt-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The opt-out that is in force.
    pub id: i64,
    /// It was not before.
    pub is_new: bool,
}

/// Records that somebody has opted out. One that is in force already stays as it is.
///
/// # Errors
/// The database's.
pub fn record(
    conn: &mut Conn,
    client: ClientId,
    number: PhoneNumber,
    change: &ConsentChange<'_>,
) -> Result<Recorded, StoreError> {
    dialect::lock_consent(conn, client.0)?;
    let number = number.to_string();
    if let Some(id) = standing(conn, client, &number, &change.scope)? {
        return Ok(Recorded { id, is_new: false });
    }
    let row = (
        opt_outs::client_id.eq(client.0),
        opt_outs::number.eq(&number),
        opt_outs::scope.eq(change.scope.kind().name()),
        opt_outs::scope_value.eq(change.scope.value()),
        opt_outs::source.eq(change.source.name()),
        opt_outs::probable.eq(change.probable),
        opt_outs::evidence.eq(change.evidence.map(stored::without_nul)),
        opt_outs::created_at.eq(stored::shown_moment(change.at)),
    );
    let id = on_each_backend!(conn, inner => diesel::insert_into(opt_outs::table)
        .values(row)
        .returning(opt_outs::id)
        .get_result(inner))?;
    append(conn, client, &number, Consent::OptOut, change)?;
    Ok(Recorded { id, is_new: true })
}

/// Takes an opt-out back: the person opts in again. Whether there was one.
///
/// # Errors
/// The database's.
pub fn withdraw(
    conn: &mut Conn,
    client: ClientId,
    id: i64,
    source: OptOutSource,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    dialect::lock_consent(conn, client.0)?;
    let Some(row) = row(conn, client, id)? else {
        return Ok(false);
    };
    remove(conn, client, row, source, Some(reason), at)?;
    Ok(true)
}

/// Takes every opt-out of a number back that a message from this sender falls under; how many there were.
///
/// # Errors
/// The database's.
pub fn opt_in(
    conn: &mut Conn,
    client: ClientId,
    number: PhoneNumber,
    source: OptOutSource,
    evidence: Option<&str>,
    at: DateTime<Utc>,
) -> Result<usize, StoreError> {
    dialect::lock_consent(conn, client.0)?;
    let rows: Vec<Row> = opt_outs::table
        .filter(opt_outs::client_id.eq(client.0))
        .filter(opt_outs::number.eq(number.to_string()))
        .select(Row::as_select())
        .load(conn)?;
    let count = rows.len();
    for row in rows {
        remove(conn, client, row, source, evidence, at)?;
    }
    Ok(count)
}

/// Takes one opt-out back, where it is in force; whether it was.
///
/// # Errors
/// The database's.
pub fn undo(
    conn: &mut Conn,
    client: ClientId,
    number: PhoneNumber,
    change: &ConsentChange<'_>,
) -> Result<bool, StoreError> {
    dialect::lock_consent(conn, client.0)?;
    let Some(id) = standing(conn, client, &number.to_string(), &change.scope)? else {
        return Ok(false);
    };
    let Some(row) = row(conn, client, id)? else {
        return Ok(false);
    };
    remove(conn, client, row, change.source, change.evidence, change.at)?;
    Ok(true)
}

fn remove(
    conn: &mut Conn,
    client: ClientId,
    row: Row,
    source: OptOutSource,
    evidence: Option<&str>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::delete(opt_outs::table.find(row.id)).execute(conn)?;
    let change = ConsentChange {
        scope: scope(&row.scope, &row.scope_value)?,
        source,
        probable: false,
        evidence,
        at,
    };
    append(conn, client, &row.number, Consent::OptIn, &change)
}

/// Whether a number is out of a scope, exactly this one.
///
/// # Errors
/// The database's.
pub fn is_out(
    conn: &mut Conn,
    client: ClientId,
    number: PhoneNumber,
    scope: &OptOutScope,
) -> Result<bool, StoreError> {
    Ok(standing(conn, client, &number.to_string(), scope)?.is_some())
}

fn standing(
    conn: &mut Conn,
    client: ClientId,
    number: &str,
    scope: &OptOutScope,
) -> Result<Option<i64>, StoreError> {
    let id = opt_outs::table
        .filter(opt_outs::client_id.eq(client.0))
        .filter(opt_outs::number.eq(number))
        .filter(opt_outs::scope.eq(scope.kind().name()))
        .filter(opt_outs::scope_value.eq(scope.value()))
        .select(opt_outs::id)
        .first(conn)
        .optional()?;
    Ok(id)
}

/// Keeps opt-outs of a client from being committed until the transaction ends. To be called before anything else is locked:
/// whoever opts out has this lock first, too.
///
/// # Errors
/// The database's.
pub fn hold(conn: &mut Conn, client: ClientId) -> Result<(), StoreError> {
    dialect::hold_consent(conn, client.0)
}

/// [`hold`], which also keeps others from the same until the transaction ends: so who counts what the client has sent counts all.
///
/// # Errors
/// The database's.
pub fn hold_alone(conn: &mut Conn, client: ClientId) -> Result<(), StoreError> {
    dialect::lock_consent(conn, client.0)
}

/// Those of a campaign's recipients whom no message from this sender may be sent to. To be asked in the transaction that marks
/// them, after [`hold`].
///
/// # Errors
/// The database's.
pub fn suppressed(
    conn: &mut Conn,
    client: ClientId,
    sender: &SenderName,
    campaign: CampaignKey,
    seqs: &[u32],
) -> Result<BTreeSet<u32>, StoreError> {
    let mut found = BTreeSet::new();
    if !has_any(conn, client)? {
        return Ok(found);
    }
    for some in seqs.chunks(ASKED_AT_ONCE) {
        let stopped = sql::<Bool>(STOPPED)
            .bind::<Text, _>(sender.as_str())
            .sql("))");
        let some = some.iter().map(|seq| stored::seq(*seq));
        let rows: Vec<i32> = recipients::table
            .inner_join(
                opt_outs::table.on(opt_outs::number
                    .eq(recipients::phone)
                    .and(opt_outs::client_id.eq(client.0))),
            )
            .filter(recipients::campaign_id.eq(campaign.0))
            .filter(recipients::seq.eq_any(some))
            .filter(stopped)
            .select(recipients::seq)
            .load(conn)?;
        for seq in rows {
            found.insert(stored::unsigned("sequence number", seq)?);
        }
    }
    Ok(found)
}

/// The numbers, as [`PhoneNumber::digits`], of those contacts whom no message from this sender may be sent to. What is asked
/// without a [`hold`] is good for a preview only.
///
/// # Errors
/// The database's.
pub fn among(
    conn: &mut Conn,
    client: ClientId,
    sender: &SenderName,
    contacts: &[Contact],
) -> Result<HashSet<u64>, StoreError> {
    let mut found = HashSet::new();
    if !has_any(conn, client)? {
        return Ok(found);
    }
    for some in contacts.chunks(ASKED_AT_ONCE) {
        let numbers: HashMap<String, &Contact> = some
            .iter()
            .map(|contact| (contact.phone.to_string(), contact))
            .collect();
        let rows: Vec<(String, String, String)> = opt_outs::table
            .filter(opt_outs::client_id.eq(client.0))
            .filter(opt_outs::number.eq_any(numbers.keys()))
            .select((opt_outs::number, opt_outs::scope, opt_outs::scope_value))
            .load(conn)?;
        for (number, scope, value) in rows {
            let Some(contact) = numbers.get(&number) else {
                continue;
            };
            let group = contact.contact_group_id.map(|id| id.to_string());
            let stops = match scope.as_str() {
                "client" => true,
                "group" => group.as_deref() == Some(value.as_str()),
                _ => value == sender.as_str(),
            };
            if stops {
                found.insert(contact.phone.digits());
            }
        }
    }
    Ok(found)
}

fn has_any(conn: &mut Conn, client: ClientId) -> Result<bool, StoreError> {
    let any = opt_outs::table
        .filter(opt_outs::client_id.eq(client.0))
        .select(opt_outs::id)
        .first::<i64>(conn)
        .optional()?;
    Ok(any.is_some())
}

/// What opt-outs can be filtered and sorted by.
pub static PROPERTIES: [Property; 9] = [
    integer("id", "opt_outs.id"),
    nullable(text(
        "phoneNumber",
        "(CASE WHEN opt_outs.number LIKE '+%' THEN opt_outs.number END)",
    )),
    text("scope", "opt_outs.scope"),
    nullable(uuid(
        "contactGroupId",
        "(CASE WHEN opt_outs.scope = 'group' THEN opt_outs.scope_value END)",
    )),
    nullable(text(
        "sender",
        "(CASE WHEN opt_outs.scope = 'sender' THEN opt_outs.scope_value END)",
    )),
    text("source", "opt_outs.source"),
    text(
        "probable",
        "(CASE WHEN opt_outs.probable THEN 'true' ELSE 'false' END)",
    ),
    nullable(text("evidence", "opt_outs.evidence")),
    date_time("createdAt", "opt_outs.created_at"),
];

/// The newest first.
const OWN_ORDER: &str = "opt_outs.id DESC";

/// A page of a client's opt-outs.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<OptOut>, StoreError> {
    let wanted = opt_outs::table
        .filter(opt_outs::client_id.eq(client.0))
        .filter(listing::passing(conn, &request.filter));
    listing::page!(conn, request, wanted, Row => OptOut, (OWN_ORDER, &PROPERTIES[0]))
}

/// A client's opt-out.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, client: ClientId, id: i64) -> Result<Option<OptOut>, StoreError> {
    row(conn, client, id)?.map(OptOut::try_from).transpose()
}

fn row(conn: &mut Conn, client: ClientId, id: i64) -> Result<Option<Row>, StoreError> {
    let row = opt_outs::table
        .find(id)
        .filter(opt_outs::client_id.eq(client.0))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row)
}

/// The number as it may be shown.
fn shown(number: String) -> Option<String> {
    (!number.starts_with(NumberHash::SIGN)).then_some(number)
}

fn scope(kind: &str, value: &str) -> Result<OptOutScope, StoreError> {
    ScopeKind::named(kind)
        .and_then(|kind| OptOutScope::from_value(kind, value))
        .ok_or_else(|| stored::corrupt("scope of an opt-out", kind))
}

fn source(name: &str) -> Result<OptOutSource, StoreError> {
    OptOutSource::named(name).ok_or_else(|| stored::corrupt("source of an opt-out", name))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = opt_outs)]
struct Row {
    id: i64,
    number: String,
    scope: String,
    scope_value: String,
    source: String,
    probable: bool,
    evidence: Option<String>,
    created_at: NaiveDateTime,
}

impl TryFrom<Row> for OptOut {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            scope: scope(&row.scope, &row.scope_value)?,
            source: source(&row.source)?,
            number: shown(row.number),
            probable: row.probable,
            evidence: row.evidence,
            created_at: row.created_at.and_utc(),
        })
    }
}
