//! The file of prices, the same for previews and for what was sent.

use std::path::Path;

use anyhow::Context as _;
use clarion_domain::tariff::Tariffs;

/// Where prices are looked for, unless another file is named.
const USUAL: &str = "config/tariffs.toml";

/// The prices of a file that is named, or of the usual one where it is there.
pub(crate) fn read(named: Option<&Path>) -> anyhow::Result<Tariffs> {
    let usual = Path::new(USUAL);
    let Some(path) = named.or_else(|| usual.is_file().then_some(usual)) else {
        return Ok(Tariffs::default());
    };
    let read = || {
        let text = std::fs::read_to_string(path).context("cannot be read")?;
        toml::from_str(&text).context("holds no tariffs")
    };
    read().with_context(|| path.display().to_string())
}
