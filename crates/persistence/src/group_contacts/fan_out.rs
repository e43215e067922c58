//! Contacts of groups become recipients of a campaign in loading, inside the database: no contact leaves it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use clarion_domain::contact_group::{ContactGroupId, ContactGroupKey};
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::runs;
use crate::conn::on_each_backend;
use crate::schema::contact_groups;
use crate::{Conn, StoreError, stored};

/// Where contacts of a group go, and who is passed over.
#[derive(Debug, Clone)]
pub struct FanOut<'a> {
    /// The campaign in loading.
    pub campaign: CampaignKey,
    /// How many contacts of the request are its first recipients.
    pub own: u32,
    /// The group.
    pub group: (ContactGroupKey, ContactGroupId),
    /// The groups whose contacts have their places already.
    pub before: &'a [ContactGroupKey],
    /// The groups whose contacts shall have none.
    pub excluded: &'a [ContactGroupKey],
}

/// What became of some contacts of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FannedOut {
    /// They are recipients.
    pub added: u32,
    /// Their numbers are those of recipients before them.
    pub duplicates: u64,
    /// An excluded group has their numbers.
    pub excluded: u64,
}

/// The runs of a group's contacts that are put into a campaign one after the other, each in a transaction of its own, so that
/// none keeps others waiting for long. What comes into the group later is in none of them.
///
/// # Errors
/// The database's.
pub fn runs_of(conn: &mut Conn, group: ContactGroupKey) -> Result<Vec<(i32, i32)>, StoreError> {
    let last: Option<i32> = contact_groups::table
        .find(group.0)
        .select(contact_groups::last_seq)
        .first(conn)
        .optional()?;
    Ok(runs(1, last.unwrap_or_default()).collect())
}

/// Puts a run of a group's contacts into the campaign, as its recipients behind the first `behind`.
///
/// # Errors
/// The database's; [`StoreError::Query`] with `NotFound` where the campaign is not loading.
pub fn fan_out(
    conn: &mut Conn,
    task: &FanOut<'_>,
    (from, to): (i32, i32),
    behind: u32,
    now: DateTime<Utc>,
) -> Result<FannedOut, StoreError> {
    crate::campaigns::touch(conn, task.campaign, now)?;
    let (group, id) = task.group;
    let statement = task.insertion();
    let added = on_each_backend!(&mut *conn, inner => diesel::sql_query(&statement)
        .bind::<BigInt, _>(task.campaign.0)
        .bind::<Integer, _>(stored::seq(behind))
        .bind::<Text, _>(id.0.to_string())
        .bind::<BigInt, _>(group.0)
        .bind::<Integer, _>(from)
        .bind::<Integer, _>(to)
        .execute(inner))?;
    let statement = task.counting();
    let counted: Counted = on_each_backend!(&mut *conn, inner => diesel::sql_query(&statement)
        .bind::<BigInt, _>(group.0)
        .bind::<Integer, _>(from)
        .bind::<Integer, _>(to)
        .get_result(inner))?;
    let added: u32 = stored::unsigned("count of contacts", stored::count(added as u64))?;
    let excluded = stored::unsigned("count of contacts", counted.excluded)?;
    let all: u64 = stored::unsigned("count of contacts", counted.contacts)?;
    Ok(FannedOut {
        added,
        duplicates: all.saturating_sub(excluded + u64::from(added)),
        excluded,
    })
}

/// Removes those of the first `own` recipients of a campaign in loading whose numbers excluded groups have, and closes the
/// gaps; how many they were.
///
/// # Errors
/// The database's.
pub fn leave_out(
    conn: &mut Conn,
    campaign: CampaignKey,
    own: u32,
    excluded: &[ContactGroupKey],
) -> Result<u32, StoreError> {
    let removal = format!(
        "DELETE FROM recipients WHERE campaign_id = $1 AND seq BETWEEN $2 AND $3
         AND EXISTS (SELECT 1 FROM group_contacts AS e
                     WHERE e.group_id IN ({}) AND e.phone = recipients.phone)",
        listed(excluded)
    );
    let mut removed = 0;
    for (from, to) in runs(1, stored::seq(own)) {
        let gone = on_each_backend!(&mut *conn, inner => diesel::sql_query(&removal)
            .bind::<BigInt, _>(campaign.0)
            .bind::<Integer, _>(from)
            .bind::<Integer, _>(to)
            .execute(inner))?;
        let gone: i32 = stored::unsigned("count of contacts", stored::count(gone as u64))?;
        if removed + gone > 0 {
            close_gaps(conn, campaign, (from, to), from - 1 - removed)?;
        }
        removed += gone;
    }
    stored::unsigned("count of contacts", removed)
}

/// Numbers a run anew behind the first `behind`. A number may be another's until that one has its new one too, so they are
/// below zero meanwhile.
fn close_gaps(
    conn: &mut Conn,
    campaign: CampaignKey,
    (from, to): (i32, i32),
    behind: i32,
) -> Result<(), StoreError> {
    let renumbering = "UPDATE recipients SET seq = -(n.place + $1)
         FROM (SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) AS place
               FROM recipients WHERE campaign_id = $2 AND seq BETWEEN $3 AND $4) AS n
         WHERE recipients.campaign_id = $2 AND recipients.seq = n.seq";
    on_each_backend!(&mut *conn, inner => diesel::sql_query(renumbering)
        .bind::<Integer, _>(behind)
        .bind::<BigInt, _>(campaign.0)
        .bind::<Integer, _>(from)
        .bind::<Integer, _>(to)
        .execute(inner))?;
    let turning = "UPDATE recipients SET seq = -seq WHERE campaign_id = $1 AND seq < 0";
    on_each_backend!(&mut *conn, inner => diesel::sql_query(turning)
        .bind::<BigInt, _>(campaign.0)
        .execute(inner))?;
    Ok(())
}

impl FanOut<'_> {
    fn insertion(&self) -> String {
        let mut statement = "
            INSERT INTO recipients (campaign_id, seq, phone, region, name, custom1, custom2, contact_group_id, time_zone)
            SELECT $1, $2 + ROW_NUMBER() OVER (ORDER BY c.seq), c.phone, c.region, c.name, c.custom1, c.custom2, $3, c.time_zone
            FROM group_contacts AS c"
            .to_owned();
        let mut condition = "
            WHERE c.group_id = $4 AND c.seq BETWEEN $5 AND $6"
            .to_owned();
        if self.own > 0 {
            // No index leads to recipients by number; each database makes one of its own for this.
            let own = format!(
                " LEFT JOIN (SELECT phone FROM recipients WHERE campaign_id = {} AND seq <= {}) AS o
                  ON o.phone = c.phone",
                self.campaign.0, self.own
            );
            statement.push_str(&own);
            condition.push_str(" AND o.phone IS NULL");
        }
        let passed_over = [self.before, self.excluded].concat();
        if !passed_over.is_empty() {
            condition.push_str(" AND NOT ");
            condition.push_str(&has_number(&passed_over));
        }
        statement + &condition
    }

    fn counting(&self) -> String {
        let excluded = match self.excluded {
            [] => "0".to_owned(),
            groups => format!(
                "COALESCE(SUM(CASE WHEN {} THEN 1 ELSE 0 END), 0)",
                has_number(groups)
            ),
        };
        format!(
            "SELECT COUNT(*) AS contacts, CAST({excluded} AS BIGINT) AS excluded FROM group_contacts AS c
             WHERE c.group_id = $1 AND c.seq BETWEEN $2 AND $3"
        )
    }
}

/// Whether one of these groups has the number of `c`.
fn has_number(groups: &[ContactGroupKey]) -> String {
    format!(
        "EXISTS (SELECT 1 FROM group_contacts AS e WHERE e.group_id IN ({}) AND e.phone = c.phone)",
        listed(groups)
    )
}

/// Their keys, which are numbers, as SQL lists them; at least one.
fn listed(groups: &[ContactGroupKey]) -> String {
    let mut list = "NULL".to_owned();
    for group in groups {
        // Writing to a string does not fail.
        let _ = write!(list, ", {}", group.0);
    }
    list
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    contacts: i64,
    #[diesel(sql_type = BigInt)]
    excluded: i64,
}
