//! At what times a campaign may be sent, and how fast, as its columns keep it.

use chrono::NaiveDateTime;
use clarion_domain::campaign::{Pace, Timing};
use diesel::prelude::*;

use crate::schema::campaigns;
use crate::{StoreError, stored};

/// The columns.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = campaigns, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct TimingRow {
    sending_window: Option<String>,
    outside_window: String,
    expires_at: Option<NaiveDateTime>,
    max_per_second: Option<i32>,
    spread_until: Option<NaiveDateTime>,
}

impl From<&Timing> for TimingRow {
    fn from(timing: &Timing) -> Self {
        Self {
            sending_window: timing.window.map(|window| window.to_string()),
            outside_window: timing.outside.name().to_owned(),
            expires_at: timing.expires_at.map(stored::shown_moment),
            max_per_second: timing.pace.max_per_second.map(stored::seq),
            spread_until: timing.pace.spread_until.map(stored::shown_moment),
        }
    }
}

impl TryFrom<TimingRow> for Timing {
    type Error = StoreError;

    fn try_from(row: TimingRow) -> Result<Self, StoreError> {
        let rate = row.max_per_second;
        let rate = rate.map(|rate| stored::unsigned("rate", rate));
        let window = row.sending_window.as_deref().map(str::parse).transpose();
        Ok(Self {
            window: window.map_err(|fault| stored::corrupt("sending window", fault))?,
            outside: row
                .outside_window
                .parse()
                .map_err(|fault| stored::corrupt("outside window", fault))?,
            expires_at: row.expires_at.map(|at| at.and_utc()),
            pace: Pace {
                max_per_second: rate.transpose()?,
                spread_until: row.spread_until.map(|at| at.and_utc()),
            },
        })
    }
}
