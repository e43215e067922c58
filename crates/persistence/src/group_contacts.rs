//! The contacts of groups, each number once in its group.

mod fan_out;

use std::collections::{BTreeSet, HashSet};

use clarion_domain::contact::Contact;
use clarion_domain::contact_group::{ContactGroupKey, GroupContactKey};
use clarion_domain::page::Page;
use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use crate::campaigns::discard_loading;
use crate::conn::on_each_backend;
use crate::contact_groups::{self, ContactGroup};
use crate::listing::{self, ListRequest, Property, group_contact_id, nullable, text};
use crate::recipients::phone;
use crate::schema::group_contacts;
use crate::{Conn, StoreError, stored};

pub use fan_out::{FanOut, FannedOut, fan_out, leave_out, runs_of};

/// Rows that one statement writes or removes, so that none runs into the statement timeout.
const ROWS_AT_ONCE: i32 = 50_000;

/// A contact in its place in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupContact {
    /// Its place.
    pub key: GroupContactKey,
    /// The contact.
    pub contact: Contact,
}

/// What became of contacts that were put into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// The group has these more.
    pub added: u64,
    /// Their numbers were there.
    pub updated: u64,
}

/// What became of a change to one contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// Done.
    Done,
    /// The group has no such contact.
    NotFound,
    /// Another contact of the group has the number.
    NumberTaken,
}

/// What a group's contacts can be filtered and sorted by.
pub static PROPERTIES: [Property; 6] = [
    group_contact_id("id"),
    text("phoneNumber", "group_contacts.phone"),
    nullable(text("name", "group_contacts.name")),
    nullable(text("custom1", "group_contacts.custom1")),
    nullable(text("custom2", "group_contacts.custom2")),
    nullable(text("timeZone", "group_contacts.time_zone")),
];

/// The order they came in.
const OWN_ORDER: &str = "group_contacts.seq";

/// A page of a group's contacts.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    group: &ContactGroup,
    request: &ListRequest,
) -> Result<Page<GroupContact>, StoreError> {
    let wanted = group_contacts::table
        .filter(group_contacts::group_id.eq(group.key.0))
        .filter(listing::passing(conn, &request.filter));
    let total = if request.takes_all() {
        group.contact_count
    } else {
        let total: i64 = wanted.clone().count().get_result(conn)?;
        stored::unsigned("count", total)?
    };
    let sorts = listing::ordered(conn, &request.sorts, OWN_ORDER, &PROPERTIES[0]);
    let rows: Vec<Row> = wanted
        .order(sorts)
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select(Row::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(GroupContact::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page::new(request.page, total, items))
}

/// What a contact says of itself replaces what the group knew; what it leaves out stays.
const UPDATE: &str = "
    ON CONFLICT (group_id, phone) DO UPDATE SET
        region = excluded.region,
        name = COALESCE(excluded.name, group_contacts.name),
        custom1 = COALESCE(excluded.custom1, group_contacts.custom1),
        custom2 = COALESCE(excluded.custom2, group_contacts.custom2),
        time_zone = COALESCE(excluded.time_zone, group_contacts.time_zone)";

/// The recipients of a run into one group, numbered from `$2` on.
const INTO_ONE: &str = "
    INSERT INTO group_contacts (group_id, seq, phone, region, name, custom1, custom2, time_zone)
    SELECT $1, r.seq + $2, r.phone, r.region, r.name, r.custom1, r.custom2, r.time_zone
    FROM recipients AS r
    WHERE r.campaign_id = $3 AND r.seq BETWEEN $4 AND $5";

/// The recipients of a run into the groups that they name. `$1` is the last of all runs, for which each group has reserved a
/// number.
const INTO_NAMED: &str = "
    INSERT INTO group_contacts (group_id, seq, phone, region, name, custom1, custom2, time_zone)
    SELECT g.id, g.last_seq - $1 + r.seq, r.phone, r.region, r.name, r.custom1, r.custom2, r.time_zone
    FROM recipients AS r JOIN contact_groups AS g ON g.public_id = r.contact_group_id
    WHERE r.campaign_id = $2 AND r.seq BETWEEN $3 AND $4";

/// Puts contacts that were loaded under a campaign of their own into a group, and removes that campaign. `None`: there is no
/// such group any more.
///
/// # Errors
/// The database's.
pub fn merge_loaded(
    conn: &mut Conn,
    group: ContactGroupKey,
    loading: CampaignKey,
    count: u32,
) -> Result<Option<Merged>, StoreError> {
    let Some(before) = contact_groups::reserve(conn, group, count)? else {
        return Ok(None);
    };
    let statement = format!("{INTO_ONE}{UPDATE}");
    for (from, to) in runs(1, stored::seq(count)) {
        on_each_backend!(&mut *conn, inner => diesel::sql_query(&statement)
            .bind::<BigInt, _>(group.0)
            .bind::<Integer, _>(before)
            .bind::<BigInt, _>(loading.0)
            .bind::<Integer, _>(from)
            .bind::<Integer, _>(to)
            .execute(inner))?;
    }
    let added = contact_groups::settle(conn, group, before)?;
    discard_loading(conn, loading)?;
    let updated = u64::from(count).saturating_sub(added);
    Ok(Some(Merged { added, updated }))
}

/// Puts `count` recipients of a campaign, from `first` on, into the groups that they name: these ones, in order, so that two
/// campaigns at a time do not wait for each other in a circle. A group that is gone is passed over.
///
/// # Errors
/// The database's.
pub fn merge_named(
    conn: &mut Conn,
    campaign: CampaignKey,
    (first, count): (u64, u32),
    groups: &BTreeSet<ContactGroupKey>,
) -> Result<(), StoreError> {
    let mut reserved = Vec::with_capacity(groups.len());
    for group in groups {
        let before = contact_groups::reserve(conn, *group, count)?;
        reserved.extend(before.map(|before| (*group, before)));
    }
    if reserved.is_empty() {
        return Ok(());
    }
    let first: i32 = stored::unsigned("sequence number", stored::count(first))?;
    let last = first + stored::seq(count) - 1;
    let statement = format!("{INTO_NAMED}{UPDATE}");
    for (from, to) in runs(first, last) {
        on_each_backend!(&mut *conn, inner => diesel::sql_query(&statement)
            .bind::<Integer, _>(last)
            .bind::<BigInt, _>(campaign.0)
            .bind::<Integer, _>(from)
            .bind::<Integer, _>(to)
            .execute(inner))?;
    }
    for (group, before) in reserved {
        contact_groups::settle(conn, group, before)?;
    }
    Ok(())
}

/// Cuts a run into those of one statement each.
fn runs(first: i32, last: i32) -> impl Iterator<Item = (i32, i32)> {
    let end = move |from: i32| last.min(from.saturating_add(ROWS_AT_ONCE - 1));
    let starts = std::iter::successors(Some(first), move |from| end(*from).checked_add(1));
    starts
        .take_while(move |from| *from <= last)
        .map(move |from| (from, end(from)))
}

/// Writes another contact in a place.
///
/// # Errors
/// The database's.
pub fn replace(
    conn: &mut Conn,
    key: GroupContactKey,
    contact: &Contact,
) -> Result<Replaced, StoreError> {
    let e164 = contact.phone.to_string();
    if !contact_groups::lock(conn, key.group)? {
        return Ok(Replaced::NotFound);
    }
    let holder: Option<i32> = group_contacts::table
        .filter(group_contacts::group_id.eq(key.group.0))
        .filter(group_contacts::phone.eq(&e164))
        .select(group_contacts::seq)
        .first(conn)
        .optional()?;
    let own = group_contacts::table.find((key.group.0, stored::seq(key.seq)));
    let is_there: bool = diesel::select(diesel::dsl::exists(own)).get_result(conn)?;
    if !is_there {
        return Ok(Replaced::NotFound);
    }
    if holder.is_some_and(|holder| holder != stored::seq(key.seq)) {
        return Ok(Replaced::NumberTaken);
    }
    diesel::update(own)
        .set((
            group_contacts::phone.eq(e164),
            group_contacts::region.eq(contact.phone.region().as_str()),
            group_contacts::name.eq(&contact.name),
            group_contacts::custom1.eq(&contact.custom1),
            group_contacts::custom2.eq(&contact.custom2),
            group_contacts::time_zone.eq(contact.time_zone.map(|zone| zone.name())),
        ))
        .execute(conn)?;
    Ok(Replaced::Done)
}

/// Removes a contact; whether there was one.
///
/// # Errors
/// The database's.
pub fn remove(conn: &mut Conn, key: GroupContactKey) -> Result<bool, StoreError> {
    if !contact_groups::lock(conn, key.group)? {
        return Ok(false);
    }
    let own = group_contacts::table.find((key.group.0, stored::seq(key.seq)));
    let removed = diesel::delete(own).execute(conn)?;
    contact_groups::count(conn, key.group, -i64::from(removed > 0))?;
    Ok(removed > 0)
}

/// Removes the contacts of a locked group.
pub(crate) fn remove_all(conn: &mut Conn, group: ContactGroupKey) -> Result<(), StoreError> {
    let own = group_contacts::group_id.eq(group.0);
    let last: Option<i32> = group_contacts::table
        .filter(own)
        .select(diesel::dsl::max(group_contacts::seq))
        .get_result(conn)?;
    let mut from = 0;
    while from <= last.unwrap_or_default() {
        let upto = from.saturating_add(ROWS_AT_ONCE);
        let run = group_contacts::seq.between(from, upto);
        diesel::delete(group_contacts::table.filter(own).filter(run)).execute(conn)?;
        from = upto.saturating_add(1);
    }
    Ok(())
}

/// The contacts of a run of a group, both ends included.
///
/// # Errors
/// The database's.
pub fn range(
    conn: &mut Conn,
    group: ContactGroupKey,
    (from, to): (i32, i32),
) -> Result<Vec<Contact>, StoreError> {
    let rows: Vec<Row> = group_contacts::table
        .filter(group_contacts::group_id.eq(group.0))
        .filter(group_contacts::seq.between(from, to))
        .order(group_contacts::seq)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter()
        .map(|row| GroupContact::try_from(row).map(|found| found.contact))
        .collect()
}

/// The numbers of those contacts that are in one of some groups.
///
/// # Errors
/// The database's.
pub fn among(
    conn: &mut Conn,
    groups: &[ContactGroupKey],
    contacts: &[Contact],
) -> Result<HashSet<u64>, StoreError> {
    if groups.is_empty() {
        return Ok(HashSet::new());
    }
    let groups = groups.iter().map(|group| group.0);
    let phones = contacts.iter().map(|contact| contact.phone.to_string());
    let found: Vec<(String, String)> = group_contacts::table
        .filter(group_contacts::group_id.eq_any(groups))
        .filter(group_contacts::phone.eq_any(phones))
        .select((group_contacts::phone, group_contacts::region))
        .load(conn)?;
    let numbers = found.iter().map(|(e164, region)| phone(e164, region));
    numbers.map(|found| Ok(found?.digits())).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = group_contacts)]
struct Row {
    group_id: i64,
    seq: i32,
    phone: String,
    region: String,
    name: Option<String>,
    custom1: Option<String>,
    custom2: Option<String>,
    time_zone: Option<String>,
}

impl TryFrom<Row> for GroupContact {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            key: GroupContactKey {
                group: ContactGroupKey(row.group_id),
                seq: stored::unsigned("number of a contact", row.seq)?,
            },
            contact: Contact {
                phone: phone(&row.phone, &row.region)?,
                name: row.name,
                custom1: row.custom1,
                custom2: row.custom2,
                contact_group_id: None,
                time_zone: stored::time_zone(row.time_zone.as_deref())?,
            },
        })
    }
}
