//! The commands that speak to a running service: `send` and `campaigns`. They read none of the service's configuration.

use std::process::ExitCode;

use clap::Subcommand;
use tokio::runtime::Runtime;

use super::{campaigns, send};

/// What to have a service do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a message to the contacts of a file, through a running service.
    Send(Box<send::Arguments>),
    /// See, hold back and end the campaigns of a running service.
    Campaigns(campaigns::Arguments),
}

/// Has it done.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    Runtime::new()?.block_on(async {
        match command {
            Command::Send(arguments) => send::run(*arguments).await,
            Command::Campaigns(arguments) => {
                campaigns::run(&arguments).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}
