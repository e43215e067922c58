//! What a client may set: its words, its texts, how wide an opt-out by reply is, and whether it is confirmed.

use super::keyword::normalised;
use super::rules::USUAL_LANGUAGE;
use super::{KeywordRules, Keywords, ScopeKind, Words};
use crate::fault::Faults;
use crate::text::{Reference, SegmentLimit};

/// Most words of one list.
const MOST_WORDS: usize = 100;
/// Most characters of a word.
const LONGEST_WORD: usize = 40;
/// Most segments of a text.
const MOST_SEGMENTS: u8 = 3;

/// What a client has set. What is missing is as the rules have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOutSettings {
    /// In which language people write and are answered, such as `en`.
    pub language: String,
    /// How wide an opt-out by a reply is.
    pub scope: ScopeKind,
    /// Whether it is confirmed by a text.
    pub confirmation: bool,
    /// Words that opt out, instead of the usual ones.
    pub stop_words: Option<Vec<String>>,
    /// Words that opt in again.
    pub start_words: Option<Vec<String>>,
    /// Words that ask for help.
    pub help_words: Option<Vec<String>>,
    /// The confirmation of an opt-out.
    pub stop_text: Option<String>,
    /// What is answered to whoever asks for help.
    pub help_text: Option<String>,
}

/// Settings as a request gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOutSettingsDraft {
    /// As [`OptOutSettings::language`].
    pub language: Option<String>,
    /// As [`OptOutSettings::scope`], by its name.
    pub scope: Option<String>,
    /// As [`OptOutSettings::confirmation`].
    pub confirmation: Option<bool>,
    /// As [`OptOutSettings::stop_words`].
    pub stop_words: Option<Vec<String>>,
    /// As [`OptOutSettings::start_words`].
    pub start_words: Option<Vec<String>>,
    /// As [`OptOutSettings::help_words`].
    pub help_words: Option<Vec<String>>,
    /// As [`OptOutSettings::stop_text`].
    pub stop_text: Option<String>,
    /// As [`OptOutSettings::help_text`].
    pub help_text: Option<String>,
}

/// What holds for a client: the rules with what it has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPolicy {
    /// How wide an opt-out by a reply is.
    pub scope: ScopeKind,
    /// Whether it is confirmed by a text.
    pub confirmation: bool,
    /// Its words.
    pub words: Words,
    /// The confirmation of an opt-out; empty: there is none.
    pub stop_text: String,
    /// What is answered to whoever asks for help; empty: nothing.
    pub help_text: String,
}

impl Default for OptOutSettings {
    fn default() -> Self {
        Self {
            language: USUAL_LANGUAGE.to_owned(),
            scope: ScopeKind::Client,
            confirmation: true,
            stop_words: None,
            start_words: None,
            help_words: None,
            stop_text: None,
            help_text: None,
        }
    }
}

impl OptOutSettings {
    /// What holds for the client that has set this.
    #[must_use]
    pub fn policy(&self, rules: &KeywordRules) -> ClientPolicy {
        let mut words = rules.words_in(&self.language);
        for (own, usual) in [
            (&self.stop_words, &mut words.stop),
            (&self.start_words, &mut words.start),
            (&self.help_words, &mut words.help),
        ] {
            if let Some(own) = own {
                usual.clone_from(own);
            }
        }
        let texts = rules.texts_in(&self.language).cloned().unwrap_or_default();
        ClientPolicy {
            scope: self.scope,
            confirmation: self.confirmation,
            words,
            stop_text: self.stop_text.clone().unwrap_or(texts.stop_text),
            help_text: self.help_text.clone().unwrap_or(texts.help_text),
        }
    }
}

impl ClientPolicy {
    /// Its words, ready for replies.
    #[must_use]
    pub fn keywords(&self) -> Keywords {
        Keywords::of(&self.words)
    }
}

impl OptOutSettingsDraft {
    /// Checks every rule.
    ///
    /// # Errors
    /// All faults at once, each under the property's name.
    pub fn check(self, rules: &KeywordRules) -> Result<OptOutSettings, Faults> {
        let mut faults = Faults::default();
        let usual = OptOutSettings::default();
        let settings = OptOutSettings {
            language: self.language.unwrap_or(usual.language),
            scope: scope(self.scope.as_deref(), &mut faults).unwrap_or(usual.scope),
            confirmation: self.confirmation.unwrap_or(usual.confirmation),
            stop_words: words("stopWords", self.stop_words, &mut faults),
            start_words: words("startWords", self.start_words, &mut faults),
            help_words: words("helpWords", self.help_words, &mut faults),
            stop_text: text("stopText", self.stop_text, &mut faults),
            help_text: text("helpText", self.help_text, &mut faults),
        };
        if !rules.knows(&settings.language) {
            let known: Vec<_> = rules.languages.keys().map(String::as_str).collect();
            faults.add("language", format!("must be one of {}", known.join(", ")));
        }
        check_stop(&settings, &mut faults);
        if faults.is_empty() {
            check_apart(&settings.policy(rules), &mut faults);
        }
        faults.into_result().map(|()| settings)
    }
}

fn scope(given: Option<&str>, faults: &mut Faults) -> Option<ScopeKind> {
    let scope = ScopeKind::named(given?);
    if scope.is_none() {
        faults.add("scope", "must be client, group or sender");
    }
    scope
}

fn words(
    property: &'static str,
    given: Option<Vec<String>>,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    let given = given?;
    if given.is_empty() || given.len() > MOST_WORDS {
        faults.add(property, format!("must hold 1 to {MOST_WORDS} words"));
    }
    for (index, word) in given.iter().enumerate() {
        if normalised(word).is_empty() || word.chars().count() > LONGEST_WORD {
            let message = format!("must be 1 to {LONGEST_WORD} characters with a letter or digit");
            faults.add(format!("{property}[{index}]"), message);
        }
    }
    Some(given)
}

fn text(property: &'static str, given: Option<String>, faults: &mut Faults) -> Option<String> {
    let given = given?;
    let limit = SegmentLimit {
        max: MOST_SEGMENTS,
        reference: Reference::default(),
    };
    if given.trim().is_empty() {
        faults.add(property, "must not be blank");
    } else if let Err(too_many) = limit.check(&given) {
        faults.add(property, too_many.to_string());
    }
    Some(given)
}

/// The one word that everybody knows.
fn check_stop(settings: &OptOutSettings, faults: &mut Faults) {
    let is_stop = |word: &String| normalised(word) == "stop";
    if let Some(words) = &settings.stop_words
        && !words.iter().any(is_stop)
    {
        faults.add("stopWords", "must hold the word stop");
    }
}

/// A word says one thing.
fn check_apart(policy: &ClientPolicy, faults: &mut Faults) {
    let words = &policy.words;
    let lists = [
        ("stopWords", &words.stop),
        ("startWords", &words.start),
        ("helpWords", &words.help),
    ];
    let mut seen: Vec<(String, &str)> = Vec::new();
    for (property, list) in lists {
        for word in list {
            let normal = normalised(word);
            match seen.iter().find(|(before, _)| *before == normal) {
                Some((_, other)) if *other != property => {
                    faults.add(
                        property,
                        format!("must not hold {word:?}, which stands in {other}"),
                    );
                }
                Some(_) => {}
                None => seen.push((normal, property)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::tests::shipped;
    use super::super::{Keyword, ScopeKind};
    use super::*;

    fn of(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[track_caller]
    fn check_fault(draft: OptOutSettingsDraft, path: &str, message: &str) {
        let faults = draft.check(&shipped()).unwrap_err();
        let found = faults.listed().iter().find(|fault| fault.path == path);
        let found = found.unwrap_or_else(|| panic!("{:?}", faults.listed()));
        assert!(found.message.contains(message), "{}", found.message);
    }

    #[test]
    fn who_sets_nothing_has_what_the_rules_say() {
        let settings = OptOutSettingsDraft::default().check(&shipped()).unwrap();
        assert_eq!(settings, OptOutSettings::default());
        let policy = settings.policy(&shipped());
        assert_eq!(
            (policy.scope, policy.confirmation),
            (ScopeKind::Client, true)
        );
        assert!(policy.stop_text.contains("opted out"));
        let stop = Some(Keyword::Stop { probable: false });
        assert_eq!(policy.keywords().recognise("Unsubscribe"), stop);
    }

    #[test]
    fn what_is_set_takes_the_place_of_the_usual() {
        let draft = OptOutSettingsDraft {
            language: Some("de".to_owned()),
            scope: Some("sender".to_owned()),
            confirmation: Some(false),
            stop_words: of(&["STOP", "Schluss"]),
            stop_text: Some("Abgemeldet.".to_owned()),
            ..OptOutSettingsDraft::default()
        };
        let policy = draft.check(&shipped()).unwrap().policy(&shipped());
        assert_eq!(
            (policy.scope, policy.confirmation),
            (ScopeKind::Sender, false)
        );
        assert_eq!(policy.stop_text, "Abgemeldet.");
        assert!(policy.help_text.contains("erhalten"));
        let keywords = policy.keywords();
        assert_eq!(
            keywords.recognise("schluss!"),
            Some(Keyword::Stop { probable: false })
        );
        assert_eq!(keywords.recognise("unsubscribe"), None);
        assert_eq!(keywords.recognise("hilfe"), Some(Keyword::Help));
    }

    #[test]
    fn each_rule_has_its_fault() {
        let usual = OptOutSettingsDraft::default;
        let language = Some("xx".to_owned());
        check_fault(
            OptOutSettingsDraft {
                language,
                ..usual()
            },
            "language",
            "must be one of de, en",
        );
        let scope = Some("all".to_owned());
        check_fault(
            OptOutSettingsDraft { scope, ..usual() },
            "scope",
            "client, group or sender",
        );
        let stop_words = of(&["halt"]);
        check_fault(
            OptOutSettingsDraft {
                stop_words,
                ..usual()
            },
            "stopWords",
            "the word stop",
        );
        let stop_words = of(&["stop", "?!"]);
        check_fault(
            OptOutSettingsDraft {
                stop_words,
                ..usual()
            },
            "stopWords[1]",
            "a letter",
        );
        let help_words = of(&[]);
        check_fault(
            OptOutSettingsDraft {
                help_words,
                ..usual()
            },
            "helpWords",
            "1 to 100",
        );
        let start_words = of(&["Stop!"]);
        check_fault(
            OptOutSettingsDraft {
                start_words,
                ..usual()
            },
            "startWords",
            "stands in stopWords",
        );
        let stop_text = Some(" ".to_owned());
        check_fault(
            OptOutSettingsDraft {
                stop_text,
                ..usual()
            },
            "stopText",
            "blank",
        );
        let help_text = Some("x".repeat(500));
        check_fault(
            OptOutSettingsDraft {
                help_text,
                ..usual()
            },
            "helpText",
            "segments",
        );
    }
}
