//! `clarion check-config`: reads the configuration and tells what it amounts to, and on request binds to the providers. The
//! database is not asked. What is wrong with the configuration has been reported before this runs.

use clap::Args;
use clarion_gateway::smpp;

use super::say;
use crate::settings::{Origins, Settings, Switch};

/// What is to be checked.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Bind to every gateway once, and say what the provider answers.
    #[arg(long)]
    try_bind: bool,
}

/// Tells what would be run. Secrets are not shown.
pub(crate) fn run(
    origins: &Origins,
    settings: &Settings,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    tell(origins, settings)?;
    if arguments.try_bind {
        tokio::runtime::Runtime::new()?.block_on(try_binds(settings))?;
    }
    Ok(())
}

async fn try_binds(settings: &Settings) -> anyhow::Result<()> {
    if settings.gateways.is_empty() {
        say("No gateway is configured: there is nothing to bind to.")?;
    }
    let mut failed = 0;
    for gateway in &settings.gateways {
        match smpp::try_bind(&gateway.for_smpp(&settings.phone)).await {
            Ok(reports) => {
                for report in reports {
                    say(&format!("{}: {report}", gateway.name))?;
                }
            }
            Err(fault) => {
                say(&format!("{}: {fault}", gateway.name))?;
                failed += 1;
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of the gateways cannot be bound to");
    Ok(())
}

fn tell(origins: &Origins, settings: &Settings) -> anyhow::Result<()> {
    say(&format!(
        "The configuration is right.\n  environment  {}\n  files        {}\n  API          {}\n  simulator    {}\n  gateways     {}",
        origins.environment(),
        listed(
            origins
                .files()
                .iter()
                .map(|path| path.display().to_string())
        ),
        settings.server.listen,
        match settings.simulator.enabled {
            Switch::Auto => "while no gateway is configured",
            Switch::On => "on",
            Switch::Off => "off",
        },
        listed(settings.gateways.iter().map(ToString::to_string)),
    ))
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}
