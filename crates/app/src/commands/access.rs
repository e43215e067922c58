//! Which running service a command speaks to, and with which key.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;

use super::file_jobs::CouldNotRun;
use crate::api::{Api, ApiError};

/// Where a service is that nothing was configured for.
const LOCAL: &str = "http://127.0.0.1:8080";
/// The file of whoever runs commands, below the home folder.
const FILE: &str = ".config/clarion/config.toml";

/// The service and the key.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which service")]
pub(super) struct Access {
    /// Its address; else `url` in ~/.config/clarion/config.toml, else http://127.0.0.1:8080
    #[arg(long, global = true, value_name = "URL", env = "CLARION_URL")]
    url: Option<String>,
    /// An API key; else `api_key` in ~/.config/clarion/config.toml
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "CLARION_API_KEY",
        hide_env_values = true
    )]
    key: Option<String>,
}

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Remembered {
    url: Option<String>,
    api_key: Option<String>,
}

impl Access {
    /// The service. Nothing is said to it yet.
    pub(super) fn open(&self) -> anyhow::Result<Api> {
        let remembered = if self.url.is_some() && self.key.is_some() {
            Remembered::default()
        } else {
            Remembered::read()?
        };
        let url = self.url.clone().or(remembered.url);
        let key = self.key.clone().or(remembered.api_key);
        let key = key
            .context("none is given: say --key KEY, set CLARION_API_KEY, or write api_key = \"…\" to ~/.config/clarion/config.toml")
            .with_context(|| CouldNotRun::new("API key"))?;
        let url = url.as_deref().unwrap_or(LOCAL);
        Api::new(url, key).with_context(|| CouldNotRun::new(url))
    }
}

impl Remembered {
    fn read() -> anyhow::Result<Self> {
        let Some(path) = std::env::home_dir().map(|home| home.join(FILE)) else {
            return Ok(Self::default());
        };
        Self::of(&path).with_context(|| CouldNotRun::new(path.display()))
    }

    fn of(path: &PathBuf) -> anyhow::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).context("may hold `url` and `api_key`"),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).context("cannot be read"),
        }
    }
}

/// What a failed request is told as: a refusal in the service's words, everything else as a job that could not be done.
pub(super) fn failed(api: &Api, error: ApiError) -> anyhow::Error {
    match error {
        ApiError::Refused(_) => error.into(),
        error => anyhow::Error::new(error).context(CouldNotRun::new(api.address())),
    }
}
