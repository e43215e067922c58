//! The file of contacts that a job is given, and how it is to be read.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use clarion_batch::{Column, ContactFile, Field, FileEncoding, FileError, Format, ReadOptions};
use clarion_domain::phone::{PhoneRules, Region};
use tempfile::NamedTempFile;

use super::file_jobs::{CouldNotRun, FormatName};
use super::progress::Watched;
use crate::settings::Settings;

/// The file and how to read it.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to read the file")]
pub(super) struct ContactInput {
    /// CSV, NDJSON or JSON, gzipped or not; "-" is standard input
    #[arg(value_name = "FILE", help_heading = None)]
    file: PathBuf,
    /// Its format, where it is not found out
    #[arg(long, value_enum, value_name = "FORMAT")]
    input_format: Option<FormatName>,
    /// Its encoding, such as windows-1252, where it is not found out
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<&'static FileEncoding>,
    /// What stands between values, where it is not found out; "tab" for a tab
    #[arg(long, value_name = "SIGN", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The first line is a contact
    #[arg(long)]
    no_header: bool,
    /// The column of phone numbers, by its name or its number from 1
    #[arg(long, value_name = "COLUMN")]
    phone: Option<Column>,
    /// The column of names
    #[arg(long, value_name = "COLUMN")]
    name: Option<Column>,
    /// The column of {Custom1}
    #[arg(long, value_name = "COLUMN")]
    custom1: Option<Column>,
    /// The column of {Custom2}
    #[arg(long, value_name = "COLUMN")]
    custom2: Option<Column>,
    /// The column of contact groups
    #[arg(long, value_name = "COLUMN")]
    group: Option<Column>,
    /// The column of time zones
    #[arg(long, value_name = "COLUMN")]
    time_zone: Option<Column>,
    /// No progress, only the outcome
    #[arg(long, help_heading = None)]
    quiet: bool,
    /// What standard input held, where that was kept
    #[arg(skip)]
    kept: Option<NamedTempFile>,
}

impl ContactInput {
    /// Opens it.
    pub(super) fn open(&self) -> anyhow::Result<ContactFile<'static>> {
        self.read().with_context(|| self.could_not_run())
    }

    /// What a failure in the midst of the file is told as.
    pub(super) fn failed(&self, error: FileError) -> anyhow::Error {
        advised(error).context(self.could_not_run())
    }

    fn could_not_run(&self) -> CouldNotRun {
        CouldNotRun::new(self.shown())
    }

    /// Makes it a file that can be opened again: what comes from standard input is kept on disk, until the job ends.
    pub(super) fn keep(&mut self) -> anyhow::Result<()> {
        if self.is_stdin() {
            self.kept = Some(keep(io::stdin().lock()).with_context(|| self.could_not_run())?);
        }
        Ok(())
    }

    /// Its name for people.
    pub(super) fn shown(&self) -> String {
        if self.is_stdin() {
            "standard input".to_owned()
        } else {
            self.file.display().to_string()
        }
    }

    /// Only what was asked for is wanted.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }

    fn read(&self) -> anyhow::Result<ContactFile<'static>> {
        let path = self.kept.as_ref().map_or(&*self.file, NamedTempFile::path);
        let (source, size): (Box<dyn Read + Send>, _) = if path == Path::new("-") {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).context("cannot be opened")?;
            let metadata = file.metadata().context("cannot be read")?;
            (Box::new(file), metadata.is_file().then_some(metadata.len()))
        };
        let watched = Watched::new(source, size, self.quiet);
        ContactFile::open(watched, &self.options()).map_err(advised)
    }

    fn options(&self) -> ReadOptions {
        let chosen = [
            (Field::PhoneNumber, &self.phone),
            (Field::Name, &self.name),
            (Field::Custom1, &self.custom1),
            (Field::Custom2, &self.custom2),
            (Field::ContactGroupId, &self.group),
            (Field::TimeZone, &self.time_zone),
        ];
        ReadOptions {
            format: self.input_format.map(Format::from),
            encoding: self.encoding,
            delimiter: self.delimiter,
            columns: chosen
                .into_iter()
                .filter_map(|(field, column)| Some((field, column.clone()?)))
                .collect(),
            no_header: self.no_header,
        }
    }
}

/// Copies a stream into a file that goes when it is let go.
fn keep(mut stream: impl Read) -> anyhow::Result<NamedTempFile> {
    let mut file = NamedTempFile::new().context("cannot be kept in a temporary file")?;
    io::copy(&mut stream, &mut file).context("cannot be kept in a temporary file")?;
    Ok(file)
}

/// What the file turned out to be.
pub(super) fn described(file: &ContactFile<'_>) -> String {
    let format = match file.format() {
        Format::Csv => "CSV",
        Format::Ndjson => "NDJSON",
        Format::Json => "JSON",
    };
    let columns: Vec<_> = file
        .columns()
        .into_iter()
        .map(|(field, number, title)| match title {
            Some(title) if title != field.name() => format!("{field} from {title:?}"),
            Some(_) => field.to_string(),
            None => format!("{field} from column {number}"),
        })
        .collect();
    if columns.is_empty() {
        format.to_owned()
    } else {
        format!("{format} with {}", columns.join(", "))
    }
}

/// The rules for numbers: the configured ones, or those of the region that the command line names.
pub(super) fn phone_rules(
    settings: &Settings,
    region: Option<Region>,
) -> anyhow::Result<PhoneRules> {
    let configured = Region::new(&settings.phone.default_region);
    let region = region
        .or(configured)
        .with_context(|| CouldNotRun::new("phone.default_region is no region such as GB"))?;
    Ok(PhoneRules::new(region, settings.phone.allow_test_numbers))
}

/// Reads a region of the command line.
pub(super) fn region(code: &str) -> Result<Region, String> {
    Region::new(code).ok_or_else(|| "no such region; regions are written like GB".to_owned())
}

fn encoding(name: &str) -> Result<&'static FileEncoding, String> {
    FileEncoding::for_label(name.as_bytes())
        .ok_or_else(|| "no such encoding; usual ones are utf-8, windows-1252, utf-16le".to_owned())
}

fn delimiter(sign: &str) -> Result<u8, String> {
    match sign.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [sign] => Ok(*sign),
        _ => Err("not one sign, such as ; or tab".to_owned()),
    }
}

/// The failure, and what to do next.
fn advised(error: FileError) -> anyhow::Error {
    let advice = match &error {
        FileError::NoNumbers { .. } => {
            "name the column with --phone COLUMN; where the first line is a contact, say --no-header, too"
        }
        FileError::Ambiguous { field, .. } => match field {
            Field::PhoneNumber => "choose one with --phone COLUMN",
            Field::ContactGroupId => "choose one with --group COLUMN",
            Field::TimeZone => "choose one with --time-zone COLUMN",
            Field::Name => "choose one with --name COLUMN",
            Field::Custom1 => "choose one with --custom1 COLUMN",
            Field::Custom2 => "choose one with --custom2 COLUMN",
        },
        FileError::OpenQuote { .. } | FileError::Endless { .. } => {
            "close it; a quote that belongs to the text is written twice, in a value in quotes"
        }
        FileError::Json { .. } | FileError::Contact { .. } => {
            "mend the file there; one contact a line (NDJSON) is more forgiving"
        }
        _ => return error.into(),
    };
    anyhow!("{error}; {advice}")
}
