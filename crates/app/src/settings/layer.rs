//! One layer of settings: what one file or the environment says, with unknown keys refused and secrets fetched from
//! the files that are named for them.

use config::{ConfigError, Map, Source, Value, ValueKind};

use super::Settings;

/// Keys that may also be given as `KEY_file`: the path of a file that holds the value.
const SECRETS: [&str; 3] = ["auth.bootstrap_key", "database.url", "gateways.password"];

/// Sections whose keys are the operator's own.
const OPEN_SECTIONS: [&str; 1] = ["gateways.codes"];

/// What stands behind the name of a key that names a file.
const FILE_SUFFIX: &str = "_file";

/// A layer that was checked.
#[derive(Debug, Clone)]
pub(super) struct Layer(Map<String, Value>);

/// How keys are written in a layer, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `server.listen`
    File,
    /// `CLARION__SERVER__LISTEN`
    Variable,
}

/// What is needed while a layer is walked through.
struct Check {
    spelling: Spelling,
    /// The layer's name, for messages.
    name: String,
    /// Every key there is, with sections, dotted.
    known: Vec<String>,
}

impl Layer {
    /// Collects a source and checks it.
    pub(super) fn of(
        source: &dyn Source,
        name: String,
        spelling: Spelling,
    ) -> Result<Self, ConfigError> {
        // `collect_to` makes sections of the environment's dotted names; `collect` would leave them flat.
        let mut collected = Value::new(None, ValueKind::Table(Map::new()));
        source.collect_to(&mut collected)?;
        let check = Check {
            spelling,
            name,
            known: known_keys()?,
        };
        let mut table = collected.into_table()?;
        check.table("", &mut table)?;
        Ok(Self(table))
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

impl Check {
    fn table(&self, section: &str, table: &mut Map<String, Value>) -> Result<(), ConfigError> {
        if OPEN_SECTIONS.contains(&section) {
            return Ok(());
        }
        let keys: Vec<String> = table.keys().cloned().collect();
        for key in keys {
            let path = join(section, &key);
            if let Some(secret) = secret_of(&path) {
                self.fetch(table, &key, secret)?;
            } else if !self.known.contains(&path) {
                return Err(self.unknown(&path));
            } else if let Some(value) = table.get_mut(&key) {
                self.value(&path, value)?;
            }
        }
        Ok(())
    }

    fn value(&self, path: &str, value: &mut Value) -> Result<(), ConfigError> {
        match &mut value.kind {
            ValueKind::Table(table) => self.table(path, table),
            ValueKind::Array(items) => items.iter_mut().try_for_each(|item| self.value(path, item)),
            _ => Ok(()),
        }
    }

    /// Puts the content of the file that `key` names in the place of the secret.
    fn fetch(
        &self,
        table: &mut Map<String, Value>,
        key: &str,
        secret: &str,
    ) -> Result<(), ConfigError> {
        let (given, by_file) = (self.spelled(secret), self.spelled(&join_suffix(secret)));
        let plain = key.trim_end_matches(FILE_SUFFIX);
        if table.contains_key(plain) {
            let text = format!("both {given} and {by_file} are set in {}", self.name);
            return Err(ConfigError::Message(text));
        }
        let Some(path) = table.remove(key) else {
            return Ok(());
        };
        let path = path.into_string()?;
        let text = std::fs::read_to_string(&path).map_err(|error| {
            ConfigError::Message(format!("{by_file}: cannot read {path}: {error}"))
        })?;
        let value = Value::new(Some(&path), text.trim_end().to_owned());
        table.insert(plain.to_owned(), value);
        Ok(())
    }

    fn unknown(&self, path: &str) -> ConfigError {
        let distance = |known: &&String| strsim::damerau_levenshtein(known, path);
        let nearest = self.known.iter().min_by_key(distance);
        ConfigError::Message(format!(
            "unknown key {} in {}; did you mean {}?",
            self.spelled(path),
            self.name,
            self.spelled(nearest.map_or("", String::as_str))
        ))
    }

    fn spelled(&self, path: &str) -> String {
        match self.spelling {
            Spelling::File => format!("`{path}`"),
            Spelling::Variable => {
                format!("CLARION__{}", path.replace('.', "__").to_uppercase())
            }
        }
    }
}

/// The secret that `path` names a file for.
fn secret_of(path: &str) -> Option<&str> {
    path.strip_suffix(FILE_SUFFIX)
        .filter(|secret| SECRETS.contains(secret))
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}

fn join_suffix(secret: &str) -> String {
    format!("{secret}{FILE_SUFFIX}")
}

/// Taken from the settings as they are written: `Config` loses the keys of lists and sections that are empty by default.
fn known_keys() -> Result<Vec<String>, ConfigError> {
    let complete = toml::Table::try_from(Settings::complete())
        .map_err(|error| ConfigError::Foreign(Box::new(error)))?;
    let mut known: Vec<String> = SECRETS.into_iter().map(join_suffix).collect();
    gather("", &complete, &mut known);
    Ok(known)
}

fn gather(section: &str, table: &toml::Table, known: &mut Vec<String>) {
    for (key, value) in table {
        let path = join(section, key);
        let inner = value.as_array().and_then(|items| items.first());
        if let toml::Value::Table(table) = inner.unwrap_or(value) {
            gather(&path, table, known);
        }
        known.push(path);
    }
}
