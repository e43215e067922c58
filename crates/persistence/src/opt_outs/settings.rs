//! What clients have set about replies: the words, the texts, and how wide an opt-out by reply is.

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::opt_out::{OptOutSettings, ScopeKind};
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::schema::opt_out_settings;
use crate::{Conn, StoreError, stored};

/// Between the words of a list: none holds a line end.
const BETWEEN: char = '\n';

/// What a client has set; `None` where it has set nothing.
///
/// # Errors
/// The database's.
pub fn settings(conn: &mut Conn, client: ClientId) -> Result<Option<OptOutSettings>, StoreError> {
    let row: Option<Row> = opt_out_settings::table
        .find(client.0)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(OptOutSettings::try_from).transpose()
}

/// Sets it, in place of what was set before.
///
/// # Errors
/// The database's.
pub fn set(
    conn: &mut Conn,
    client: ClientId,
    settings: &OptOutSettings,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    unset(conn, client)?;
    let texts = |text: &Option<String>| text.as_deref().map(stored::without_nul);
    let row = (
        opt_out_settings::client_id.eq(client.0),
        opt_out_settings::language.eq(&settings.language),
        opt_out_settings::scope.eq(settings.scope.name()),
        opt_out_settings::confirmation.eq(settings.confirmation),
        opt_out_settings::brand.eq(&settings.brand),
        opt_out_settings::stop_words.eq(lines(settings.stop_words.as_deref())),
        opt_out_settings::start_words.eq(lines(settings.start_words.as_deref())),
        opt_out_settings::help_words.eq(lines(settings.help_words.as_deref())),
        opt_out_settings::stop_text.eq(texts(&settings.stop_text)),
        opt_out_settings::help_text.eq(texts(&settings.help_text)),
        opt_out_settings::updated_at.eq(stored::shown_moment(now)),
    );
    on_each_backend!(conn, inner => diesel::insert_into(opt_out_settings::table)
        .values(row)
        .execute(inner))?;
    Ok(())
}

/// Everything is as the rules have it again.
///
/// # Errors
/// The database's.
pub fn unset(conn: &mut Conn, client: ClientId) -> Result<(), StoreError> {
    // Two that set at a time would both find nothing to remove.
    crate::clients::lock(conn, client)?;
    diesel::delete(opt_out_settings::table.find(client.0)).execute(conn)?;
    Ok(())
}

fn lines(words: Option<&[String]>) -> Option<String> {
    words.map(|words| words.join(BETWEEN.encode_utf8(&mut [0; 4])))
}

fn words(lines: Option<String>) -> Option<Vec<String>> {
    lines.map(|lines| lines.split(BETWEEN).map(str::to_owned).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = opt_out_settings)]
struct Row {
    language: String,
    scope: String,
    confirmation: bool,
    brand: Option<String>,
    stop_words: Option<String>,
    start_words: Option<String>,
    help_words: Option<String>,
    stop_text: Option<String>,
    help_text: Option<String>,
}

impl TryFrom<Row> for OptOutSettings {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let scope = ScopeKind::named(&row.scope);
        Ok(Self {
            language: row.language,
            scope: scope.ok_or_else(|| stored::corrupt("scope of opt-outs", &row.scope))?,
            confirmation: row.confirmation,
            brand: row.brand,
            stop_words: words(row.stop_words),
            start_words: words(row.start_words),
            help_words: words(row.help_words),
            stop_text: row.stop_text,
            help_text: row.help_text,
        })
    }
}
