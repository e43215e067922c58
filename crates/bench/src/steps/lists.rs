//! Lists: pages of many campaigns and of one big campaign's contacts, one request after the other.

use std::sync::Arc;

use anyhow::Context as _;

use crate::figure::{Page, Target};
use crate::load::{self, Load, Until};
use crate::options::Options;
use crate::payload::{Campaign, Start};
use crate::world::{KEY, World};

/// Where an index leads to what is asked for, and where all of a big campaign is looked through, in milliseconds.
const BY_INDEX: f64 = 10.0;
const BY_SCAN: f64 = 100.0;
/// Requests for each figure, and for the slow ones.
const MANY: usize = 400;
const FEW: usize = 50;
/// Connections over which campaigns are posted.
const POSTING: usize = 8;

pub(crate) fn run(world: &mut World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    post_campaigns(world, options.campaigns)?;
    let big = big_campaign(world, options.contacts)?;
    let deep_campaign = options.campaigns / 10 - 5;
    let deep_contact = options.contacts / 10 - 5;
    let phone = phone_of(world, &big, deep_contact)?;
    let contacts = format!("/api/Campaigns/{big}/Contacts");
    let by_index = Target::AtMost(BY_INDEX);
    let by_scan = Target::AtMost(BY_SCAN);
    for (name, path, count, target) in [
        (
            "campaigns, first page",
            "/api/Campaigns".to_owned(),
            MANY,
            by_index,
        ),
        (
            "campaigns, a deep page",
            format!("/api/Campaigns?page={deep_campaign}"),
            MANY,
            by_index,
        ),
        (
            "campaigns, one sender",
            "/api/Campaigns?filters=sender==BENCH".to_owned(),
            MANY,
            by_index,
        ),
        (
            "campaigns, more than 5,000 recipients",
            "/api/Campaigns?filters=recipientCount%3E5000".to_owned(),
            MANY,
            by_index,
        ),
        (
            "one campaign",
            format!("/api/Campaigns/{big}"),
            MANY,
            by_index,
        ),
        ("contacts, first page", contacts.clone(), MANY, by_index),
        (
            "contacts, a deep page",
            format!("{contacts}?page={deep_contact}"),
            MANY,
            by_index,
        ),
        (
            "contacts, one number",
            format!("{contacts}?filters=phoneNumber=={phone}"),
            FEW,
            by_scan,
        ),
        (
            "contacts, part of a text",
            format!("{contacts}?filters=custom1@=99999"),
            FEW,
            by_scan,
        ),
        (
            "contacts, one status",
            format!("{contacts}?filters=status==1"),
            FEW,
            by_scan,
        ),
    ] {
        let load = Load {
            at: world.node.api,
            requests: Arc::new(vec![load::request("GET", &path, KEY, b"")]),
            connections: 1,
            until: Until::Count(count),
            status: 200,
        };
        let latencies = load.run()?.latencies;
        let percentile = |percent| latencies.percentile(percent).context("no answer");
        page.add(format!("{name}, p50"), percentile(50)?, "ms")?;
        page.hold(format!("{name}, p99"), percentile(99)?, "ms", target)?;
    }
    Ok(())
}

/// Sees to it that there are so many campaigns, each to one contact.
pub(crate) fn post_campaigns(world: &mut World, count: u32) -> anyhow::Result<()> {
    let there = world.get("/api/Campaigns?pageSize=1")?;
    let there = there
        .get("totalRecords")
        .and_then(serde_json::Value::as_u64);
    let missing = count.saturating_sub(u32::try_from(there.unwrap_or_default())?);
    if missing == 0 {
        return Ok(());
    }
    let campaign = Campaign {
        contacts: 1,
        audience: world.new_audience(1),
        start: Start::Later,
        tracked: false,
    };
    let load = Load {
        at: world.node.api,
        requests: Arc::new(vec![load::request(
            "POST",
            "/api/Campaigns",
            KEY,
            &campaign.json()?,
        )]),
        connections: POSTING,
        until: Until::Count(missing as usize),
        status: 201,
    };
    load.run().map(|_| ())
}

/// The id of a campaign of so many contacts, which the step before may have posted.
fn big_campaign(world: &mut World, contacts: u32) -> anyhow::Result<String> {
    let found = world.get(&format!(
        "/api/Campaigns?filters=recipientCount=={contacts}"
    ))?;
    if let Some(id) = found.pointer("/items/0/id").and_then(|id| id.as_str()) {
        return Ok(id.to_owned());
    }
    let campaign = Campaign {
        contacts,
        audience: world.new_audience(contacts),
        start: Start::Later,
        tracked: false,
    };
    Ok(world.post(campaign)?.0)
}

/// The number of a contact, as it stands in an address.
fn phone_of(world: &World, campaign: &str, page: u32) -> anyhow::Result<String> {
    let found = world.get(&format!("/api/Campaigns/{campaign}/Contacts?page={page}"))?;
    let phone = found
        .pointer("/items/0/phoneNumber")
        .and_then(|phone| phone.as_str());
    Ok(phone.context("no contact")?.replace('+', "%2B"))
}
