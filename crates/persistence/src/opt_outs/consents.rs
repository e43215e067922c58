//! The log of consent: every opt-out and opt-in that there ever was. It is only added to.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::opt_out::{Consent, OptOutScope, OptOutSource};
use clarion_domain::page::Page;
use diesel::prelude::*;

use super::{ConsentChange, scope, shown, source};
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text, uuid};
use crate::schema::consents;
use crate::{Conn, StoreError, stored};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentEntry {
    /// Its number; a later one has a higher.
    pub id: i64,
    /// E.164; `None` where the person was erased.
    pub number: Option<String>,
    /// Which way.
    pub consent: Consent,
    /// Out of what, or in to what.
    pub scope: OptOutScope,
    /// By what it came to be known.
    pub source: OptOutSource,
    /// It was most likely meant so.
    pub probable: bool,
    /// What shows it, or the reason.
    pub evidence: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Adds a line.
pub(crate) fn append(
    conn: &mut Conn,
    client: ClientId,
    number: &str,
    consent: Consent,
    change: &ConsentChange<'_>,
) -> Result<(), StoreError> {
    diesel::insert_into(consents::table)
        .values((
            consents::client_id.eq(client.0),
            consents::number.eq(number),
            consents::consent.eq(consent.name()),
            consents::scope.eq(change.scope.kind().name()),
            consents::scope_value.eq(change.scope.value()),
            consents::source.eq(change.source.name()),
            consents::probable.eq(change.probable),
            consents::evidence.eq(change.evidence.map(stored::without_nul)),
            consents::created_at.eq(stored::shown_moment(change.at)),
        ))
        .execute(conn)?;
    Ok(())
}

/// What lines can be filtered and sorted by.
pub static CONSENT_PROPERTIES: [Property; 10] = [
    integer("id", "consents.id"),
    nullable(text(
        "phoneNumber",
        "(CASE WHEN consents.number LIKE '+%' THEN consents.number END)",
    )),
    text("consent", "consents.consent"),
    text("scope", "consents.scope"),
    nullable(uuid(
        "contactGroupId",
        "(CASE WHEN consents.scope = 'group' THEN consents.scope_value END)",
    )),
    nullable(text(
        "sender",
        "(CASE WHEN consents.scope = 'sender' THEN consents.scope_value END)",
    )),
    text("source", "consents.source"),
    text(
        "probable",
        "(CASE WHEN consents.probable THEN 'true' ELSE 'false' END)",
    ),
    nullable(text("evidence", "consents.evidence")),
    date_time("createdAt", "consents.created_at"),
];

/// The newest first.
const OWN_ORDER: &str = "consents.id DESC";

/// A page of a client's log.
///
/// # Errors
/// The database's.
pub fn history(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<ConsentEntry>, StoreError> {
    let wanted = consents::table
        .filter(consents::client_id.eq(client.0))
        .filter(listing::passing(conn, &request.filter));
    listing::page!(conn, request, wanted, Row => ConsentEntry, (OWN_ORDER, &CONSENT_PROPERTIES[0]))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = consents)]
struct Row {
    id: i64,
    number: String,
    consent: String,
    scope: String,
    scope_value: String,
    source: String,
    probable: bool,
    evidence: Option<String>,
    created_at: NaiveDateTime,
}

impl TryFrom<Row> for ConsentEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let consent = Consent::named(&row.consent);
        Ok(Self {
            id: row.id,
            consent: consent.ok_or_else(|| stored::corrupt("consent", &row.consent))?,
            scope: scope(&row.scope, &row.scope_value)?,
            source: source(&row.source)?,
            number: shown(row.number),
            probable: row.probable,
            evidence: row.evidence,
            created_at: row.created_at.and_utc(),
        })
    }
}
