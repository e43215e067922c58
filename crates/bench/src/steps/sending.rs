//! Sending: from the moment that a campaign may start until its last receipt is stored.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::figure::{Page, Target};
use crate::options::Options;
use crate::payload::{Campaign, MESSAGE, Start};
use crate::statistics::slope;
use crate::usage;
use crate::world::{Database, Moment, World};

const TARGET_RATE: f64 = 20_000.0;
/// In microseconds of the processors for each message.
const TARGET_SERVICE: f64 = 80.0;
const TARGET_POSTGRES: f64 = 40.0;
/// The smaller of the two loads that costs are told by.
const SMALLER: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(3_600);

/// One campaign's sending.
struct Sent {
    messages: f64,
    seconds: f64,
    taken: Moment,
}

pub(crate) fn run(world: &mut World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    world.restart()?;
    let few = send(world, options.messages / SMALLER)?;
    let many = send(world, options.messages)?;
    page.add("rate of the smaller campaign", few.rate(), "messages/s")?;
    page.hold(
        "rate",
        many.rate(),
        "messages/s",
        Target::AtLeast(TARGET_RATE),
    )?;
    let micros = |of: fn(&Moment) -> f64| slope(few.cost(of), many.cost(of)) * 1e6;
    let service = micros(|taken| taken.service);
    page.hold(
        "CPU of the service",
        service,
        "µs a message",
        Target::AtMost(TARGET_SERVICE),
    )?;
    page.add(
        "CPU of the simulator",
        micros(|taken| taken.simulator),
        "µs a message",
    )?;
    let each = |of: fn(&Moment) -> f64| slope(few.cost(of), many.cost(of));
    if let Database::Postgres(_) = world.database {
        let postgres = micros(|taken| taken.postgres);
        page.hold(
            "CPU of PostgreSQL",
            postgres,
            "µs a message",
            Target::AtMost(TARGET_POSTGRES),
        )?;
        page.add("WAL", each(|taken| taken.wal), "bytes a message")?;
        page.add(
            "transactions",
            each(|taken| taken.commits) * 1e3,
            "per 1,000 messages",
        )?;
        page.add(
            "fsyncs of the WAL",
            each(|taken| taken.fsyncs) * 1e3,
            "per 1,000 messages",
        )?;
    }
    page.add(
        "written by the service",
        each(|taken| taken.written),
        "bytes a message",
    )?;
    let peak = usage::peak_memory(world.node.process())?;
    page.add("peak memory", peak, "MB")
}

/// Sends a campaign that is there before.
fn send(world: &mut World, messages: u32) -> anyhow::Result<Sent> {
    let campaign = Campaign {
        contacts: messages,
        audience: world.new_audience(messages),
        start: Start::Later,
        tracked: false,
    };
    let (id, _) = world.post(campaign)?;
    let begin = json!({ "startDateTime": null, "sender": "BENCH", "message": MESSAGE });
    let before = world.now()?;
    let begun = Instant::now();
    world.call(
        "PUT",
        &format!("/api/Campaigns/{id}"),
        &begin.to_string(),
        204,
    )?;
    world.completed(&id, PATIENCE)?;
    let seconds = begun.elapsed().as_secs_f64();
    let (taken, _) = world.now()?.since(before);
    Ok(Sent {
        messages: f64::from(messages),
        seconds,
        taken,
    })
}

impl Sent {
    fn rate(&self) -> f64 {
        self.messages / self.seconds
    }

    fn cost(&self, of: impl Fn(&Moment) -> f64) -> (f64, f64) {
        (self.messages, of(&self.taken))
    }
}
