//! The words of replies that opt out and in: the file beside the service, or else what was shipped with it.

use std::path::Path;

use anyhow::Context as _;
use clarion_domain::opt_out::KeywordRules;

/// Where whoever runs the service may edit them.
const USUAL: &str = "config/rules/keywords.toml";
const SHIPPED: &str = include_str!("../../../config/rules/keywords.toml");

/// The rules in force.
pub(crate) fn read() -> anyhow::Result<KeywordRules> {
    let path = Path::new(USUAL);
    let text = match path.is_file() {
        true => std::fs::read_to_string(path).context(USUAL)?,
        false => SHIPPED.to_owned(),
    };
    toml::from_str(&text).context(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_can_be_read() {
        let rules: KeywordRules = toml::from_str(SHIPPED).unwrap();
        assert!(rules.words.stop.contains(&"stop".to_owned()));
    }
}
