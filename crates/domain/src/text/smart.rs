//! Smart encoding: a text that a few typographic signs or accents would make UCS-2 is written in GSM 7-bit look-alikes, for
//! those who ask for it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

use super::{Encoding, encoding_of, gsm7};

/// What smart encoding makes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmartText<'t> {
    /// The text in GSM 7-bit; as it was where any character has no look-alike, since one such character makes the whole
    /// of it UCS-2, and mangling the others would gain nothing.
    pub text: Cow<'t, str>,
    /// The characters that were replaced, each once, in their order; none where the text is as it was.
    pub replaced: Vec<char>,
    /// The characters that have no look-alike, each once, in their order.
    pub without_look_alike: Vec<char>,
}

/// Writes a text in GSM look-alikes: quotes, dashes, ellipsis and spaces by the plain ones, letters with accents that GSM
/// lacks by their base letter; zero-width characters vanish.
#[must_use]
pub fn smart(text: &str) -> SmartText<'_> {
    if encoding_of(text) == Encoding::Gsm7 {
        return SmartText {
            text: Cow::Borrowed(text),
            replaced: Vec::new(),
            without_look_alike: Vec::new(),
        };
    }
    let mut plain = String::with_capacity(text.len());
    let (mut replaced, mut without_look_alike) = (Vec::new(), Vec::new());
    // Composed first: é may come as two characters, and GSM has it as one.
    for c in text.nfc() {
        let is_in_gsm = gsm7::septets(c) > 0;
        match look_alike(c) {
            Some(look_alike) => {
                look_alike.push_to(&mut plain);
                if !is_in_gsm {
                    push_once(&mut replaced, c);
                }
            }
            None => push_once(&mut without_look_alike, c),
        }
    }
    let text = if without_look_alike.is_empty() {
        Cow::Owned(plain)
    } else {
        replaced.clear();
        Cow::Borrowed(text)
    };
    SmartText {
        text,
        replaced,
        without_look_alike,
    }
}

fn push_once(characters: &mut Vec<char>, c: char) {
    if !characters.contains(&c) {
        characters.push(c);
    }
}

/// What smart encoding writes for a character that GSM lacks; `None`: nothing looks like it.
#[must_use]
pub fn suggestion(c: char) -> Option<String> {
    let mut written = String::new();
    look_alike(c)?.push_to(&mut written);
    Some(written)
}

/// What stands for a character.
enum LookAlike {
    Character(char),
    Characters(&'static str),
}

impl LookAlike {
    fn push_to(self, text: &mut String) {
        match self {
            Self::Character(c) => text.push(c),
            Self::Characters(characters) => text.push_str(characters),
        }
    }
}

fn look_alike(c: char) -> Option<LookAlike> {
    if gsm7::septets(c) > 0 {
        return Some(LookAlike::Character(c));
    }
    let signs = match c {
        '‘' | '’' | '‚' | '‛' | '‹' | '›' | '′' | '`' | '´' => "'",
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '…' => "...",
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        // Soft hyphen, zero-width space and joiners, direction marks, word joiner, byte order mark.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => "",
        // An accent that no letter takes as its own.
        _ if canonical_combining_class(c) != 0 => "",
        _ => return base_letter(c).map(LookAlike::Character),
    };
    Some(LookAlike::Characters(signs))
}

/// The first character of the canonical decomposition, where GSM has it: the others are its accents.
fn base_letter(c: char) -> Option<char> {
    let mut base = None;
    decompose_canonical(c, |part| {
        base.get_or_insert(part);
    });
    base.filter(|base| gsm7::septets(*base) > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, plain: &str) {
        let smart = smart(text);
        assert_eq!(smart.text, plain, "{text}");
        assert!(smart.without_look_alike.is_empty(), "{text}");
    }

    #[test]
    fn typographic_signs_become_plain_ones() {
        check("“It’s” – now… «ok»", "\"It's\" - now... \"ok\"");
        check("a\tb\u{a0}c\u{2009}d", "a b c d");
        check("non\u{2011}breaking — ‚x‘", "non-breaking - 'x'");
    }

    #[test]
    fn zero_width_characters_vanish() {
        check("\u{feff}a\u{200b}b\u{ad}c\u{2060}", "abc");
    }

    #[test]
    fn letters_fall_back_to_their_base() {
        check("Siân, Tŷ Ŵyn, çáíóúÇ", "Sian, Ty Wyn, caiouÇ");
        check("Việt Nam", "Viet Nam");
        check("x\u{302}", "x");
    }

    #[test]
    fn letters_that_gsm_has_stay_however_they_are_composed() {
        check("e\u{301}a\u{30a}", "éå");
        check("\u{212b}\u{2126}–", "ÅΩ-");
        check("ñandú", "ñandu");
    }

    #[test]
    fn what_was_replaced_is_told() {
        assert_eq!(smart("“Siân’s” café, Siân").replaced, ['“', 'â', '’', '”']);
    }

    #[test]
    fn what_gsm_has_is_left_alone() {
        assert!(matches!(smart("{Hello} €5").text, Cow::Borrowed(_)));
    }

    #[test]
    fn what_has_no_look_alike_is_told_and_the_text_left_alone() {
        for (text, without) in [
            ("Łódź – Łeba", vec!['Ł']),
            ("Hi 🐳, 日本 – 日", vec!['🐳', '日', '本']),
            ("한글", vec!['한', '글']),
            ("a\u{7}", vec!['\u{7}']),
        ] {
            assert_eq!(
                smart(text),
                SmartText {
                    text: Cow::Borrowed(text),
                    replaced: Vec::new(),
                    without_look_alike: without
                }
            );
        }
    }

    proptest! {
        #[test]
        fn the_outcome_is_gsm_or_the_text_itself(text in "([a-z’…ŷ\u{301}€]{0,40}|\\PC{0,20})") {
            let smart = smart(&text);
            if smart.without_look_alike.is_empty() {
                prop_assert_eq!(encoding_of(&smart.text), Encoding::Gsm7);
            } else {
                prop_assert_eq!(smart.text.as_ref(), text.as_str());
            }
        }
    }
}
