//! Clicks on tracked links: what asked for the link, and whether that was a person. The rules are dated data; how they are
//! applied is decided here. How clicks are kept is not known here.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;

use crate::network::Network;
use crate::recipient::RecipientKey;

/// The longest user agent that is kept, in bytes.
pub const MAX_USER_AGENT: usize = 512;

/// What was behind a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClickClass {
    /// A person, as far as can be told.
    Human,
    /// A messaging app that shows what the link leads to.
    Preview,
    /// A program.
    Bot,
    /// A browser that fetches ahead of its user.
    Prefetch,
    /// Only the headers were asked for.
    Head,
    /// Sooner after the sending than a person can be.
    TooSoon,
}

impl ClickClass {
    /// Every class there is.
    pub const ALL: [Self; 6] = [
        Self::Human,
        Self::Preview,
        Self::Bot,
        Self::Prefetch,
        Self::Head,
        Self::TooSoon,
    ];

    /// Its name in rules, in answers and where clicks are kept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Preview => "preview",
            Self::Bot => "bot",
            Self::Prefetch => "prefetch",
            Self::Head => "head",
            Self::TooSoon => "tooSoon",
        }
    }

    /// The class of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A click as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// Whose link it was.
    pub recipient: RecipientKey,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether only the headers were asked for.
    pub is_head: bool,
    /// Where it came from, as far as that is kept.
    pub network: Option<Network>,
    /// What asked, in its own words, as [`kept_user_agent`] leaves them.
    pub user_agent: String,
    /// Why it was fetched, in the browser's words; empty where it gives none.
    pub purpose: String,
}

/// What is kept of a user agent: its beginning, without control characters.
#[must_use]
pub fn kept_user_agent(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_USER_AGENT);
    text[..end].replace(char::is_control, "")
}

/// What a click is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// What was behind it.
    pub class: ClickClass,
    /// The rule that says so; empty for a person, whom no rule fits.
    pub rule: &'a str,
    /// The kind of device or program.
    pub agent: &'a str,
}

/// The rules by which clicks are judged, the first that fits wins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickRules {
    /// Of which day they are.
    pub date: NaiveDate,
    /// Clicks sooner than so many seconds after the sending are no person's.
    pub too_soon_seconds: u32,
    /// The rules.
    pub rules: Vec<ClickRule>,
    /// Kinds of devices and programs.
    pub agents: Vec<AgentRule>,
}

/// One rule. What it does not name, it does not ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickRule {
    /// Kept with each click that it judged.
    pub id: String,
    /// What it takes a click for.
    pub class: ClickClass,
    /// Where that is known from.
    pub source: String,
    /// Any of these stands in the user agent.
    #[serde(default)]
    pub user_agent: Words,
    /// Any of these stands in the purpose.
    #[serde(default)]
    pub purpose: Words,
}

/// A kind of device or program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentRule {
    /// What it is called.
    pub name: String,
    /// Any of these stands in the user agent.
    pub user_agent: Words,
}

/// Pieces of text that are looked for without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Words(Vec<String>);

/// A word of a rule that every text would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an empty word fits every click")]
pub struct EmptyWord;

impl TryFrom<Vec<String>> for Words {
    type Error = EmptyWord;

    fn try_from(words: Vec<String>) -> Result<Self, EmptyWord> {
        if words.iter().any(|word| word.trim().is_empty()) {
            return Err(EmptyWord);
        }
        let words = words.iter().map(|word| word.to_lowercase());
        Ok(Self(words.collect()))
    }
}

impl Words {
    /// Whether any of them stands in a text, which is in small letters.
    fn stand_in(&self, text: &str) -> bool {
        self.0.iter().any(|word| text.contains(word.as_str()))
    }
}

impl ClickRules {
    /// What a click is taken for; `sent_at` is when its message was sent, where that is known.
    #[must_use]
    pub fn judge(&self, click: &Click, sent_at: Option<DateTime<Utc>>) -> Verdict<'_> {
        let user_agent = click.user_agent.to_lowercase();
        let (class, rule) = self.class_of(click, &user_agent, sent_at);
        let mut agents = self.agents.iter();
        let agent = agents.find(|kind| kind.user_agent.stand_in(&user_agent));
        Verdict {
            class,
            rule,
            agent: agent.map_or("other", |kind| &kind.name),
        }
    }

    fn class_of(
        &self,
        click: &Click,
        user_agent: &str,
        sent_at: Option<DateTime<Utc>>,
    ) -> (ClickClass, &str) {
        let purpose = click.purpose.to_lowercase();
        let fits = |rule: &&ClickRule| {
            rule.user_agent.stand_in(user_agent) || rule.purpose.stand_in(&purpose)
        };
        if let Some(rule) = self.rules.iter().find(fits) {
            return (rule.class, &rule.id);
        }
        let soon = TimeDelta::seconds(i64::from(self.too_soon_seconds));
        match sent_at {
            _ if click.is_head => (ClickClass::Head, "head"),
            _ if user_agent.trim().is_empty() => (ClickClass::Bot, "no-user-agent"),
            Some(sent_at) if click.at - sent_at < soon => (ClickClass::TooSoon, "too-soon"),
            _ => (ClickClass::Human, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipient::CampaignKey;

    const PHONE: &str =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1";

    fn rules() -> ClickRules {
        let rules = serde_json::json!({
            "date": "2026-11-25",
            "too_soon_seconds": 2,
            "rules": [
                {"id": "ahead", "class": "prefetch", "source": "a", "purpose": ["Prefetch"]},
                {"id": "app", "class": "preview", "source": "b", "user_agent": ["Previewer/"]},
                {"id": "program", "class": "bot", "source": "c", "user_agent": ["bot/", "previewer"]},
            ],
            "agents": [{"name": "iOS", "user_agent": ["iPhone"]}],
        });
        serde_json::from_value(rules).unwrap()
    }

    fn click(user_agent: &str) -> Click {
        Click {
            recipient: RecipientKey {
                campaign: CampaignKey(1),
                seq: 1,
            },
            at: DateTime::UNIX_EPOCH,
            is_head: false,
            network: None,
            user_agent: user_agent.to_owned(),
            purpose: String::new(),
        }
    }

    fn check(click: &Click, sent_before: Option<i64>, class: ClickClass, rule: &str) {
        let sent_at = sent_before.map(|millis| click.at - TimeDelta::milliseconds(millis));
        let rules = rules();
        let verdict = rules.judge(click, sent_at);
        assert_eq!((verdict.class, verdict.rule), (class, rule), "{click:?}");
    }

    #[test]
    fn the_first_rule_that_fits_wins() {
        let phone = click(PHONE);
        let ahead = Click {
            purpose: "prefetch;prerender".to_owned(),
            ..phone.clone()
        };
        let head = Click {
            is_head: true,
            ..phone.clone()
        };
        let head_of_bot = Click {
            is_head: true,
            ..click("GoogleBOT/2.1")
        };
        for (click, sent_before, class, rule) in [
            (&phone, None, ClickClass::Human, ""),
            (&phone, Some(2_000), ClickClass::Human, ""),
            (&phone, Some(1_999), ClickClass::TooSoon, "too-soon"),
            (&phone, Some(-60_000), ClickClass::TooSoon, "too-soon"),
            (&ahead, Some(0), ClickClass::Prefetch, "ahead"),
            (&click("previewer/2"), Some(0), ClickClass::Preview, "app"),
            (&head, Some(9_000), ClickClass::Head, "head"),
            (&head_of_bot, Some(9_000), ClickClass::Bot, "program"),
            (&click(" "), Some(9_000), ClickClass::Bot, "no-user-agent"),
        ] {
            check(click, sent_before, class, rule);
        }
    }

    #[test]
    fn devices_are_told_apart() {
        let rules = rules();
        assert_eq!(rules.judge(&click(PHONE), None).agent, "iOS");
        assert_eq!(rules.judge(&click("x"), None).agent, "other");
    }

    #[test]
    fn a_rule_that_fits_everything_is_refused() {
        let rule =
            serde_json::json!({"id": "a", "class": "bot", "source": "b", "user_agent": [""]});
        let error = serde_json::from_value::<ClickRule>(rule).unwrap_err();
        assert!(error.to_string().contains("fits every click"), "{error}");
    }

    #[test]
    fn of_a_user_agent_the_beginning_is_kept() {
        let long = format!("a\u{0}\n{}", "ß".repeat(MAX_USER_AGENT));
        let kept = kept_user_agent(&long);
        assert!(kept.starts_with("aß") && kept.len() <= MAX_USER_AGENT);
    }

    #[test]
    fn names_lead_back_to_their_class() {
        for class in ClickClass::ALL {
            assert_eq!(ClickClass::named(class.name()), Some(class));
        }
    }
}
