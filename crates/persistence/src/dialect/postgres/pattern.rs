//! Text without regard to case. PostgreSQL's own folding goes by its collation, and `translate` with every pair of letters
//! takes some microseconds for each character; its regular expressions are fast, and can be told by name which
//! characters are alike.

use std::fmt::Write;

use clarion_domain::filter::{Relation, alike};

/// A regular expression for any of these texts.
pub(super) fn pattern(relation: Relation, texts: &[&str]) -> String {
    let mut pattern = String::new();
    if matches!(relation, Relation::Equals | Relation::StartsWith) {
        pattern.push('^');
    }
    pattern.push_str("(?:");
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            pattern.push('|');
        }
        text.chars().for_each(|c| write_alike(&mut pattern, c));
    }
    pattern.push(')');
    if matches!(relation, Relation::Equals | Relation::EndsWith) {
        pattern.push('$');
    }
    pattern
}

/// Written by their numbers, so that none of them means anything to the pattern.
fn write_alike(pattern: &mut String, c: char) {
    pattern.push('[');
    for like in alike(c) {
        // Writing to a text cannot fail.
        let _ = write!(pattern, "\\U{:08x}", u32::from(like));
    }
    pattern.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_written_by_number_with_those_like_them() {
        for (relation, expected) in [
            (
                Relation::Equals,
                r"^(?:[\U00000061\U00000041]|[\U00000025])$",
            ),
            (
                Relation::StartsWith,
                r"^(?:[\U00000061\U00000041]|[\U00000025])",
            ),
            (
                Relation::EndsWith,
                r"(?:[\U00000061\U00000041]|[\U00000025])$",
            ),
            (
                Relation::Contains,
                r"(?:[\U00000061\U00000041]|[\U00000025])",
            ),
        ] {
            assert_eq!(pattern(relation, &["A", "%"]), expected);
        }
    }
}
