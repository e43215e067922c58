//! The commands, one file each. What people asked for goes to standard output, all else to the log.

pub(crate) mod check_config;
pub(crate) mod file_jobs;
pub(crate) mod help;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod remote;
pub(crate) mod serve;
pub(crate) mod simulator;

mod access;
mod campaigns;
mod contact_input;
mod convert;
mod follow;
mod part_file;
mod preview;
mod progress;
mod send;
mod signals;
mod validate;

use std::io::Write as _;

/// Writes to standard output. A reader that has gone away is an error like any other.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Writes to standard error, for people: standard output is taken by the outcome itself.
fn say_aside(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
