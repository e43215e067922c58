//! What is added to the URL that a campaign's tracked links lead to, as requests tell it and answers show it.

use clarion_domain::campaign::{Utm, UtmDraft};
use clarion_domain::fault::Faults;
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::given::{Given, text};

/// UTM parameters: each that has a value is added to the `trackLinkUrl` that a tracked link leads to, unless the URL has it already.
#[derive(Serialize, ToSchema)]
#[schema(as = Utm)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UtmBody {
    /// `utm_source`
    #[schema(max_length = 200, example = "sms")]
    source: Option<String>,
    /// `utm_medium`
    #[schema(max_length = 200, example = "text")]
    medium: Option<String>,
    /// `utm_campaign`
    #[schema(max_length = 200, example = "summer")]
    campaign: Option<String>,
    /// `utm_term`
    #[schema(max_length = 200)]
    term: Option<String>,
    /// `utm_content`
    #[schema(max_length = 200)]
    content: Option<String>,
}

impl From<Utm> for UtmBody {
    fn from(utm: Utm) -> Self {
        let value = |name| utm.value(name).map(str::to_owned);
        Self {
            source: value("source"),
            medium: value("medium"),
            campaign: value("campaign"),
            term: value("term"),
            content: value("content"),
        }
    }
}

/// Reads the parameters as far as they are texts; what is wrong goes to `faults`, with its path. Unknown ones are read over.
pub(super) fn read(given: Given, faults: &mut Faults) -> Option<UtmDraft> {
    let properties = match given {
        Given::Null => return None,
        Given::Object(properties) => properties,
        _ => {
            faults.add("utm", "must be an object");
            return None;
        }
    };
    let mut draft = UtmDraft::default();
    for (name, value) in properties {
        if let Some(place) = draft.value_of(&name) {
            match text(value) {
                Ok(text) => *place = text,
                Err(message) => faults.add(format!("utm.{name}"), message),
            }
        }
    }
    Some(draft)
}
