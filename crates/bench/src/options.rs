//! What is asked for on the command line.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

const HELP: &str = "Known are --quick, --only STEPS, --database sqlite|postgres|both, --contacts N, --messages N, --growth, \
                    --clarion FILE, --folder FOLDER and --json FILE; the steps are intake, audience, lists, api, redirects, sending \
                    and startup, with commas between them";

/// What the program does.
#[derive(Debug)]
pub(crate) enum Command {
    /// Measure.
    Measure(Options),
    /// Be the bare handler that the service is held against, on a database of its own. Started by the other.
    Bare(String),
}

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) steps: Vec<Step>,
    pub(crate) databases: Vec<Kind>,
    /// Contacts of the big campaign.
    pub(crate) contacts: u32,
    /// Messages of the campaign that is sent.
    pub(crate) messages: u32,
    /// Small campaigns among which lists are read.
    pub(crate) campaigns: u32,
    /// Whether a campaign of 5,000,000 is taken in, too.
    pub(crate) growth: bool,
    /// How long each load lasts, in seconds.
    pub(crate) seconds: u64,
    /// The service.
    pub(crate) clarion: PathBuf,
    /// Where the databases are put for the time, which should be a real disk.
    pub(crate) folder: PathBuf,
    pub(crate) json: PathBuf,
}

/// What is measured one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Intake,
    Audience,
    Lists,
    Api,
    Redirects,
    Sending,
    Startup,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Step {
    /// In the order in which they run: the last ones find the database full.
    const ALL: [Self; 7] = [
        Self::Intake,
        Self::Audience,
        Self::Lists,
        Self::Api,
        Self::Redirects,
        Self::Sending,
        Self::Startup,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Audience => "audience",
            Self::Lists => "lists",
            Self::Api => "api",
            Self::Redirects => "redirects",
            Self::Sending => "sending",
            Self::Startup => "startup",
        }
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            steps: Step::ALL.to_vec(),
            databases: vec![Kind::Sqlite, Kind::Postgres],
            contacts: 1_000_000,
            messages: 200_000,
            campaigns: 10_000,
            growth: false,
            seconds: 4,
            clarion: PathBuf::from("target/release/clarion"),
            folder: PathBuf::from("target"),
            json: PathBuf::from("target/bench.json"),
        }
    }
}

impl Options {
    /// Only whether everything runs.
    fn quick() -> Self {
        Self {
            contacts: 10_000,
            messages: 2_000,
            campaigns: 200,
            seconds: 1,
            ..Self::default()
        }
    }
}

/// Reads the command line.
pub(crate) fn read(mut given: impl Iterator<Item = String>) -> anyhow::Result<Command> {
    let mut options = Options::default();
    while let Some(name) = given.next() {
        let mut value = || {
            given
                .next()
                .with_context(|| format!("{name} needs a value"))
        };
        match &*name {
            "bare" => return Ok(Command::Bare(value()?)),
            "--quick" => options = Options::quick(),
            "--only" => options.steps = steps(&value()?)?,
            "--database" => options.databases = databases(&value()?)?,
            "--contacts" => options.contacts = value()?.parse()?,
            "--messages" => options.messages = value()?.parse()?,
            "--growth" => options.growth = true,
            "--clarion" => options.clarion = PathBuf::from(value()?),
            "--folder" => options.folder = PathBuf::from(value()?),
            "--json" => options.json = PathBuf::from(value()?),
            _ => bail!("{name}? {HELP}"),
        }
    }
    options.clarion = std::path::absolute(&options.clarion)?;
    options.folder = std::path::absolute(&options.folder)?;
    Ok(Command::Measure(options))
}

fn steps(names: &str) -> anyhow::Result<Vec<Step>> {
    let asked: Vec<_> = names.split(',').collect();
    if let Some(unknown) = asked
        .iter()
        .find(|name| Step::ALL.iter().all(|step| step.name() != **name))
    {
        bail!("{unknown}? {HELP}");
    }
    let is_asked = |step: &Step| asked.contains(&step.name());
    Ok(Step::ALL.into_iter().filter(is_asked).collect())
}

fn databases(name: &str) -> anyhow::Result<Vec<Kind>> {
    match name {
        "sqlite" => Ok(vec![Kind::Sqlite]),
        "postgres" => Ok(vec![Kind::Postgres]),
        "both" => Ok(vec![Kind::Sqlite, Kind::Postgres]),
        _ => bail!("{name}? {HELP}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> anyhow::Result<Options> {
        match read(line.split_whitespace().map(ToOwned::to_owned))? {
            Command::Measure(options) => Ok(options),
            Command::Bare(url) => bail!("{url}"),
        }
    }

    #[test]
    fn steps_run_in_their_own_order() {
        let options = asked("--quick --only sending,intake --database postgres").unwrap();
        assert_eq!(options.steps, [Step::Intake, Step::Sending]);
        assert_eq!(options.databases, [Kind::Postgres]);
        assert_eq!(options.contacts, Options::quick().contacts);
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        for line in ["--slow", "--only sleep", "--database oracle", "--contacts"] {
            let refusal = asked(line).unwrap_err().to_string();
            let word = line.rsplit(' ').next().unwrap();
            assert!(refusal.starts_with(word), "{refusal}");
        }
    }
}
