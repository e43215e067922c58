//! Small requests, as many as are answered: a campaign by its id, and links that people follow; each beside a bare handler of the
//! same kind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::lists::post_campaigns;
use crate::bare::{self, Bare};
use crate::figure::{Page, Target};
use crate::load::{self, Answered, Load, Until};
use crate::options::Options;
use crate::payload::{Campaign, Start};
use crate::usage;
use crate::world::{KEY, World};

const CONNECTIONS: usize = 16;
/// What is asked for in turn.
const THINGS: u32 = 1_000;
/// Of the bare handler's rate.
const TARGET: f64 = 0.6;
/// How long a small campaign takes at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// One that is asked.
struct Server {
    at: SocketAddr,
    process: u32,
}

/// What came of asking it.
struct Rate {
    answered: Answered,
    /// What it took to answer one, in microseconds of the processors.
    micros: f64,
}

pub(crate) fn api(world: &mut World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    post_campaigns(world, THINGS.min(options.campaigns))?;
    let campaigns = world.get(&format!("/api/Campaigns?pageSize={THINGS}"))?;
    let ids = texts(&campaigns, "id")?;
    let paths = ids.iter().map(|id| format!("/api/Campaigns/{id}"));
    let bare = (0..bare::ROWS).map(|nth| format!("/items/{}", bare::id(nth)));
    compare(world, options, page, (paths.collect(), bare.collect(), 200))
}

pub(crate) fn redirects(
    world: &mut World,
    options: &Options,
    page: &mut Page<'_>,
) -> anyhow::Result<()> {
    let campaign = Campaign {
        contacts: THINGS,
        audience: world.new_audience(THINGS),
        start: Start::AtOnce,
        tracked: true,
    };
    let (id, _) = world.post(campaign)?;
    world.completed(&id, PATIENCE)?;
    let messages = format!("/api/SMSMessages?pageSize={THINGS}&filters=campaignId=={id}");
    let messages = texts(&world.get(&messages)?, "message")?;
    let paths: Vec<_> = messages.iter().filter_map(|text| link(text)).collect();
    anyhow::ensure!(paths.len() == messages.len(), "a message has no link");
    let bare = (0..bare::ROWS).map(|nth| format!("/t/{}", bare::id(nth)));
    compare(world, options, page, (paths, bare.collect(), 302))
}

/// The path of the tracked link in a text.
fn link(text: &str) -> Option<String> {
    let begin = text.find("/t/")?;
    let path = text.get(begin..)?;
    Some(path.split(' ').next()?.to_owned())
}

/// This property of all items.
fn texts(list: &Value, property: &str) -> anyhow::Result<Vec<String>> {
    let items = list.get("items").and_then(Value::as_array);
    let texts = items.context("no items")?.iter();
    let texts = texts.filter_map(|item| item.get(property)?.as_str());
    Ok(texts.map(ToOwned::to_owned).collect())
}

fn compare(
    world: &World,
    options: &Options,
    page: &mut Page<'_>,
    (paths, bare_paths, status): (Vec<String>, Vec<String>, u16),
) -> anyhow::Result<()> {
    let service = Server {
        at: world.node.api,
        process: world.node.process(),
    };
    let url = world.database.beside(&format!("bare{status}"))?;
    let started = Bare::start(&url, world.folder())?;
    let handler = Server {
        at: started.at,
        process: started.process(),
    };
    let seconds = Duration::from_secs(options.seconds);
    let bare = handler.ask(&bare_paths, seconds, status)?;
    let own = service.ask(&paths, seconds, status)?;
    own.tell("the service", page)?;
    bare.tell("a bare handler", page)?;
    let ratio = own.answered.per_second() / bare.answered.per_second();
    page.hold(
        "the service's rate to the bare handler's",
        ratio,
        "times",
        Target::AtLeast(TARGET),
    )?;
    page.add(
        "CPU of the bare handler to the service's",
        bare.micros / own.micros,
        "times",
    )
}

impl Server {
    fn ask(&self, paths: &[String], time: Duration, status: u16) -> anyhow::Result<Rate> {
        let requests = paths
            .iter()
            .map(|path| load::request("GET", path, KEY, b""));
        let mut load = Load {
            at: self.at,
            requests: Arc::new(requests.collect()),
            connections: CONNECTIONS,
            until: Until::Count(paths.len()),
            status,
        };
        // Whatever it keeps in memory is there when it is measured.
        load.run()?;
        load.until = Until::Passed(time);
        let before = usage::processor_seconds(self.process)?;
        let answered = load.run()?;
        let worked = usage::processor_seconds(self.process)? - before;
        let micros = worked * 1e6 / answered.requests as f64;
        Ok(Rate { answered, micros })
    }
}

impl Rate {
    fn tell(&self, who: &str, page: &mut Page<'_>) -> anyhow::Result<()> {
        let answered = &self.answered;
        page.add(who, answered.per_second(), "requests/s")?;
        page.add(format!("{who}, CPU"), self.micros, "µs a request")?;
        if let Some(time) = answered.latencies.percentile(99) {
            page.add(
                format!("{who}, p99 of {CONNECTIONS} connections"),
                time,
                "ms",
            )?;
        }
        page.add(
            format!("{who}, CPU of the load"),
            answered.own_micros(),
            "µs a request",
        )
    }
}
