//! Clicks on tracked links, raw and judged.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDateTime, Utc};
use clarion_domain::click::{Click, ClickClass, ClickRules};
use clarion_domain::page::Page;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::conn::on_each_backend;
use crate::listing::{self, ListRequest, Property, date_time, integer, nullable, text};
use crate::schema::{clicks, messages, recipients};
use crate::{Conn, StoreError, stored};

/// A click as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClick {
    /// Its number.
    pub id: i64,
    /// Whose link it was.
    pub recipient: RecipientKey,
    /// That recipient's number, E.164.
    pub phone: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was behind it.
    pub class: ClickClass,
    /// The rule that says so; empty for a person.
    pub rule: String,
    /// The kind of device or program.
    pub agent: String,
    /// What asked, in its own words.
    pub user_agent: String,
    /// Where it came from, as far as that is kept.
    pub network: Option<String>,
}

/// Clicks on a campaign's links by what was behind them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClickCounts {
    /// Recipients of whom at least one click is a person's.
    pub people: u64,
    /// By class; those that are missing have none.
    pub by_class: HashMap<ClickClass, u64>,
}

/// Stores clicks, each with what the rules take it for.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, given: &[Click], rules: &ClickRules) -> Result<(), StoreError> {
    let sent = sending_times(conn, given)?;
    let rows: Vec<NewRow<'_>> = given
        .iter()
        .map(|click| NewRow::new(click, rules, sent.get(&click.recipient).copied()))
        .collect();
    on_each_backend!(conn, inner => diesel::insert_into(clicks::table)
        .values(&rows)
        .execute(inner))?;
    Ok(())
}

/// When the messages that the links stood in were sent.
fn sending_times(
    conn: &mut Conn,
    given: &[Click],
) -> Result<HashMap<RecipientKey, DateTime<Utc>>, StoreError> {
    let mut by_campaign: BTreeMap<i64, Vec<i32>> = BTreeMap::new();
    for RecipientKey { campaign, seq } in given.iter().map(|click| click.recipient) {
        let seqs = by_campaign.entry(campaign.0).or_default();
        seqs.push(stored::seq(seq));
    }
    let mut times = HashMap::new();
    for (campaign, seqs) in by_campaign {
        let rows: Vec<(i32, NaiveDateTime)> = messages::table
            .filter(messages::campaign_id.eq(campaign))
            .filter(messages::seq.eq_any(&seqs))
            .select((messages::seq, messages::sent_at))
            .load(conn)?;
        for (seq, at) in rows {
            times.insert(place(campaign, seq)?, at.and_utc());
        }
    }
    Ok(times)
}

/// What clicks can be filtered and sorted by.
pub static PROPERTIES: [Property; 9] = [
    integer("id", "clicks.id"),
    listing::contact_id("contactId"),
    text("phoneNumber", "recipients.phone"),
    date_time("clickedDateTime", "clicks.clicked_at"),
    text("class", "clicks.class"),
    text("rule", "clicks.rule"),
    text("agent", "clicks.agent"),
    text("userAgent", "clicks.user_agent"),
    nullable(text("network", "clicks.network")),
];

/// The newest first.
const OWN_ORDER: &str = "clicks.id DESC";

/// A page of the clicks on a campaign's links.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    campaign: CampaignKey,
    request: &ListRequest,
) -> Result<Page<StoredClick>, StoreError> {
    let wanted = of_campaign(campaign.0).filter(listing::passing(conn, &request.filter));
    let total: i64 = wanted.clone().count().get_result(conn)?;
    let sorts = listing::ordered(conn, &request.sorts, OWN_ORDER, &PROPERTIES[0]);
    let rows: Vec<(Row, String)> = wanted
        .order(sorts)
        .offset(request.page.offset())
        .limit(request.page.limit())
        .select((Row::as_select(), recipients::phone))
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(|(row, phone)| row.into_click(phone))
        .collect::<Result<_, _>>()?;
    let total = stored::unsigned("count of clicks", total)?;
    Ok(Page::new(request.page, total, items))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_campaign(campaign: i64) -> _ {
    clicks::table
        .inner_join(
            recipients::table.on(recipients::campaign_id
                .eq(clicks::campaign_id)
                .and(recipients::seq.eq(clicks::seq))),
        )
        .filter(clicks::campaign_id.eq(campaign))
}

/// How many clicks there were on a campaign's links.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, campaign: CampaignKey) -> Result<ClickCounts, StoreError> {
    let rows: Vec<(String, i64, i64)> = clicks::table
        .filter(clicks::campaign_id.eq(campaign.0))
        .group_by(clicks::class)
        .select((
            clicks::class,
            count_star(),
            sql::<BigInt>("COUNT(DISTINCT clicks.seq)"),
        ))
        .load(conn)?;
    let mut counts = ClickCounts::default();
    for (name, clicked, people) in rows {
        let class = class(&name)?;
        if class == ClickClass::Human {
            counts.people = stored::unsigned("count of people", people)?;
        }
        let clicked = stored::unsigned("count of clicks", clicked)?;
        counts.by_class.insert(class, clicked);
    }
    Ok(counts)
}

/// How often people followed the links of these recipients of a campaign; those that are missing never.
pub(crate) fn of_people(
    conn: &mut Conn,
    campaign: CampaignKey,
    seqs: &[u32],
) -> Result<HashMap<u32, u64>, StoreError> {
    let seqs: Vec<i32> = seqs.iter().copied().map(stored::seq).collect();
    let rows: Vec<(i32, i64)> = clicks::table
        .filter(clicks::campaign_id.eq(campaign.0))
        .filter(clicks::seq.eq_any(seqs))
        .filter(clicks::class.eq(ClickClass::Human.name()))
        .group_by(clicks::seq)
        .select((clicks::seq, count_star()))
        .load(conn)?;
    rows.into_iter()
        .map(|(seq, count)| {
            Ok((
                stored::unsigned("sequence number", seq)?,
                stored::unsigned("count of clicks", count)?,
            ))
        })
        .collect()
}

fn place(campaign: i64, seq: i32) -> Result<RecipientKey, StoreError> {
    Ok(RecipientKey {
        campaign: CampaignKey(campaign),
        seq: stored::unsigned("sequence number", seq)?,
    })
}

fn class(name: &str) -> Result<ClickClass, StoreError> {
    ClickClass::named(name).ok_or_else(|| stored::corrupt("class of a click", name))
}

#[derive(Insertable)]
#[diesel(table_name = clicks, treat_none_as_default_value = false)]
struct NewRow<'a> {
    campaign_id: i64,
    seq: i32,
    clicked_at: NaiveDateTime,
    class: &'static str,
    rule: &'a str,
    agent: &'a str,
    user_agent: &'a str,
    network: Option<String>,
}

impl<'a> NewRow<'a> {
    fn new(click: &'a Click, rules: &'a ClickRules, sent_at: Option<DateTime<Utc>>) -> Self {
        let verdict = rules.judge(click, sent_at);
        Self {
            campaign_id: click.recipient.campaign.0,
            seq: stored::seq(click.recipient.seq),
            clicked_at: stored::shown_moment(click.at),
            class: verdict.class.name(),
            rule: verdict.rule,
            agent: verdict.agent,
            user_agent: &click.user_agent,
            network: click.network.map(|network| network.to_string()),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = clicks)]
struct Row {
    id: i64,
    campaign_id: i64,
    seq: i32,
    clicked_at: NaiveDateTime,
    class: String,
    rule: String,
    agent: String,
    user_agent: String,
    network: Option<String>,
}

impl Row {
    fn into_click(self, phone: String) -> Result<StoredClick, StoreError> {
        Ok(StoredClick {
            id: self.id,
            recipient: place(self.campaign_id, self.seq)?,
            phone,
            at: self.clicked_at.and_utc(),
            class: class(&self.class)?,
            rule: self.rule,
            agent: self.agent,
            user_agent: self.user_agent,
            network: self.network,
        })
    }
}
