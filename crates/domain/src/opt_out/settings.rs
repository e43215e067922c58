//! What a client may set: its words, its texts, how wide an opt-out by reply is, and whether it is confirmed.

use super::keyword::normalised;
use super::rules::USUAL_LANGUAGE;
use super::{KeywordRules, Keywords, ScopeKind, Words};
use crate::fault::Faults;
use crate::filter::fold;
use crate::text::{Reference, SegmentLimit};

/// Most words of one list.
const MOST_WORDS: usize = 100;
/// Most characters of a word.
const LONGEST_WORD: usize = 40;
/// Most characters of a name that people know the client by.
const LONGEST_BRAND: usize = 40;
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
    /// By what name people know the client: it stands in every text that answers them.
    pub brand: Option<String>,
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
    /// As [`OptOutSettings::brand`].
    pub brand: Option<String>,
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
            brand: None,
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
            stop_text: self.text(self.stop_text.as_ref(), texts.stop_text),
            help_text: self.text(self.help_text.as_ref(), texts.help_text),
        }
    }

    /// The client's own text, or the usual one behind its name.
    fn text(&self, own: Option<&String>, usual: String) -> String {
        match (own, &self.brand) {
            (Some(own), _) => own.clone(),
            (None, Some(brand)) if !usual.is_empty() => format!("{brand}: {usual}"),
            (None, _) => usual,
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
            brand: brand(self.brand, &mut faults),
            stop_words: words("stopWords", self.stop_words, &mut faults),
            start_words: words("startWords", self.start_words, &mut faults),
            help_words: words("helpWords", self.help_words, &mut faults),
            stop_text: text("stopText", self.stop_text, &mut faults),
            help_text: text("helpText", self.help_text, &mut faults),
        };
        let is_usual = settings.language == USUAL_LANGUAGE;
        if !is_usual && !rules.knows(&settings.language) {
            let known: Vec<_> = rules.languages.keys().map(String::as_str).collect();
            faults.add("language", format!("must be one of {}", known.join(", ")));
        }
        check_stop(&settings, &mut faults);
        check_says_who(&settings, &mut faults);
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

fn brand(given: Option<String>, faults: &mut Faults) -> Option<String> {
    let brand = given?.trim().to_owned();
    let length = brand.chars().count();
    if !(1..=LONGEST_BRAND).contains(&length) || brand.chars().any(char::is_control) {
        faults.add(
            "brand",
            format!("must be 1 to {LONGEST_BRAND} characters in one line"),
        );
    }
    Some(brand)
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
        let is_word = !normalised(word).is_empty() && !word.chars().any(char::is_control);
        if !is_word || word.chars().count() > LONGEST_WORD {
            let message = format!(
                "must be 1 to {LONGEST_WORD} characters in one line, with a letter or digit"
            );
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

/// Whoever is answered must be told by whom (CTIA, Messaging Principles: opt-out confirmations and HELP name the program).
fn check_says_who(settings: &OptOutSettings, faults: &mut Faults) {
    let texts = [
        ("stopText", &settings.stop_text),
        ("helpText", &settings.help_text),
    ];
    for (property, text) in texts {
        let Some(text) = text else { continue };
        match &settings.brand {
            None => faults.add(property, "needs a brand, which it must name"),
            Some(brand) if !fold(text).contains(&fold(brand)) => {
                faults.add(property, "must name the brand");
            }
            Some(_) => {}
        }
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
mod tests;
