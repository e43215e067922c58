//! `clarion simulator`: the SMSC simulator alone, as a server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{say, signals::Signals};
use crate::settings::Settings;
use crate::startup;

/// What is to be simulated.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file of its rules, instead of simulator.script.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Where it listens, instead of simulator.listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The file of its log, instead of simulator.log.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Runs it until it is asked to end.
pub(crate) async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let mut settings = settings.clone();
    let simulator = &mut settings.simulator;
    simulator.script = arguments.script.unwrap_or(simulator.script.clone());
    simulator.listen = arguments.listen.unwrap_or(simulator.listen);
    simulator.log = arguments.log.unwrap_or(simulator.log.clone());
    let mut signals = Signals::take()?;
    let simulator = startup::start_simulator(&settings, &startup::clock()).await?;
    say(&format!("SMSC simulator: {}", simulator.local_addr()))?;
    signals.next().await;
    signals.stop(simulator.stop()).await;
    Ok(())
}
