//! How a text falls into parts. Counting and splitting walk over the same cuts, so that they cannot disagree.

use super::{Encoding, gsm7};

/// How wide the reference is that ties parts together: it decides how much room a part has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reference {
    /// 153 septets or 67 code units per part.
    #[default]
    EightBit,
    /// 152 septets or 66 code units per part.
    SixteenBit,
}

/// How many parts a text makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Segments {
    /// How it is written.
    pub encoding: Encoding,
    /// How many parts.
    pub count: u32,
}

/// How many parts a message may have; checked for each recipient, since it depends on the rendered text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentLimit {
    /// The most parts.
    pub max: u8,
    /// How the parts will be tied together.
    pub reference: Reference,
}

/// The text makes too many parts. Reads after the property's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is {count} segments long; at most {max} are allowed")]
pub struct TooManySegments {
    /// How many it makes.
    pub count: u32,
    /// How many are allowed.
    pub max: u8,
}

impl SegmentLimit {
    /// Counts the parts of a rendered text.
    ///
    /// # Errors
    /// [`TooManySegments`] where they are more than allowed.
    pub fn check(self, text: &str) -> Result<Segments, TooManySegments> {
        let segments = segments(text, self.reference);
        if segments.count > u32::from(self.max) {
            return Err(TooManySegments {
                count: segments.count,
                max: self.max,
            });
        }
        Ok(segments)
    }
}

/// Counts the parts without making them. The empty text is one part.
#[must_use]
pub fn segments(text: &str, reference: Reference) -> Segments {
    let layout = Layout::of(text, reference);
    let cuts = layout.cuts(text).count();
    Segments {
        encoding: layout.encoding,
        count: u32::try_from(cuts + 1).unwrap_or(u32::MAX),
    }
}

/// Splits into parts, greedily, never inside an escape sequence or a surrogate pair. They join to the text.
///
/// How many parts there may be is not asked here: a concatenation header counts to 255.
#[must_use]
pub fn split(text: &str, reference: Reference) -> Vec<&str> {
    Layout::of(text, reference).split(text)
}

/// Splits a text like [`split`], but as it is written in that encoding, which must have all its characters.
#[must_use]
pub fn split_as(text: &str, encoding: Encoding, reference: Reference) -> Vec<&str> {
    Layout::in_encoding(encoding, length(text, encoding), reference).split(text)
}

fn length(text: &str, encoding: Encoding) -> usize {
    text.chars().map(|c| size(c, encoding)).sum()
}

fn size(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Gsm7 => gsm7::septets(c),
        Encoding::Ucs2 => c.len_utf16(),
    }
}

/// How a text is laid out on the air: in septets or in UTF-16 code units, with so many of them to a part.
#[derive(Clone, Copy)]
struct Layout {
    encoding: Encoding,
    room: usize,
}

impl Layout {
    fn of(text: &str, reference: Reference) -> Self {
        let (encoding, length) = measure(text);
        Self::in_encoding(encoding, length, reference)
    }

    fn in_encoding(encoding: Encoding, length: usize, reference: Reference) -> Self {
        let (alone, part) = match (encoding, reference) {
            (Encoding::Gsm7, Reference::EightBit) => (160, 153),
            (Encoding::Gsm7, Reference::SixteenBit) => (160, 152),
            (Encoding::Ucs2, Reference::EightBit) => (70, 67),
            (Encoding::Ucs2, Reference::SixteenBit) => (70, 66),
        };
        let room = if length <= alone { alone } else { part };
        Self { encoding, room }
    }

    fn split(self, text: &str) -> Vec<&str> {
        let mut parts = Vec::new();
        let mut from = 0;
        for cut in self.cuts(text) {
            parts.push(&text[from..cut]);
            from = cut;
        }
        parts.push(&text[from..]);
        parts
    }

    /// Where the parts after the first begin.
    fn cuts(self, text: &str) -> impl Iterator<Item = usize> + '_ {
        let mut used = 0;
        text.char_indices().filter_map(move |(at, c)| {
            let size = size(c, self.encoding);
            let full = used + size > self.room;
            used = if full { size } else { used + size };
            full.then_some(at)
        })
    }
}

/// The encoding that a text needs, and its length in that encoding's units.
fn measure(text: &str) -> (Encoding, usize) {
    let mut length = 0;
    for c in text.chars() {
        match gsm7::septets(c) {
            0 => return (Encoding::Ucs2, self::length(text, Encoding::Ucs2)),
            septets => length += septets,
        }
    }
    (Encoding::Gsm7, length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    fn check(text: &str, encoding: Encoding, count: u32) {
        let made = segments(text, Reference::EightBit);
        assert_eq!(made, Segments { encoding, count }, "{text}");
        assert_eq!(split(text, Reference::EightBit).len(), count as usize);
    }

    #[test]
    fn gsm_texts_are_counted_in_septets() {
        use Encoding::Gsm7;
        check("", Gsm7, 1);
        check(&"a".repeat(160), Gsm7, 1);
        check(&"a".repeat(161), Gsm7, 2);
        check(&"a".repeat(306), Gsm7, 2);
        check(&"a".repeat(307), Gsm7, 3);
        check(&format!("{}€", "a".repeat(158)), Gsm7, 1);
        check(&format!("{}€", "a".repeat(159)), Gsm7, 2);
        check(&"]".repeat(80), Gsm7, 1);
        check(&"]".repeat(153), Gsm7, 3);
    }

    #[test]
    fn other_texts_are_counted_in_utf16_code_units() {
        use Encoding::Ucs2;
        check("ŷ", Ucs2, 1);
        check(&"🐳".repeat(35), Ucs2, 1);
        check(&"🐳".repeat(36), Ucs2, 2);
        check(&"🐳".repeat(67), Ucs2, 3);
        check(&format!("ŷ{}", "a".repeat(69)), Ucs2, 1);
        check(&format!("ŷ{}", "a".repeat(70)), Ucs2, 2);
        // An extension character counts as one again.
        check(&format!("ŷ{}", "€".repeat(69)), Ucs2, 1);
    }

    #[test]
    fn a_wider_reference_leaves_less_room() {
        let count = |text: &str| segments(text, Reference::SixteenBit).count;
        assert_eq!(count(&"a".repeat(160)), 1);
        assert_eq!(count(&"a".repeat(304)), 2);
        assert_eq!(count(&"a".repeat(305)), 3);
        assert_eq!(count(&"ŷ".repeat(132)), 2);
        assert_eq!(count(&"ŷ".repeat(133)), 3);
    }

    #[test]
    fn an_escape_that_does_not_fit_begins_the_next_part() {
        let text = format!("{}€{}", "a".repeat(152), "b".repeat(10));
        let parts = split(&text, Reference::EightBit);
        assert_eq!(parts[0], "a".repeat(152));
        assert!(parts[1].starts_with('€'));
    }

    #[test]
    fn a_limit_tells_how_many_parts_are_too_many() {
        let limit = SegmentLimit {
            max: 2,
            reference: Reference::EightBit,
        };
        assert!(limit.check(&"a".repeat(306)).is_ok());
        let refusal = limit.check(&"a".repeat(307)).unwrap_err();
        assert_eq!(refusal, TooManySegments { count: 3, max: 2 });
        assert_eq!(
            refusal.to_string(),
            "is 3 segments long; at most 2 are allowed"
        );
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z€\\[\\]{}~ÄéΩ]{0,700}",
            "[a-z€\\]🐳ŷ]{0,400}",
            "\\PC{0,400}",
        ]
    }

    fn references() -> impl Strategy<Value = Reference> {
        prop_oneof![Just(Reference::EightBit), Just(Reference::SixteenBit)]
    }

    proptest! {
        #[test]
        fn parts_join_to_the_text_and_are_counted(text in texts(), reference in references()) {
            let parts = split(&text, reference);
            prop_assert_eq!(parts.len(), segments(&text, reference).count as usize);
            prop_assert_eq!(parts.concat(), text);
        }

        /// Parts written one by one make the same octets as the whole: no escape sequence or surrogate pair was cut.
        #[test]
        fn no_part_exceeds_its_room_or_cuts_a_sequence(text in texts(), reference in references()) {
            let encoding = segments(&text, reference).encoding;
            let parts = split(&text, reference);
            let most = match (parts.len(), encoding, reference) {
                (1, Encoding::Gsm7, _) => 160,
                (_, Encoding::Gsm7, Reference::EightBit) => 153,
                (_, Encoding::Gsm7, Reference::SixteenBit) => 152,
                (1, Encoding::Ucs2, _) => 140,
                (_, Encoding::Ucs2, Reference::EightBit) => 134,
                (_, Encoding::Ucs2, Reference::SixteenBit) => 132,
            };
            let mut joined = Vec::new();
            for part in parts {
                let octets = encode(part, encoding).unwrap();
                prop_assert!(octets.len() <= most);
                joined.extend(octets);
            }
            prop_assert_eq!(joined, encode(&text, encoding).unwrap());
        }

        #[test]
        fn every_part_is_as_full_as_it_can_be(text in texts(), reference in references()) {
            let layout = Layout::of(&text, reference);
            for pair in split(&text, reference).windows(2) {
                let used: usize = pair[0].chars().map(|c| size(c, layout.encoding)).sum();
                let next = pair[1].chars().next().map_or(0, |c| size(c, layout.encoding));
                prop_assert!(used + next > layout.room);
            }
        }
    }
}
