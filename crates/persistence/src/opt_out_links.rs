//! Opt-out links, and whose page it is that is behind a recipient's.

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::opt_out::{OptOutScope, ScopeKind};
use clarion_domain::opt_out_link::{Colour, OptOutLink, OptOutLinkId, PageLanguage};
use clarion_domain::page::Page;
use clarion_domain::phone::PhoneNumber;
use clarion_domain::recipient::RecipientKey;
use diesel::prelude::*;
use uuid::Uuid;

use crate::conn::on_each_backend;
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text};
use crate::schema::{campaigns, opt_out_links, recipients};
use crate::{Conn, StoreError, stored};

/// An opt-out link that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOptOutLink {
    /// Its public number.
    pub id: OptOutLinkId,
    /// What it is.
    pub link: OptOutLink,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What is behind a recipient's opt-out link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Who sent the message.
    pub client: ClientId,
    /// To whom.
    pub number: PhoneNumber,
    /// What an opt-out there is from.
    pub scope: OptOutScope,
    /// From which sender id the message came.
    pub sender: String,
    /// The page.
    pub link: OptOutLink,
}

/// What opt-out links can be filtered and sorted by.
pub static PROPERTIES: [Property; 9] = [
    integer("id", "opt_out_links.id"),
    text("name", "opt_out_links.name"),
    nullable(text("title", "opt_out_links.title")),
    nullable(text("text", "opt_out_links.text")),
    text("language", "opt_out_links.language"),
    text("scope", "opt_out_links.scope"),
    nullable(text("colour", "opt_out_links.colour")),
    nullable(text("logoText", "opt_out_links.logo_text")),
    date_time("createdAt", "opt_out_links.created_at"),
];

/// The newest first.
const OWN_ORDER: &str = "opt_out_links.id DESC";

/// Those of a client that are not deleted.
#[diesel::dsl::auto_type(no_type_alias)]
fn listed(client: i64) -> _ {
    opt_out_links::table
        .filter(opt_out_links::client_id.eq(client))
        .filter(opt_out_links::deleted_at.is_null())
}

/// Makes one.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    client: ClientId,
    link: &OptOutLink,
    now: DateTime<Utc>,
) -> Result<OptOutLinkId, StoreError> {
    let row = (
        opt_out_links::client_id.eq(client.0),
        opt_out_links::created_at.eq(stored::shown_moment(now)),
        Content::from(link),
    );
    let id: i64 = on_each_backend!(conn, inner => diesel::insert_into(opt_out_links::table)
        .values(row)
        .returning(opt_out_links::id)
        .get_result(inner))?;
    public(id)
}

/// A client's opt-out link.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    client: ClientId,
    id: OptOutLinkId,
) -> Result<Option<StoredOptOutLink>, StoreError> {
    let row: Option<Row> = listed(client.0)
        .filter(opt_out_links::id.eq(i64::from(id.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(StoredOptOutLink::try_from).transpose()
}

/// A page of a client's opt-out links.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    client: ClientId,
    request: &ListRequest,
) -> Result<Page<StoredOptOutLink>, StoreError> {
    let wanted = listed(client.0).filter(listing::passing(conn, &request.filter));
    listing::page!(conn, request, wanted, Row => StoredOptOutLink, (OWN_ORDER, &PROPERTIES[0]))
}

/// Writes a client's opt-out link anew; whether there is one. Messages that were sent with it lead to the new page.
///
/// # Errors
/// The database's.
pub fn replace(
    conn: &mut Conn,
    client: ClientId,
    id: OptOutLinkId,
    link: &OptOutLink,
) -> Result<bool, StoreError> {
    let replaced = diesel::update(opt_out_links::table)
        .filter(opt_out_links::id.eq(i64::from(id.0)))
        .filter(opt_out_links::client_id.eq(client.0))
        .filter(opt_out_links::deleted_at.is_null())
        .set(Content::from(link))
        .execute(conn)?;
    Ok(replaced > 0)
}

/// Takes a client's opt-out link out of its list; whether there was one. The page stays behind the messages that were sent, or
/// will be, by campaigns that have it.
///
/// # Errors
/// The database's.
pub fn delete(
    conn: &mut Conn,
    client: ClientId,
    id: OptOutLinkId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let deleted = diesel::update(opt_out_links::table)
        .filter(opt_out_links::id.eq(i64::from(id.0)))
        .filter(opt_out_links::client_id.eq(client.0))
        .filter(opt_out_links::deleted_at.is_null())
        .set(opt_out_links::deleted_at.eq(stored::moment(now)))
        .execute(conn)?;
    Ok(deleted > 0)
}

/// What is behind a recipient's link, also where the campaign or the opt-out link was deleted.
///
/// # Errors
/// The database's.
pub fn behind(conn: &mut Conn, recipient: RecipientKey) -> Result<Option<Behind>, StoreError> {
    type Found = (i64, String, Option<i32>, String, String, Option<String>);
    let found: Option<Found> = recipients::table
        .inner_join(campaigns::table)
        .filter(recipients::campaign_id.eq(recipient.campaign.0))
        .filter(recipients::seq.eq(stored::seq(recipient.seq)))
        .select((
            campaigns::client_id,
            campaigns::sender,
            campaigns::opt_out_link_id,
            recipients::phone,
            recipients::region,
            recipients::contact_group_id,
        ))
        .first(conn)
        .optional()?;
    let Some((client, sender, Some(link), phone, region, group)) = found else {
        return Ok(None);
    };
    let link = OptOutLink::try_from(content(conn, link)?)?;
    let group = group.as_deref().and_then(|id| Uuid::try_parse(id).ok());
    Ok(Some(Behind {
        client: ClientId(client),
        number: crate::recipients::phone(&phone, &region)?,
        scope: OptOutScope::around(link.scope, group, &sender),
        sender,
        link,
    }))
}

/// What is kept of an opt-out link, be it deleted.
fn content(conn: &mut Conn, id: i32) -> Result<Content, StoreError> {
    let content = opt_out_links::table
        .find(i64::from(id))
        .select(Content::as_select())
        .first(conn)?;
    Ok(content)
}

/// The number as it is told: campaigns name it in 32 bits.
fn public(id: i64) -> Result<OptOutLinkId, StoreError> {
    let id = i32::try_from(id).map_err(|_| stored::corrupt("number of an opt-out link", id))?;
    Ok(OptOutLinkId(id))
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = opt_out_links, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Content {
    name: String,
    title: Option<String>,
    text: Option<String>,
    language: String,
    scope: String,
    colour: Option<String>,
    logo_text: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = opt_out_links)]
struct Row {
    id: i64,
    created_at: NaiveDateTime,
    #[diesel(embed)]
    content: Content,
}

impl From<&OptOutLink> for Content {
    fn from(link: &OptOutLink) -> Self {
        Self {
            name: link.name.clone(),
            title: link.title.clone(),
            text: link.text.clone(),
            language: link.language.name().to_owned(),
            scope: link.scope.name().to_owned(),
            colour: link
                .colour
                .as_ref()
                .map(|colour| colour.as_str().to_owned()),
            logo_text: link.logo_text.clone(),
        }
    }
}

impl TryFrom<Content> for OptOutLink {
    type Error = StoreError;

    fn try_from(row: Content) -> Result<Self, StoreError> {
        let language = PageLanguage::named(&row.language);
        let scope = ScopeKind::named(&row.scope);
        Ok(Self {
            name: row.name,
            title: row.title,
            text: row.text,
            language: language.ok_or_else(|| stored::corrupt("language", &row.language))?,
            scope: scope.ok_or_else(|| stored::corrupt("scope of opt-outs", &row.scope))?,
            colour: row.colour.as_deref().and_then(Colour::read),
            logo_text: row.logo_text,
        })
    }
}

impl TryFrom<Row> for StoredOptOutLink {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: public(row.id)?,
            link: row.content.try_into()?,
            created_at: row.created_at.and_utc(),
        })
    }
}
