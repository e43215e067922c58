//! The jobs on files: `validate`, `preview`, `convert`. They need no service, no database and no network.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use clarion_batch::Format;

use super::{convert, preview, validate};
use crate::settings::Settings;

/// What to do with a file.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the contacts of a file: which are valid, and what is wrong with the others.
    Validate(Box<validate::Arguments>),
    /// Show what a message will look like and cost for the contacts of a file.
    Preview(Box<preview::Arguments>),
    /// Convert a file of contacts to another format.
    Convert(Box<convert::Arguments>),
}

/// Something of the file is not as it should be.
pub(super) const REFUSED: u8 = 1;

/// The job could not be done, for the cause behind this.
#[derive(Debug)]
pub(crate) struct CouldNotRun {
    what: String,
}

impl CouldNotRun {
    /// What could not be worked on.
    pub(super) fn new(what: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
        }
    }
}

impl fmt::Display for CouldNotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// How contacts are written down, by the names that people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    /// One contact a line, values between delimiters
    Csv,
    /// One JSON object a line
    Ndjson,
    /// The body that creates a campaign through the API
    Json,
}

impl FormatName {
    /// The format that the name of a file says, or CSV.
    pub(super) fn of_file(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => Self::Ndjson,
            Some("json") => Self::Json,
            _ => Self::Csv,
        }
    }
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Ndjson => Self::Ndjson,
            FormatName::Json => Self::Json,
        }
    }
}

/// For whom the outcome is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Report {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Does it. Whoever asks is told by the exit status whether all was well.
pub(crate) fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let all_well = match command {
        Command::Validate(arguments) => validate::run(settings, &arguments)?,
        Command::Preview(arguments) => preview::run(settings, &arguments)?,
        Command::Convert(arguments) => convert::run(&arguments)?,
    };
    Ok(if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(REFUSED)
    })
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A heading with counts below it; nothing where there are none.
pub(super) fn counts(heading: &str, lines: &[(String, u64)]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines = lines
        .iter()
        .map(|(what, count)| format!("{:>12}  {what}\n", grouped(*count)));
    format!("\n{heading}\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
