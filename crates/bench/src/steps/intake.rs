//! Intake: one POST of many contacts, until it is answered, and with that durable; and the same rows by bare means.

use std::time::Duration;

use crate::copying;
use crate::figure::{Page, Target};
use crate::options::Options;
use crate::payload::{Campaign, Start};
use crate::usage;
use crate::world::{Database, World};

/// The size at which the target is set.
const TARGET_CONTACTS: u32 = 1_000_000;
const TARGET_SECONDS: f64 = 6.0;
const TARGET_PEAK: f64 = 200.0;
/// The time per contact may rise by so much from the smallest to the largest campaign, which is what runs differ by.
const FLAT: f64 = 1.2;

pub(crate) fn run(world: &mut World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    let mut micros = Vec::new();
    for contacts in sizes(options) {
        micros.push(one(world, contacts, page)?);
    }
    if let (Some(first), Some(last)) = (micros.first(), micros.last()) {
        let growth = last / first;
        page.hold(
            "time per contact, largest to smallest",
            growth,
            "times",
            Target::AtMost(FLAT),
        )?;
    }
    bare(world, options, page)
}

/// Ten times more each time, up to what was asked for.
fn sizes(options: &Options) -> Vec<u32> {
    let mut sizes: Vec<_> = [100, 10]
        .iter()
        .map(|part| options.contacts / part)
        .filter(|contacts| *contacts >= 10_000)
        .collect();
    sizes.push(options.contacts);
    sizes.extend(options.growth.then_some(5_000_000));
    sizes
}

/// Measures one campaign in a process that did nothing before; the microseconds per contact.
fn one(world: &mut World, contacts: u32, page: &mut Page<'_>) -> anyhow::Result<f64> {
    world.restart()?;
    let campaign = Campaign {
        contacts,
        audience: world.new_audience(contacts),
        start: Start::Later,
        tracked: false,
    };
    let before = world.now()?;
    let (_, took) = world.post(campaign)?;
    let (taken, _) = world.now()?.since(before);
    let (count, seconds) = (f64::from(contacts), took.as_secs_f64());
    let peak = usage::peak_memory(world.node.process())?;
    let name = |what: &str| format!("{what} of {contacts} contacts");
    if contacts == TARGET_CONTACTS {
        page.hold(name("time"), seconds, "s", Target::AtMost(TARGET_SECONDS))?;
        page.hold(name("peak memory"), peak, "MB", Target::AtMost(TARGET_PEAK))?;
    } else {
        page.add(name("time"), seconds, "s")?;
        page.add(name("peak memory"), peak, "MB")?;
    }
    page.add(name("rate"), count / seconds, "contacts/s")?;
    page.add(
        name("CPU of the service"),
        taken.service * 1e6 / count,
        "µs a contact",
    )?;
    if let Database::Postgres(_) = world.database {
        page.add(
            name("CPU of PostgreSQL"),
            taken.postgres * 1e6 / count,
            "µs a contact",
        )?;
        page.add(name("WAL"), taken.wal / count, "bytes a contact")?;
    }
    Ok(seconds * 1e6 / count)
}

fn bare(world: &World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    let rate = |took: Duration| f64::from(options.contacts) / took.as_secs_f64();
    match &world.database {
        Database::Postgres(cluster) => {
            let psql = copying::by_psql(cluster, world.folder())?;
            page.add("psql \\copy of the same rows", rate(psql), "rows/s")?;
            let diesel = copying::by_diesel(cluster)?;
            page.add("diesel's COPY of the same rows", rate(diesel), "rows/s")
        }
        Database::Sqlite(file) => match copying::by_sqlite3(file, world.folder()) {
            Ok(took) => page.add("sqlite3 .import of the same rows", rate(took), "rows/s"),
            Err(error) => page.leave_out(format!("sqlite3 .import: {error:#}")),
        },
    }
}
