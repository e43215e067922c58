//! The words and texts that ship as data: `config/rules/keywords.toml`, which whoever runs the service may edit.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The language of clients that have chosen none.
pub(super) const USUAL_LANGUAGE: &str = "en";

/// The words of replies, by language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeywordRules {
    /// The day as of which they are right.
    pub as_of: String,
    /// Where they are from.
    pub sources: Vec<String>,
    /// Those that count in every language.
    pub words: Words,
    /// What a language has beside them, by its code.
    pub languages: BTreeMap<String, Language>,
}

/// What a language has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Its own words.
    #[serde(default)]
    pub words: Words,
    /// The confirmation of an opt-out.
    pub stop_text: String,
    /// What is answered to whoever asks for help.
    pub help_text: String,
}

/// Words by what they say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// No more messages.
    pub stop: Vec<String>,
    /// The same, probably, where more words stand behind them.
    pub stop_with_more: Vec<String>,
    /// Messages again.
    pub start: Vec<String>,
    /// The same from somebody who had opted out.
    pub start_if_opted_out: Vec<String>,
    /// What can I do?
    pub help: Vec<String>,
}

impl KeywordRules {
    /// Whether there are texts in a language.
    #[must_use]
    pub fn knows(&self, language: &str) -> bool {
        self.languages.contains_key(language)
    }

    /// The words that count where people write in a language.
    #[must_use]
    pub fn words_in(&self, language: &str) -> Words {
        let mut words = self.words.clone();
        if let Some(language) = self.languages.get(language) {
            words.extend(&language.words);
        }
        words
    }

    /// A language's texts; those of the usual one where it has none.
    pub(super) fn texts_in(&self, language: &str) -> Option<&Language> {
        let usual = || self.languages.get(USUAL_LANGUAGE);
        self.languages.get(language).or_else(usual)
    }
}

impl Words {
    fn extend(&mut self, more: &Self) {
        self.stop.extend_from_slice(&more.stop);
        self.stop_with_more.extend_from_slice(&more.stop_with_more);
        self.start.extend_from_slice(&more.start);
        self.start_if_opted_out
            .extend_from_slice(&more.start_if_opted_out);
        self.help.extend_from_slice(&more.help);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::keyword::normalised;
    use super::*;
    use crate::text::{Reference, segments};

    /// The rules as they ship.
    pub(in crate::opt_out) fn shipped() -> KeywordRules {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../config/rules/keywords.toml"
        );
        toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn each_language_has_texts_of_few_segments_and_words_that_say_one_thing() {
        let rules = shipped();
        assert!(!rules.sources.is_empty() && !rules.as_of.is_empty());
        assert!(rules.knows(USUAL_LANGUAGE));
        for (code, language) in &rules.languages {
            for text in [&language.stop_text, &language.help_text] {
                let count = segments(text, Reference::default()).count;
                assert!((1..=3).contains(&count), "{code}: {text}");
            }
            let words = rules.words_in(code);
            let lists = [
                &words.stop,
                &words.start,
                &words.help,
                &words.start_if_opted_out,
            ];
            let mut seen = BTreeMap::new();
            for (list, word) in lists
                .iter()
                .enumerate()
                .flat_map(|(n, list)| list.iter().map(move |word| (n, word)))
            {
                let before = seen.insert(normalised(word), list);
                assert!(before.is_none_or(|before| before == list), "{code}: {word}");
            }
        }
    }

    #[test]
    fn a_language_that_is_not_there_has_the_usual_texts() {
        let rules = shipped();
        assert_eq!(rules.texts_in("xx"), rules.languages.get("en"));
        assert_eq!(rules.words_in("xx"), rules.words);
        assert_eq!(KeywordRules::default().texts_in("en"), None);
    }
}
