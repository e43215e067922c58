//! `clarion simulator`: the SMSC simulator alone, as a server.

use super::{say, signals::Signals};
use crate::settings::Settings;
use crate::startup;

/// Runs it until it is asked to end.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut signals = Signals::take()?;
    let simulator = startup::start_simulator(settings, &startup::clock()).await?;
    say(&format!("SMSC simulator: {}", simulator.local_addr()))?;
    signals.next().await;
    signals.stop(simulator.stop()).await;
    Ok(())
}
