//! At what times a campaign may be sent, as its columns keep it.

use chrono::NaiveDateTime;
use clarion_domain::campaign::Timing;
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
}

impl From<&Timing> for TimingRow {
    fn from(timing: &Timing) -> Self {
        Self {
            sending_window: timing.window.map(|window| window.to_string()),
            outside_window: timing.outside.name().to_owned(),
            expires_at: timing.expires_at.map(stored::shown_moment),
        }
    }
}

impl TryFrom<TimingRow> for Timing {
    type Error = StoreError;

    fn try_from(row: TimingRow) -> Result<Self, StoreError> {
        let window = row.sending_window.as_deref().map(str::parse).transpose();
        Ok(Self {
            window: window.map_err(|fault| stored::corrupt("sending window", fault))?,
            outside: row
                .outside_window
                .parse()
                .map_err(|fault| stored::corrupt("outside window", fault))?,
            expires_at: row.expires_at.map(|at| at.and_utc()),
        })
    }
}
