//! What a reply says, where it is one of the words that opt out, opt in or ask for help.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::Words;
use crate::filter::fold;

/// Longer replies are no keywords, and are not even normalised: most characters of one are its own.
const LONGEST: usize = 1_600;

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages.
    Stop {
        /// More words stood behind it: most likely that is what was meant.
        probable: bool,
    },
    /// Messages again.
    Start,
    /// Messages again, if it comes from somebody who had opted out; else nothing at all.
    StartIfOptedOut,
    /// What can I do?
    Help,
}

/// The words that count, in the form that replies are compared in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keywords {
    stop: HashSet<String>,
    stop_with_more: HashSet<String>,
    start: HashSet<String>,
    start_if_opted_out: HashSet<String>,
    help: HashSet<String>,
}

impl Keywords {
    /// These words.
    #[must_use]
    pub fn of(words: &Words) -> Self {
        let normal = |words: &[String]| words.iter().map(|word| normalised(word)).collect();
        Self {
            stop: normal(&words.stop),
            stop_with_more: normal(&words.stop_with_more),
            start: normal(&words.start),
            start_if_opted_out: normal(&words.start_if_opted_out),
            help: normal(&words.help),
        }
    }

    /// What a reply says; `None` where it is no keyword.
    #[must_use]
    pub fn recognise(&self, reply: &str) -> Option<Keyword> {
        if reply.chars().nth(LONGEST).is_some() {
            return None;
        }
        let reply = normalised(reply);
        for (words, keyword) in [
            (&self.stop, Keyword::Stop { probable: false }),
            (&self.start, Keyword::Start),
            (&self.help, Keyword::Help),
            (&self.start_if_opted_out, Keyword::StartIfOptedOut),
        ] {
            if words.contains(&reply) {
                return Some(keyword);
            }
        }
        self.begins_with_stop(&reply)
            .then_some(Keyword::Stop { probable: true })
    }

    fn begins_with_stop(&self, reply: &str) -> bool {
        let mut spaces = reply.match_indices(' ');
        spaces.any(|(end, _)| self.stop_with_more.contains(&reply[..end]))
    }
}

/// A text as it is compared: in Unicode's compatibility form, without regard to case, its words of letters and digits with
/// one space between them.
pub(super) fn normalised(text: &str) -> String {
    // Before the normalisation, which makes letters of some of them.
    let without_emoji = text.chars().map(|c| if is_emoji(c) { ' ' } else { c });
    let folded = fold(&without_emoji.nfkc().collect::<String>());
    let kept = folded.chars().filter(|c| !is_invisible(*c));
    let spaced: String = kept
        .map(|c| if is_of_a_word(c) { c } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || (is_combining_mark(c) && c != '\u{20e3}')
}

/// Neither seen nor a gap between words.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Pictures, and the signs that are shown as such.
fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '\u{a9}'
            | '\u{ae}'
            | '\u{2122}'
            | '\u{2139}'
            | '\u{24c2}'
            | '\u{3297}'
            | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rules::tests::shipped;
    use super::*;

    const STOP: Option<Keyword> = Some(Keyword::Stop { probable: false });
    const PROBABLY: Option<Keyword> = Some(Keyword::Stop { probable: true });

    #[track_caller]
    fn check(replies: &[&str], expected: Option<Keyword>) {
        let keywords = Keywords::of(&shipped().words_in("en"));
        for reply in replies {
            assert_eq!(keywords.recognise(reply), expected, "{reply:?}");
        }
    }

    #[test]
    fn every_word_of_the_rules_is_known() {
        check(
            &[
                "stop",
                "stopall",
                "stop all",
                "unsubscribe",
                "unsub",
                "end",
                "quit",
                "cancel",
                "revoke",
                "optout",
                "opt out",
                "opt-out",
                "remove",
                "arret",
                "arrêt",
                "td",
                "stop2quit",
                "stop=quit",
                "stop to quit",
            ],
            STOP,
        );
        check(&["start", "unstop"], Some(Keyword::Start));
        check(&["yes"], Some(Keyword::StartIfOptedOut));
        check(&["help", "info"], Some(Keyword::Help));
    }

    #[test]
    fn case_punctuation_quotes_emoji_and_spaces_do_not_count() {
        check(
            &[
                "STOP",
                " Stop ",
                "\tstop\r\n",
                "Stop.",
                "STOP!!!",
                "\"stop\"",
                "'Stop'",
                "“STOP”",
                "«stop»",
                "(stop)",
                "stop 🛑",
                "🛑STOP🛑",
                "👍🏽 stop",
                "stop ©",
                "STOP ℹ️",
                "ＳＴＯＰ",
                "Ⓢⓣⓞⓟ",
                "ſtop",
                "st\u{200b}op",
                "\u{feff}stop",
                "stop\u{a0}",
                "- stop -",
                "Stop  \n ALL",
                "Opt–Out",
                "opt_out",
                "ARRE\u{302}T",
                "Stop = Quit",
                "...stop...",
            ],
            STOP,
        );
        check(&["HELP?", "¿Info?"], Some(Keyword::Help));
    }

    #[test]
    fn stop_with_more_words_behind_it_is_probable() {
        check(
            &[
                "STOP please",
                "stop it",
                "Stop. Thank you",
                "stop texting me!!",
                "STOP/END",
                "stop,now",
                "stop\nSent from my phone",
                "STOP 1",
            ],
            PROBABLY,
        );
    }

    #[test]
    fn what_merely_holds_a_word_is_none() {
        check(
            &[
                "",
                " ",
                "!",
                "🛑",
                "please stop",
                "I can't stop laughing",
                "don't stop",
                "the end",
                "stopping",
                "nonstop",
                "stops here",
                "unstoppable",
                "end of the month suits me",
                "quit smoking",
                "cancel my order",
                "remove the first one",
                "no",
                "start now",
                "help me",
                "yes please",
                "information",
                "s t o p",
            ],
            None,
        );
    }

    #[test]
    fn a_language_adds_its_words_to_those_of_all() {
        let german = Keywords::of(&shipped().words_in("de"));
        assert_eq!(german.recognise("Abmelden!"), STOP);
        assert_eq!(german.recognise("stopp jetzt"), PROBABLY);
        assert_eq!(german.recognise("STOP"), STOP);
        assert_eq!(german.recognise("HILFE"), Some(Keyword::Help));
        check(&["abmelden", "hilfe"], None);
        let french = Keywords::of(&shipped().words_in("fr"));
        assert_eq!(french.recognise("Arrêt svp"), PROBABLY);
    }

    #[test]
    fn a_long_reply_is_none() {
        check(&[&format!("stop {}", "x".repeat(LONGEST))], None);
    }

    proptest! {
        #[test]
        fn what_is_normalised_stays_so(text in "\\PC{0,30}") {
            let once = normalised(&text);
            // Folding may leave what composes anew, so the second time is the one that lasts.
            let twice = normalised(&once);
            prop_assert_eq!(normalised(&twice), twice);
        }

        #[test]
        fn signs_around_a_word_never_hide_it(before in "[ .!?\"'*🛑\\-]{0,6}", after in "[ .!?\"'*🛑\\-]{0,6}") {
            let keywords = Keywords::of(&shipped().words_in("en"));
            prop_assert_eq!(keywords.recognise(&format!("{before}Stop{after}")), STOP);
        }
    }
}
