//! Text without regard to case: Unicode's simple case folding, one character for one, so that a match in folded text is a
//! match in the text. Databases fold by their own collations, each differently; this is what both are made to follow.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Beyond the first two planes no script has two cases.
const LAST_WITH_CASE: char = '\u{1ffff}';

/// Folds a text: two texts are the same without regard to case where their folds are equal.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// Every character that folds to the same as this one, itself included: for a store that asks for any of them where it
/// cannot fold its texts.
#[must_use]
pub fn alike(c: char) -> Vec<char> {
    static ALIKE: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(several);
    ALIKE.get(&fold_char(c)).map_or_else(|| vec![c], Vec::clone)
}

/// The folds that several characters have, with those.
fn several() -> HashMap<char, Vec<char>> {
    let mut folds: HashMap<char, Vec<char>> = HashMap::new();
    for c in char::MIN..=LAST_WITH_CASE {
        let folded = fold_char(c);
        if folded != c {
            folds.entry(folded).or_insert_with(|| vec![folded]).push(c);
        }
    }
    folds
}

/// Folds by going up and down again, since several small letters share a capital one (`ſ` and `s`, `ς` and `σ`). Where
/// that takes more than one character, the mapping is not a simple one and is left out.
fn fold_char(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        '\0'..='\u{7f}' => c,
        // Turkish letters, which keep apart what Unicode's capital and small letters bring together.
        'ı' | 'İ' => c,
        // Pairs without a capital letter of one character that lead from one to the other.
        '\u{1fd3}' => '\u{390}',
        '\u{1fe3}' => '\u{3b0}',
        '\u{fb05}' => '\u{fb06}',
        _ => {
            let capital = single(c.to_uppercase()).unwrap_or(c);
            single(capital.to_lowercase()).unwrap_or(capital)
        }
    }
}

fn single(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next()?;
    mapped.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

    use super::*;

    #[test]
    fn case_does_not_count() {
        for (one, other) in [
            ("ACME Ltd", "acme LTD"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Straße", "STRAẞE"),
            ("ЁЖ", "ёж"),
            ("\u{212a}elvin ſ", "kelvin s"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        for (one, other) in [("ı", "i"), ("İ", "i"), ("é", "e"), ("ss", "ß")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn alike_are_those_of_one_fold() {
        for (c, expected) in [
            ('K', "kK\u{212a}"),
            ('ς', "σΣς"),
            ('7', "7"),
            ('ı', "ı"),
            ('漢', "漢"),
        ] {
            let alike: String = alike(c).into_iter().collect();
            assert_eq!(alike, expected, "{c}");
        }
        for c in (char::MIN..=LAST_WITH_CASE).filter(|c| fold_char(*c) != *c) {
            assert!(alike(c).contains(&c), "{c:?}");
            assert_eq!(alike(c), alike(fold_char(c)), "{c:?}");
        }
    }

    /// Letters of Unicode 17, which the reference does not know yet.
    fn is_newer(c: char) -> bool {
        matches!(c, '\u{a7ce}'..='\u{a7d5}' | '\u{16ea0}'..='\u{16ed3}')
    }

    /// The regular expressions' own table of Unicode's simple case folding is the reference; no script with two cases
    /// lies beyond the first two planes.
    #[test]
    fn characters_fold_together_where_unicode_says_so() {
        let mut same: BTreeMap<char, Vec<char>> = BTreeMap::new();
        for c in char::MIN..=LAST_WITH_CASE {
            same.entry(fold_char(c)).or_default().push(c);
        }
        for characters in same.values() {
            let first = characters[0];
            if is_newer(first) {
                continue;
            }
            let mut class = ClassUnicode::new([ClassUnicodeRange::new(first, first)]);
            class.try_case_fold_simple().unwrap();
            let reference: Vec<char> = class
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .collect();
            let known: Vec<char> = characters
                .iter()
                .copied()
                .filter(|c| !is_newer(*c))
                .collect();
            assert_eq!(known, reference);
        }
    }
}
