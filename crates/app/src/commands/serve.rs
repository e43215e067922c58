//! `clarion serve`: the service, until it is asked to end.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum as _};
use clarion_persistence::Backend;
use tracing::info;

use super::{keys, say, signals::Signals};
use crate::settings::{Origins, Settings};
use crate::startup::{self, Role, Service};

/// What `serve` is told on the command line.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What this node does; all of it unless given.
    #[arg(long, value_delimiter = ',', value_enum)]
    roles: Vec<Role>,
}

impl Arguments {
    /// Whether any of them is said.
    pub(crate) fn are_given(&self) -> bool {
        !self.roles.is_empty()
    }

    fn roles(&self) -> BTreeSet<Role> {
        let given = match &*self.roles {
            [] => Role::value_variants(),
            given => given,
        };
        given.iter().copied().collect()
    }
}

/// Serves.
pub(crate) async fn run(
    origins: &Origins,
    settings: &Settings,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    #[cfg(feature = "fail-points")]
    heed_kill_point()?;
    let mut signals = Signals::take()?;
    let clock = startup::clock();
    let service = Service::start(settings, &arguments.roles(), clock.clone()).await?;
    // Only now, so that a start that fails does not make a key that nobody gets to see.
    let key = keys::ensure_one(&service.store, &settings.auth, clock.now()).await?;
    say(&greeting(origins, settings, &service))?;
    if let Some(key) = key {
        say(&format!(
            "  API key    {} (all scopes of client 1; it is shown this once)",
            key.as_str()
        ))?;
    }
    say("Ready. Ctrl-C stops it.")?;
    signals.next().await;
    info!("stopping; another signal stops at once");
    signals.stop(service.stop()).await
}

/// Has the process end where the fault harness wants it to, as in `CLARION_KILL_POINT='marked 3'`.
#[cfg(feature = "fail-points")]
#[expect(
    clippy::disallowed_methods,
    reason = "it is no setting: what people run has no such thing"
)]
fn heed_kill_point() -> anyhow::Result<()> {
    let Ok(asked) = std::env::var("CLARION_KILL_POINT") else {
        return Ok(());
    };
    let point_and_nth = asked
        .split_once(' ')
        .and_then(|(point, nth)| Some((point.parse().ok()?, nth.parse().ok()?)));
    let Some((point, nth)) = point_and_nth else {
        anyhow::bail!(
            "CLARION_KILL_POINT is a point and a number, as in `marked 3`, not `{asked}`"
        );
    };
    clarion_domain::breakage::kill_at(point, nth);
    Ok(())
}

fn greeting(origins: &Origins, settings: &Settings, service: &Service) -> String {
    let mut lines = vec![format!(
        "Clarion {} in the environment {}",
        env!("CARGO_PKG_VERSION"),
        origins.environment()
    )];
    let address = service.http.local_addr();
    if service.has_api {
        lines.push(format!("  API        http://{address}/api"));
    }
    lines.push(format!("  health     http://{address}/health/ready"));
    if let Some(metrics) = &service.metrics {
        lines.push(format!(
            "  metrics    http://{}/metrics",
            metrics.local_addr()
        ));
    }
    lines.push(match service.store.backend() {
        Backend::Sqlite => format!("  database   {}", settings.database.url.reveal()),
        // Its URL may hold a password.
        Backend::Postgres => "  database   PostgreSQL".to_owned(),
    });
    for gateway in &service.gateways {
        lines.push(format!("  gateway    {gateway}"));
    }
    if let (Some(_), Some(log)) = (&service.simulator, settings.simulator.log()) {
        lines.push(format!("  simulator  logs to {}", log.display()));
    }
    lines.join("\n")
}
