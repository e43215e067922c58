//! `clarion completions` and `clarion man`: what shells and readers of manuals are told about all commands.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use clap_complete::Shell;

use super::say;

/// Whom to tell.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a shell's completion script.
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual pages.
    Man {
        /// The folder to write them into
        folder: PathBuf,
    },
}

/// Tells about this program.
pub(crate) fn run(command: Command, mut program: clap::Command) -> anyhow::Result<()> {
    match command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut program, "clarion", &mut script);
            say(String::from_utf8_lossy(&script).trim_end())
        }
        Command::Man { folder } => std::fs::create_dir_all(&folder)
            .and_then(|()| clap_mangen::generate_to(program, &folder))
            .with_context(|| format!("{} cannot be written", folder.display())),
    }
}
