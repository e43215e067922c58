//! Previews, schedules and contact groups of a campaign's size: in the time of the intake, with the memory of the intake.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use crate::figure::{Page, Target};
use crate::options::Options;
use crate::payload::{Campaign, Start};
use crate::usage;
use crate::world::World;

const TARGET_PEAK: f64 = 200.0;

pub(crate) fn run(world: &mut World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    let campaign = Campaign {
        contacts: options.contacts,
        audience: world.new_audience(options.contacts),
        start: Start::Later,
        tracked: true,
    };
    of_group(world, campaign, page)?;
    of_preview(world, campaign, page)
}

/// A group is filled, and a campaign made to it.
fn of_group(world: &mut World, campaign: Campaign, page: &mut Page<'_>) -> anyhow::Result<()> {
    world.restart()?;
    let group = world.call("POST", "/api/ContactGroups", r#"{"name":"all"}"#, 201)?;
    let group = group.as_str().context("no id")?;
    let contacts = campaign.contacts_file(world.folder())?;
    let path = format!("/api/ContactGroups/{group}/Contacts");
    let took = timed(|| world.post_file(&path, &contacts))?;
    add(page, "contacts into a group", took, campaign.contacts)?;
    let body = format!(
        r#"{{"startDateTime":{},"sender":"BENCH","message":"Hello {{Name}}","contactGroupIds":["{group}"]}}"#,
        Start::Later.json()
    );
    world.restart()?;
    let took = timed(|| world.call("POST", "/api/Campaigns", &body, 201))?;
    add(page, "a campaign to that group", took, campaign.contacts)?;
    peak(world, page, "a campaign to that group")
}

/// A request is previewed, then the campaign that it makes.
fn of_preview(world: &mut World, campaign: Campaign, page: &mut Page<'_>) -> anyhow::Result<()> {
    world.restart()?;
    let file = campaign.file(world.folder())?;
    let took = timed(|| world.post_file("/api/Campaigns/Preview", &file))?;
    add(page, "preview of a request", took, campaign.contacts)?;
    peak(world, page, "preview of a request")?;
    let (id, _) = world.post(campaign)?;
    for (what, call) in [
        ("preview of a stored campaign", "Preview"),
        ("its schedule", "Schedule"),
    ] {
        world.restart()?;
        let took = timed(|| world.get(&format!("/api/Campaigns/{id}/{call}")))?;
        add(page, what, took, campaign.contacts)?;
        peak(world, page, what)?;
    }
    Ok(())
}

fn timed(call: impl FnOnce() -> anyhow::Result<Value>) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    call()?;
    Ok(begun.elapsed())
}

fn add(page: &mut Page<'_>, what: &str, took: Duration, contacts: u32) -> anyhow::Result<()> {
    let name = format!("{what}, {contacts} contacts");
    page.add(name, took.as_secs_f64(), "s")
}

fn peak(world: &World, page: &mut Page<'_>, what: &str) -> anyhow::Result<()> {
    let peak = usage::peak_memory(world.node.process())?;
    let name = format!("{what}, peak memory");
    page.hold(name, peak, "MB", Target::AtMost(TARGET_PEAK))
}
