//! `clarion convert`: a file of contacts in another format.

use std::path::PathBuf;

use clap::Args;
use clarion_batch::{CampaignHeader, Conversion, Converted, Output};

use super::contact_input::ContactInput;
use super::file_jobs::{FormatName, grouped};
use super::part_file::PartFile;
use super::say_aside;

/// How many unreadable lines are told one by one.
const TOLD: usize = 10;

const HELP: &str = "\
Examples:
  clarion convert contacts.csv --to ndjson > contacts.ndjson
  clarion convert contacts.csv --from ACME --message 'Hi {Name|there}' --out campaign.json
  clarion convert campaign.json --out contacts.csv

Values stay as they are; `clarion validate --out` writes numbers in canonical form.
Exit status: 0 all lines are contacts, 1 some are not, 2 the file could not be worked on.";

/// What `convert` is told on the command line.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: ContactInput,
    /// The format to write, where the name of --out does not tell
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        required_unless_present = "out"
    )]
    to: Option<FormatName>,
    /// The file to write; "-" is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// The sender that a JSON campaign names
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// The message of a JSON campaign
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
}

/// Converts; true where every line is a contact.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let input = &arguments.input;
    let file = input.open()?;
    let format = arguments.to.unwrap_or(FormatName::of_file(&arguments.out));
    let campaign = CampaignHeader {
        sender: arguments.from.clone(),
        message: arguments.message.clone(),
        ..file.campaign().cloned().unwrap_or_default()
    };
    let (part, sink) = PartFile::create(&arguments.out)?;
    let conversion = Conversion::new(Output::new(sink, format.into())).campaign(campaign);
    let converted = conversion.run(file).map_err(|error| input.failed(error))?;
    part.keep()?;
    if !input.is_quiet() || converted.unreadable > 0 {
        tell(&converted)?;
    }
    Ok(converted.unreadable == 0)
}

fn tell(converted: &Converted) -> anyhow::Result<()> {
    tell_unreadable(converted)?;
    let left_out = match converted.unreadable {
        0 => String::new(),
        count => format!(", {} lines left out", grouped(count)),
    };
    say_aside(&format!(
        "{} contacts written{left_out}",
        grouped(converted.contacts)
    ))
}

/// Tells the first lines that are no contacts.
pub(super) fn tell_unreadable(converted: &Converted) -> anyhow::Result<()> {
    let told = converted.faults.iter().take(TOLD);
    told.map(|(line, fault)| format!("line {line}: {fault}"))
        .try_for_each(|line| say_aside(&line))
}
