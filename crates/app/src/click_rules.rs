//! The file of the rules by which clicks are judged.

use std::path::Path;

use anyhow::Context as _;
use clarion_domain::click::ClickRules;

/// Where other rules than the compiled ones are looked for.
const USUAL: &str = "config/rules/clicks.toml";

/// What holds where there is no such file.
const COMPILED: &str = include_str!("../../../config/rules/clicks.toml");

/// The rules of the usual file where it is there, or the compiled ones.
pub(crate) fn read() -> anyhow::Result<ClickRules> {
    let usual = Path::new(USUAL);
    if !usual.is_file() {
        return toml::from_str(COMPILED).context("the compiled rules for clicks");
    }
    let read = || {
        let text = std::fs::read_to_string(usual).context("cannot be read")?;
        toml::from_str(&text).context("holds no rules for clicks")
    };
    read().with_context(|| usual.display().to_string())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use clarion_domain::click::{Click, ClickClass};
    use clarion_domain::recipient::{CampaignKey, RecipientKey};

    use super::*;

    fn check(rules: &ClickRules, user_agent: &str, class: ClickClass) {
        let click = Click {
            recipient: RecipientKey {
                campaign: CampaignKey(1),
                seq: 1,
            },
            at: DateTime::<Utc>::UNIX_EPOCH,
            is_head: false,
            network: None,
            user_agent: user_agent.to_owned(),
            purpose: String::new(),
        };
        assert_eq!(rules.judge(&click, None).class, class, "{user_agent}");
    }

    #[test]
    fn the_compiled_rules_tell_people_from_programs() {
        let rules: ClickRules = toml::from_str(COMPILED).unwrap();
        for (user_agent, class) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.1 Mobile/15E148 Safari/604.1",
                ClickClass::Human,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile",
                ClickClass::Human,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 \
                 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
                ClickClass::Preview,
            ),
            ("WhatsApp/2.23.20.0", ClickClass::Preview),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                ClickClass::Bot,
            ),
            ("curl/8.5.0", ClickClass::Bot),
        ] {
            check(&rules, user_agent, class);
        }
    }
}
