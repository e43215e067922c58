//! `faults`: breaks a running `clarion` in many ways, and counts what became of each message. `--short` is a selection for
//! every change, `--full` the run whose result stands in `docs/reliability.md`; `--seed` draws other moments.
//!
//! It shares no code with the product: the SMSC has an SMPP of its own, and the databases are read by their own programs.

mod chance;
mod database;
mod faults;
mod ledger;
mod oracle;
mod pdu;
mod place;
mod plan;
mod point;
mod table;
mod tracer;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clarion_rig::say;

use plan::Plan;

/// What was asked for on the command line.
struct Arguments {
    plan: Plan,
    clarion: PathBuf,
    json: PathBuf,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = arguments(std::env::args().skip(1))?;
    let rows = plan::run(&arguments.plan, &arguments.clarion)?;
    say(&table::markdown(&rows))?;
    std::fs::write(&arguments.json, table::json(&rows))?;
    let breaches = rows.iter().map(|row| row.breaches.len()).sum::<usize>();
    if breaches == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        for breach in &row.breaches {
            say(&format!("{} on {}: {breach}", row.fault, row.database))?;
        }
    }
    Ok(ExitCode::FAILURE)
}

fn arguments(mut given: impl Iterator<Item = String>) -> anyhow::Result<Arguments> {
    let mut arguments = Arguments {
        plan: Plan::short(),
        clarion: PathBuf::from("target/debug/clarion"),
        json: PathBuf::from("target/faults.json"),
    };
    while let Some(name) = given.next() {
        let mut value = || {
            given
                .next()
                .with_context(|| format!("{name} needs a value"))
        };
        match &*name {
            "--short" => arguments.plan.points = Plan::short().points,
            "--full" => arguments.plan.points = Plan::full().points,
            "--seed" => arguments.plan.seed = value()?.parse()?,
            "--only" => arguments.plan.only = value()?,
            "--minutes" => arguments.plan.minutes = Some(value()?.parse()?),
            "--clarion" => arguments.clarion = PathBuf::from(value()?),
            "--json" => arguments.json = PathBuf::from(value()?),
            _ => bail!(
                "{name}? Known are --short, --full, --seed N, --only WORDS, --minutes N, --clarion FILE and --json FILE"
            ),
        }
    }
    arguments.clarion = std::path::absolute(&arguments.clarion)?;
    Ok(arguments)
}
