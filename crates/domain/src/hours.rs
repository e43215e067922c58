//! When a message may be sent: a campaign's own window, the hours that the recipient's country allows, and the zones in
//! which both are told. All of it is computed for the moment of sending; nothing here keeps a moment for later.
//!
//! That a held message waits, and for how long, is the engine's; what the law says is data (`config/rules/hours.toml`).

mod forecast;
mod plan;
mod rules;
mod week;
mod window;
mod zone;

pub use forecast::{Forecast, Outlook, Slot};
pub use plan::{Planner, Standing, Verdict};
pub use rules::{HourRule, HourRules, HourRulesFault};
pub use week::{Opening, Span, TimeOfDay, WeekHours};
pub use window::{Day, OutsideWindow, SendingWindow, WindowDraft, WindowZone};
pub use zone::{named, zones_of};

/// A time zone of the IANA database.
pub use chrono_tz::Tz as TimeZone;
