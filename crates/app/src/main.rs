//! The binary `clarion`: commands, settings, wiring, telemetry.
//!
//! Nothing of the trade is decided here; each command reads the settings, puts the other crates together and reports.

mod api;
mod click_rules;
mod commands;
mod hour_rules;
mod keywords;
mod sender_policies;
mod settings;
mod startup;
mod tariffs;
mod telemetry;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use commands::{check_config, file_jobs, help, keys, migrate, remote, serve, simulator};
use settings::{Origins, Settings};

/// A self-hosted platform for SMS campaigns.
#[derive(Debug, Parser)]
#[command(name = "clarion", version)]
struct Cli {
    /// A configuration file, read on top of config/default.toml and the environment's file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and send campaigns (what is done where no command is given).
    Serve(serve::Arguments),
    /// Bring the database to this version's schema.
    Migrate,
    /// Read the configuration, and say what is wrong with it or what it amounts to.
    CheckConfig(check_config::Arguments),
    /// Create, list and revoke API keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Run the SMSC simulator alone, as a server.
    Simulator(simulator::Arguments),
    #[command(flatten)]
    FileJob(file_jobs::Command),
    #[command(flatten)]
    Remote(remote::Command),
    #[command(flatten)]
    Help(help::Command),
}

/// The exit code of a wrong configuration, as of a wrong command line or a file that cannot be worked on.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    match run(Cli::parse().without_stray_arguments()) {
        Ok(code) => code,
        Err(error) => report(&error),
    }
}

impl Cli {
    /// What is said for serving has no meaning beside another command; the file has, before the command and behind it.
    fn without_stray_arguments(self) -> Self {
        if self.command.is_some() && self.serve.are_given() {
            let reason = "what is said for serving belongs behind the command `serve`";
            Self::command()
                .error(ErrorKind::ArgumentConflict, reason)
                .exit();
        }
        self
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    let command = match command {
        // Packagers and shells ask for this where nothing is configured yet.
        Command::Help(command) => {
            help::run(command, Cli::command())?;
            return Ok(ExitCode::SUCCESS);
        }
        // Another machine's service is none of this machine's configuration.
        Command::Remote(command) => return remote::run(command),
        command => command,
    };
    let origins = Origins::of_process(cli.config);
    let settings = Settings::load(&origins)?;
    match command {
        Command::CheckConfig(arguments) => check_config::run(&origins, &settings, &arguments)?,
        Command::FileJob(job) => return file_jobs::run(&settings, job),
        command => with_log(&origins, &settings, command)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs what works with a database or a network, and so for longer.
fn with_log(origins: &Origins, settings: &Settings, command: Command) -> anyhow::Result<()> {
    telemetry::start(&settings.log)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(origins, settings, &arguments).await,
            Command::Migrate => migrate::run(settings).await,
            Command::Keys(command) => keys::run(settings, command).await,
            Command::Simulator(arguments) => simulator::run(settings, arguments).await,
            Command::CheckConfig(_)
            | Command::FileJob(_)
            | Command::Remote(_)
            | Command::Help(_) => Ok(()),
        }
    })
}

#[expect(
    clippy::print_stderr,
    reason = "the one message for whoever started the program, where it ends for a fault"
)]
fn report(error: &anyhow::Error) -> ExitCode {
    if !is_for_want_of_a_reader(error) {
        eprintln!("clarion: {}", told(error));
    }
    if error.is::<settings::SettingsError>() || error.is::<file_jobs::CouldNotRun>() {
        ExitCode::from(COULD_NOT_RUN)
    } else {
        ExitCode::FAILURE
    }
}

/// Who reads what is written has had enough, as `head` has after its lines, and knows that.
fn is_for_want_of_a_reader(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// An error with its causes, each told once: many an error's own text names its cause already.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        let cause = cause.trim_end();
        if !text.contains(cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            text += separator;
            text += cause;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cause_is_told_twice() {
        let error = anyhow::anyhow!("in use\n")
            .context("cannot listen: in use")
            .context("server.listen");
        assert_eq!(told(&error), "server.listen: cannot listen: in use");
    }
}
