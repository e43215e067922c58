//! The steps: each measures one thing on one database, and leaves what it made to the next.

mod answering;
mod audience;
mod intake;
mod lists;
mod sending;
mod startup;

use clarion_rig::say;

use crate::figure::Report;
use crate::options::{Options, Step};
use crate::world::World;

/// Runs the steps that were asked for on one database.
pub(crate) fn run(world: &mut World, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let subject = world.kind.name();
    for step in &options.steps {
        say(&format!("\n{} on {subject}", step.name()))?;
        let mut page = report.page(step.name(), subject);
        match step {
            Step::Intake => intake::run(world, options, &mut page)?,
            Step::Audience => audience::run(world, options, &mut page)?,
            Step::Lists => lists::run(world, options, &mut page)?,
            Step::Api => answering::api(world, options, &mut page)?,
            Step::Redirects => answering::redirects(world, options, &mut page)?,
            Step::Sending => sending::run(world, options, &mut page)?,
            Step::Startup => startup::run(world, options, &mut page)?,
        }
    }
    Ok(())
}
