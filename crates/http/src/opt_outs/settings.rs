//! What a client sets about replies: the words that opt out and in, what is answered, and how wide an opt-out by reply is.

use actix_web::HttpResponse;
use clarion_domain::opt_out::{KeywordRules, OptOutSettings, OptOutSettingsDraft};
use clarion_persistence::opt_outs;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Answer;
use crate::body::{Body, Meter};
use crate::problem::Problem;
use crate::properties::Properties;
use crate::state::{Caller, ContactsRead, ContactsWrite};

/// What holds when somebody replies.
#[derive(Serialize, ToSchema)]
#[schema(as = OptOutSettings)]
#[serde(rename_all = "camelCase")]
struct SettingsBody {
    /// In which language people write and are answered.
    #[schema(example = "en")]
    language: String,
    /// How wide an opt-out by reply is: `client` (everything), `group` or `sender`.
    #[schema(example = "client")]
    scope: &'static str,
    /// Whether an opt-out is confirmed by a text.
    confirmation: bool,
    /// By what name people know the client.
    #[schema(required = true, example = "Acme")]
    brand: Option<String>,
    /// Words that opt out, where the client has its own.
    #[schema(required = true)]
    stop_words: Option<Vec<String>>,
    /// Words that opt in again, where the client has its own.
    #[schema(required = true)]
    start_words: Option<Vec<String>>,
    /// Words that ask for help, where the client has its own.
    #[schema(required = true)]
    help_words: Option<Vec<String>>,
    /// The confirmation of an opt-out, where the client has its own.
    #[schema(required = true)]
    stop_text: Option<String>,
    /// What is answered to whoever asks for help, where the client has its own.
    #[schema(required = true)]
    help_text: Option<String>,
    in_force: InForceBody,
    /// The languages that there are words and texts in.
    #[schema(example = json!(["de", "en", "es", "fr"]))]
    languages: Vec<String>,
}

/// What comes of the settings and the rules: the words that count, and the texts that are sent.
#[derive(Serialize, ToSchema)]
#[schema(as = OptOutSettingsInForce)]
#[serde(rename_all = "camelCase")]
struct InForceBody {
    /// They opt out.
    stop_words: Vec<String>,
    /// They opt out with more words behind them, which is then marked as probable.
    stop_words_with_more: Vec<String>,
    /// They opt in again.
    start_words: Vec<String>,
    /// They opt in again where they come from somebody who has opted out.
    start_words_if_opted_out: Vec<String>,
    /// They ask for help.
    help_words: Vec<String>,
    /// Confirms an opt-out; empty: nothing does.
    stop_text: String,
    /// Answers whoever asks for help.
    help_text: String,
}

/// What shall hold when somebody replies. What is missing or null is as the service's rules have it. Unknown properties are
/// read over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `read` reads it")]
#[schema(
    as = NewOptOutSettings, rename_all = "camelCase",
    example = json!({"language": "en", "brand": "Acme", "helpText": "Acme offers. Reply STOP to get no more. Help: 020 7946 0000"}),
)]
struct SettingsRequest {
    /// One of the languages that there are words and texts in; `en` is the usual one.
    language: Option<String>,
    /// `client` (the usual), `group` or `sender`.
    scope: Option<String>,
    /// true is the usual.
    confirmation: Option<bool>,
    /// The usual texts begin with it; own texts must hold it.
    #[schema(max_length = 40)]
    brand: Option<String>,
    /// In place of the usual ones. STOP must be among them.
    #[schema(max_items = 100)]
    stop_words: Option<Vec<String>>,
    /// In place of the usual ones.
    #[schema(max_items = 100)]
    start_words: Option<Vec<String>>,
    /// In place of the usual ones.
    #[schema(max_items = 100)]
    help_words: Option<Vec<String>>,
    /// At most three segments.
    stop_text: Option<String>,
    /// At most three segments.
    help_text: Option<String>,
}

impl SettingsBody {
    fn of(settings: OptOutSettings, rules: &KeywordRules) -> Self {
        let policy = settings.policy(rules);
        Self {
            in_force: InForceBody {
                stop_words: policy.words.stop,
                stop_words_with_more: policy.words.stop_with_more,
                start_words: policy.words.start,
                start_words_if_opted_out: policy.words.start_if_opted_out,
                help_words: policy.words.help,
                stop_text: policy.stop_text,
                help_text: policy.help_text,
            },
            languages: rules.languages.keys().cloned().collect(),
            language: settings.language,
            scope: settings.scope.name(),
            confirmation: settings.confirmation,
            brand: settings.brand,
            stop_words: settings.stop_words,
            start_words: settings.start_words,
            help_words: settings.help_words,
            stop_text: settings.stop_text,
            help_text: settings.help_text,
        }
    }
}

/// Shows what holds when somebody replies.
#[utoipa::path(
    get, path = "/api/OptOutSettings", tag = "OptOuts", operation_id = "showOptOutSettings",
    security(("key" = ["contacts:read"])),
    responses((status = 200, description = "What the client has set, and what comes of it", body = SettingsBody)),
)]
pub(crate) async fn show(caller: Caller<ContactsRead>) -> Answer {
    let settings = caller.read(opt_outs::settings).await?.unwrap_or_default();
    let body = SettingsBody::of(settings, caller.keyword_rules());
    Ok(HttpResponse::Ok().json(body))
}

/// Sets what holds when somebody replies, in place of what was set before.
///
/// It holds from the next reply on.
#[utoipa::path(
    put, path = "/api/OptOutSettings", tag = "OptOuts", operation_id = "setOptOutSettings",
    security(("key" = ["contacts:write"])), request_body = SettingsRequest,
    responses((status = 204, description = "It is set")),
)]
pub(crate) async fn set(caller: Caller<ContactsWrite>, body: Body) -> Answer {
    let now = caller.now();
    let draft = body.read(read).await??;
    let settings = draft
        .check(caller.keyword_rules())
        .map_err(Problem::invalid)?;
    caller
        .write(move |conn, client| opt_outs::set(conn, client, &settings, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes back what was set: everything is as the service's rules have it.
#[utoipa::path(
    delete, path = "/api/OptOutSettings", tag = "OptOuts", operation_id = "unsetOptOutSettings",
    security(("key" = ["contacts:write"])),
    responses((status = 204, description = "Nothing is set any more")),
)]
pub(crate) async fn unset(caller: Caller<ContactsWrite>) -> Answer {
    caller.write(opt_outs::unset).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn read(body: Meter) -> Result<OptOutSettingsDraft, Problem> {
    let mut properties = Properties::read(body)?;
    let draft = OptOutSettingsDraft {
        language: properties.text("language"),
        scope: properties.text("scope"),
        confirmation: properties.boolean("confirmation"),
        brand: properties.text("brand"),
        stop_words: properties.texts("stopWords"),
        start_words: properties.texts("startWords"),
        help_words: properties.texts("helpWords"),
        stop_text: properties.text("stopText"),
        help_text: properties.text("helpText"),
    };
    properties.check()?;
    Ok(draft)
}
