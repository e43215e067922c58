//! When a campaign may be sent, as requests tell it and answers show it.

use chrono::{DateTime, Utc};
use clarion_domain::hours::{Day, SendingWindow, WindowDraft};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::body::given::{Given, text, texts};
use crate::dates;

/// From when to when messages may be sent, and by whose clock.
#[derive(Serialize, ToSchema)]
#[schema(as = SendingWindow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowBody {
    /// The first minute.
    #[schema(example = "09:00")]
    from: String,
    /// The minute after the last; 24:00 is the end of the day.
    #[schema(example = "20:00")]
    to: String,
    /// On these days.
    #[schema(example = json!(["Mon", "Tue", "Wed", "Thu", "Fri"]))]
    days: Vec<&'static str>,
    /// `recipient`: each recipient's own; or a zone of the IANA database.
    #[schema(example = "recipient")]
    time_zone: &'static str,
}

impl From<SendingWindow> for WindowBody {
    fn from(window: SendingWindow) -> Self {
        Self {
            from: window.span().from().to_string(),
            to: window.span().to().to_string(),
            days: window.days().into_iter().map(Day::name).collect(),
            time_zone: window.zone().name(),
        }
    }
}

/// Writes a moment that may be missing.
pub(super) fn moment<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_some(&dates::show(*at)),
        None => serializer.serialize_none(),
    }
}

/// Reads a window as far as its values are of the right types; what is wrong goes to `fault`, with its path.
pub(super) fn window(
    given: Given,
    mut fault: impl FnMut(&'static str, &'static str),
) -> Option<WindowDraft> {
    let properties = match given {
        Given::Null => return None,
        Given::Object(properties) => properties,
        _ => {
            fault("sendingWindow", "must be an object");
            return None;
        }
    };
    let mut draft = WindowDraft::default();
    for (name, value) in properties {
        let (path, taken) = match name.as_str() {
            "from" => (
                "sendingWindow.from",
                text(value).map(|text| draft.from = text),
            ),
            "to" => ("sendingWindow.to", text(value).map(|text| draft.to = text)),
            "days" => (
                "sendingWindow.days",
                texts(value).map(|days| draft.days = days),
            ),
            "timeZone" => (
                "sendingWindow.timeZone",
                text(value).map(|text| draft.time_zone = text),
            ),
            _ => continue,
        };
        if let Err(message) = taken {
            fault(path, message);
        }
    }
    Some(draft)
}
