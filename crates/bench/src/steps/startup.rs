//! Start-up on the database as the other steps leave it, and what the service takes while it has nothing to do.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clarion_rig::wait;

use crate::figure::{Page, Target};
use crate::options::Options;
use crate::usage;
use crate::world::World;

/// Starts that are measured; the slowest counts.
const STARTS: usize = 3;
const TARGET_MILLIS: f64 = 300.0;
const TARGET_MEMORY: f64 = 60.0;
/// Of one core.
const TARGET_PERCENT: f64 = 1.0;
const TARGET_BINARY: f64 = 40.0;
/// After a start.
const REST: Duration = Duration::from_secs(2);

pub(crate) fn run(world: &mut World, options: &Options, page: &mut Page<'_>) -> anyhow::Result<()> {
    page.add("size of the database", world.database.size()?, "MB")?;
    let starts = (0..STARTS).map(|_| world.restart());
    let starts: Vec<_> = starts.collect::<Result<_, _>>()?;
    let slowest = starts.into_iter().max().unwrap_or_default();
    let millis = slowest.as_secs_f64() * 1_000.0;
    page.hold("until ready", millis, "ms", Target::AtMost(TARGET_MILLIS))?;
    wait::pass(REST);
    let process = world.node.process();
    let before = usage::processor_seconds(process)?;
    let idle = Duration::from_secs(options.seconds);
    wait::pass(idle);
    let worked = usage::processor_seconds(process)? - before;
    let percent = worked / idle.as_secs_f64() * 100.0;
    page.hold(
        "idle, CPU",
        percent,
        "% of a core",
        Target::AtMost(TARGET_PERCENT),
    )?;
    let memory = usage::present_memory(process)?;
    page.hold("idle, memory", memory, "MB", Target::AtMost(TARGET_MEMORY))?;
    page.add(
        "binary, with its symbols",
        megabytes(&options.clarion)?,
        "MB",
    )?;
    match stripped(&options.clarion, world.folder()) {
        Ok(binary) => page.hold("binary", binary, "MB", Target::AtMost(TARGET_BINARY)),
        Err(error) => page.leave_out(format!("the binary without its symbols: {error:#}")),
    }
}

/// The size of a program without its symbols.
fn stripped(program: &Path, folder: &Path) -> anyhow::Result<f64> {
    let copy = folder.join("stripped");
    let status = Command::new("strip")
        .arg("-o")
        .args([copy.as_path(), program])
        .status()?;
    anyhow::ensure!(status.success(), "strip failed");
    megabytes(&copy)
}

fn megabytes(file: &Path) -> anyhow::Result<f64> {
    Ok(file.metadata()?.len() as f64 / 1e6)
}
