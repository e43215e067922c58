//! `bench`: starts the real `clarion` on SQLite and on PostgreSQL with fsync, measures what it does beside the bare libraries
//! in the same run, and holds it against its targets. `docs/performance.md` shows what came of it.
//!
//! Whatever makes load shares the machine with what is measured, so it does as little as possible, and tells what it took.

mod bare;
mod copying;
mod figure;
mod load;
mod options;
mod payload;
mod statistics;
mod steps;
mod usage;
mod world;

use clarion_rig::say;

use figure::Report;
use options::{Command, Options};
use world::World;

fn main() -> anyhow::Result<()> {
    match options::read(std::env::args().skip(1))? {
        Command::Bare(url) => bare::serve(&url),
        Command::Measure(options) => measure(&options),
    }
}

fn measure(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::default();
    for database in &options.databases {
        match World::new(*database, options) {
            Ok(mut world) => steps::run(&mut world, options, &mut report)?,
            Err(error) => report.leave_out(format!("{}: {error:#}", database.name()))?,
        }
    }
    say(&report.markdown())?;
    std::fs::write(&options.json, report.json())?;
    say(&format!("Written to {}.", options.json.display()))
}
