//! The settings of every command: what may be configured, with which defaults, and where it is read from.
//!
//! This is the only place that knows files and environment variables; every other crate takes its own settings as
//! plain values.

mod handover;
mod layer;
mod sections;
mod values;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clarion_domain::api_key::KeyText;
use clarion_domain::phone::Region;
use clarion_domain::recipient::MAX_RECIPIENTS;
use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};

pub(crate) use sections::{
    Auth, Campaigns, Database, Gateway, GatewayKind, Limits, Links, Log, Phone, Retention, Sending,
    Server, Simulator, WebHooks,
};
pub(crate) use values::{LogFormat, Switch};

use layer::Layer;

/// The environment that is meant where `CLARION_ENV` names none.
const DEFAULT_ENVIRONMENT: &str = "sandbox";

/// What that environment means outside a checkout, where no file says it. Other environments are the operator's own.
const BUILT_IN: &str = include_str!("../../../config/sandbox.toml");

/// A shorter lease would end between two of its renewals wherever the database takes a moment.
const SHORTEST_LEASE_MILLIS: u64 = 1_000;

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// They cannot be read, or hold what no key takes.
    #[error(transparent)]
    Unreadable(#[from] ConfigError),
    /// A value that cannot be worked with.
    #[error("{key} {reason}")]
    Wrong {
        /// The dotted key.
        key: String,
        /// Reads after it.
        reason: String,
    },
}

/// Everything that can be configured; `config/reference.toml` documents each key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) auth: Auth,
    pub(crate) limits: Limits,
    pub(crate) phone: Phone,
    pub(crate) campaigns: Campaigns,
    pub(crate) links: Links,
    pub(crate) sending: Sending,
    pub(crate) web_hooks: WebHooks,
    pub(crate) retention: Retention,
    pub(crate) simulator: Simulator,
    pub(crate) log: Log,
    #[serde(default)]
    pub(crate) gateways: Vec<Gateway>,
}

/// Where settings are read from.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    /// The folder of `default.toml` and the environments' files.
    folder: PathBuf,
    /// The file named on the command line.
    file: Option<PathBuf>,
    /// The environment variables.
    variables: HashMap<String, String>,
}

impl Origins {
    /// `config/` in the working directory, the file named on the command line, and this process's environment.
    pub(crate) fn of_process(file: Option<PathBuf>) -> Self {
        Self {
            folder: PathBuf::from("config"),
            file,
            variables: std::env::vars().collect(),
        }
    }

    /// The name of the environment: `CLARION_ENV`, or `sandbox`.
    pub(crate) fn environment(&self) -> &str {
        self.named_environment().unwrap_or(DEFAULT_ENVIRONMENT)
    }

    fn named_environment(&self) -> Option<&str> {
        let name = self.variables.get("CLARION_ENV")?;
        (!name.is_empty()).then_some(name)
    }

    /// The files that are read, in their order, least important first.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let shipped = [self.folder.join("default.toml"), self.environment_file()];
        let mut files: Vec<_> = shipped.into_iter().filter(|path| path.is_file()).collect();
        files.extend(self.file.clone());
        files
    }

    fn environment_file(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.environment()))
    }

    /// What stands in for the environment's file where there is none.
    fn built_in(&self) -> Result<&'static str, ConfigError> {
        let file = self.environment_file();
        match self.environment() {
            _ if file.is_file() => Ok(""),
            DEFAULT_ENVIRONMENT => Ok(BUILT_IN),
            name => Err(ConfigError::Message(format!(
                "CLARION_ENV names the environment {name:?}, but there is no file {}",
                file.display()
            ))),
        }
    }

    /// The variable that hosting services set, in the words of our own.
    fn database_url(&self) -> HashMap<String, String> {
        let foreign = ["DATABASE_URL", "DATABASE_URL_FILE"];
        let renamed = |name: &str| name.replacen("DATABASE_", "CLARION__DATABASE__", 1);
        foreign
            .into_iter()
            .filter_map(|name| Some((renamed(name), self.variables.get(name)?.clone())))
            .collect()
    }
}

impl Settings {
    /// Reads all origins; later ones win: built-in defaults, `default.toml`, the environment's file, the named file,
    /// `DATABASE_URL`, `CLARION__SECTION__KEY`.
    pub(crate) fn load(origins: &Origins) -> Result<Self, SettingsError> {
        let settings = Self::read(origins)?;
        settings.check()?;
        Ok(settings)
    }

    fn read(origins: &Origins) -> Result<Self, ConfigError> {
        let mut builder = Config::builder()
            .add_source(Config::try_from(&Self::default())?)
            .add_source(File::from_str(origins.built_in()?, FileFormat::Toml));
        for path in origins.files() {
            builder = builder.add_source(file(&path)?);
        }
        builder
            .add_source(environment(origins.database_url())?)
            .add_source(environment(origins.variables.clone())?)
            .build()?
            .try_deserialize()
    }

    fn check(&self) -> Result<(), SettingsError> {
        let key = self.auth.bootstrap_key.reveal();
        if !key.is_empty() {
            KeyText::parse(key).map_err(|fault| wrong("auth.bootstrap_key", fault))?;
        }
        if self.auth.max_live_keys == 0 {
            return Err(wrong("auth.max_live_keys", "must be at least 1"));
        }
        if self.database.connections == 0 {
            return Err(wrong("database.connections", "must be at least 1"));
        }
        if self.sending.lease.millis() < SHORTEST_LEASE_MILLIS {
            return Err(wrong("sending.lease", "must be at least 1s"));
        }
        if self.web_hooks.timeout.millis() == 0 {
            return Err(wrong("web_hooks.timeout", "must be longer than 0s"));
        }
        if Region::new(&self.phone.default_region).is_none() {
            return Err(wrong("phone.default_region", "is no region such as GB"));
        }
        if !(1..=MAX_RECIPIENTS).contains(&self.campaigns.max_contacts) {
            let reason = format!("must be between 1 and {MAX_RECIPIENTS}");
            return Err(wrong("campaigns.max_contacts", reason));
        }
        if self.campaigns.max_segments == 0 {
            return Err(wrong("campaigns.max_segments", "must be at least 1"));
        }
        self.check_public_url()?;
        self.check_gateways()
    }

    /// Phones recognise a link by its beginning, and end it at white space.
    fn check_public_url(&self) -> Result<(), SettingsError> {
        let url = self.links.public_url.as_str();
        let host = ["http://", "https://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme));
        let odd = |c: char| !c.is_ascii_graphic() || "?#{}".contains(c);
        match host {
            Some(host) if !host.is_empty() && !host.contains(odd) => Ok(()),
            None if url.is_empty() => Ok(()),
            _ => Err(wrong(
                "links.public_url",
                "must be an address such as https://c.example, without ? and #",
            )),
        }
    }

    fn check_gateways(&self) -> Result<(), SettingsError> {
        for (index, gateway) in self.gateways.iter().enumerate() {
            let required = [
                ("name", &gateway.name),
                ("host", &gateway.host),
                ("system_id", &gateway.system_id),
            ];
            if let Some((key, _)) = required.into_iter().find(|(_, text)| text.is_empty()) {
                return Err(wrong(format!("gateways[{index}].{key}"), "is required"));
            }
            let twin = |other: &Gateway| other.name == gateway.name;
            if self.gateways[..index].iter().any(twin) {
                let reason = format!("{:?} is another gateway's already", gateway.name);
                return Err(wrong(format!("gateways[{index}].name"), reason));
            }
            gateway
                .check_source()
                .map_err(|(key, reason)| wrong(format!("gateways[{index}].{key}"), reason))?;
            let smpp = gateway.for_smpp(&self.phone);
            smpp.check()
                .map_err(|fault| wrong(format!("gateways[{index}]"), fault))?;
        }
        Ok(())
    }

    /// Settings in which every key that exists has a value.
    fn complete() -> Self {
        Self {
            gateways: vec![Gateway::default()],
            ..Self::default()
        }
    }
}

fn wrong(key: impl Into<String>, reason: impl ToString) -> SettingsError {
    SettingsError::Wrong {
        key: key.into(),
        reason: reason.to_string(),
    }
}

fn file(path: &Path) -> Result<Layer, ConfigError> {
    let name = path.display().to_string();
    let file = File::new(&name, FileFormat::Toml);
    Layer::of(&file, name, layer::Spelling::File)
}

fn environment(variables: HashMap<String, String>) -> Result<Layer, ConfigError> {
    let variables = Environment::with_prefix("CLARION")
        .separator("__")
        .source(Some(variables));
    Layer::of(
        &variables,
        "the environment".to_owned(),
        layer::Spelling::Variable,
    )
}

#[cfg(test)]
mod tests;
