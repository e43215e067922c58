//! `clarion validate`: which contacts of a file are valid, and what is wrong with the others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use clarion_batch::{Output, Summary, Validation};
use clarion_domain::phone::{NumberKind, Region};
use serde_json::{Value, json};

use super::contact_input::{ContactInput, described, phone_rules, region};
use super::file_jobs::{FormatName, Report, counts, grouped};
use super::part_file::{PartFile, is_stdout};
use super::{say, say_aside};
use crate::settings::Settings;

const HELP: &str = "\
Examples:
  clarion validate contacts.csv
  clarion validate contacts.csv.gz --dedupe --out accepted.csv --rejects rejects.csv
  clarion validate export.csv --phone 'Mobile (private)' --region DE
  zcat *.ndjson.gz | clarion validate - --format json

Exit status: 0 all contacts are valid, 1 some are not, 2 the file could not be worked on.";

/// What `validate` is told on the command line.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: ContactInput,
    /// Write the accepted contacts to this file, in canonical form; "-" is standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The format of --out, where its name does not tell
    #[arg(long, value_enum, value_name = "FORMAT", requires = "out")]
    out_format: Option<FormatName>,
    /// Write the refused contacts to this CSV file, with line and reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Leave out contacts whose number stands in the file before
    #[arg(long)]
    dedupe: bool,
    /// What national numbers are read as, instead of phone.default_region
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Option<Region>,
    /// For whom the summary is
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Report,
}

/// Checks; true where all contacts are valid.
pub(super) fn run(settings: &Settings, arguments: &Arguments) -> anyhow::Result<bool> {
    let phones = phone_rules(settings, arguments.region)?;
    let input = &arguments.input;
    let file = input.open()?;
    let heading = format!("{}: {}", input.shown(), described(&file));
    let mut validation = Validation::new(&phones).dedupe(arguments.dedupe);
    let mut parts = Vec::new();
    if let Some(path) = &arguments.out {
        let (part, sink) = PartFile::create(path)?;
        let format = arguments.out_format.unwrap_or(FormatName::of_file(path));
        validation = validation.write_accepted(Output::new(sink, format.into()));
        parts.push(part);
    }
    if let Some(path) = &arguments.rejects {
        let (part, sink) = PartFile::create(path)?;
        validation = validation.write_refused(sink);
        parts.push(part);
    }
    let summary = validation.run(file).map_err(|error| input.failed(error))?;
    parts.into_iter().try_for_each(PartFile::keep)?;
    arguments.tell(&heading, &summary)?;
    Ok(summary.refused == 0)
}

impl Arguments {
    /// Writes the summary to standard output, unless contacts are written there.
    fn tell(&self, heading: &str, summary: &Summary) -> anyhow::Result<()> {
        let text = match self.format {
            Report::Text => format!("{heading}\n{}", text_of(summary)),
            Report::Json => json_of(summary).to_string(),
        };
        let mut files = [&self.out, &self.rejects].into_iter().flatten();
        if files.any(|path| is_stdout(path)) {
            say_aside(&text)
        } else {
            say(&text)
        }
    }
}

/// A summary for people.
pub(super) fn text_of(summary: &Summary) -> String {
    let refused: Vec<_> = summary
        .reasons_by_count()
        .into_iter()
        .map(|(reason, count)| {
            (
                format!("{} {}", reason.property, reason.message)
                    .trim()
                    .to_owned(),
                count,
            )
        })
        .collect();
    let countries: Vec<_> = summary
        .countries_by_count()
        .into_iter()
        .map(|(region, count)| (region.to_string(), count))
        .collect();
    let kinds: Vec<_> = summary
        .kinds_by_count()
        .into_iter()
        .map(|(kind, count)| (kind_name(kind), count))
        .collect();
    let text = format!(
        "{} contacts: {} accepted, {} refused{}\n{}{}{}",
        grouped(summary.contacts),
        grouped(summary.accepted),
        grouped(summary.refused),
        match summary.duplicates {
            0 => String::new(),
            duplicates => format!(", {} duplicates left out", grouped(duplicates)),
        },
        counts("Refused", &refused),
        counts("Accepted by country", &countries),
        counts("Accepted by type of number", &kinds),
    );
    text.trim_end().to_owned()
}

/// A summary for programs.
pub(super) fn json_of(summary: &Summary) -> Value {
    let reasons: Vec<_> = summary
        .reasons_by_count()
        .into_iter()
        .map(|(reason, count)| {
            json!({"property": reason.property, "reason": reason.message, "count": count})
        })
        .collect();
    let countries: BTreeMap<_, _> = summary
        .countries
        .iter()
        .map(|(region, count)| (region.as_str(), count))
        .collect();
    let kinds: BTreeMap<_, _> = summary
        .kinds
        .iter()
        .map(|(kind, count)| (kind_name(*kind), count))
        .collect();
    json!({
        "contacts": summary.contacts,
        "accepted": summary.accepted,
        "refused": summary.refused,
        "duplicates": summary.duplicates,
        "reasons": reasons,
        "countries": countries,
        "numberTypes": kinds,
    })
}

fn kind_name(kind: Option<NumberKind>) -> String {
    match kind {
        Some(kind) => kind.to_string().trim_start_matches("a ").to_owned(),
        None => "test number".to_owned(),
    }
}
