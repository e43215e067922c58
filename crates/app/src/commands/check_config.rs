//! `clarion check-config`: reads the configuration and tells what it amounts to; neither the database nor a provider is
//! asked. What is wrong has been reported before this runs.

use super::say;
use crate::settings::{Origins, Settings, Switch};

/// Tells what would be run. Secrets are not shown.
pub(crate) fn run(origins: &Origins, settings: &Settings) -> anyhow::Result<()> {
    say(&format!(
        "The configuration is right.\n  environment  {}\n  files        {}\n  API          {}\n  simulator    {}\n  gateways     {}",
        origins.environment(),
        listed(
            origins
                .files()?
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
