//! Text on the air: GSM 7-bit and UCS-2, and how a long text falls into parts (3GPP TS 23.038, 23.040).
//!
//! The header that ties parts together is the gateway's; here is only the room that it leaves.

mod gsm7;
mod segment;
mod smart;

pub use segment::{Reference, SegmentLimit, Segments, TooManySegments, segments, split, split_as};
pub use smart::{SmartText, smart, suggestion};

/// Parts that a message may have unless the configuration says otherwise.
pub const DEFAULT_MAX_SEGMENTS: u8 = 10;

/// How a message is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// UTF-16, big endian.
    Ucs2,
}

/// The encoding that a text needs: one character outside GSM 7-bit makes the whole of it UCS-2.
#[must_use]
pub fn encoding_of(text: &str) -> Encoding {
    match first_outside_gsm7(text) {
        None => Encoding::Gsm7,
        Some(_) => Encoding::Ucs2,
    }
}

/// The first character that GSM 7-bit lacks.
#[must_use]
pub fn first_outside_gsm7(text: &str) -> Option<char> {
    text.chars().find(|c| gsm7::septets(*c) == 0)
}

/// The octets of a text: GSM 7-bit unpacked (one septet per octet), or UTF-16 big endian. `None` where the encoding
/// lacks a character.
#[must_use]
pub fn encode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Gsm7 => gsm7::encode(text),
        Encoding::Ucs2 => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    }
}

/// The text of octets; what cannot be read becomes U+FFFD.
#[must_use]
pub fn decode(octets: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Gsm7 => gsm7::decode(octets),
        Encoding::Ucs2 => decode_ucs2(octets),
    }
}

fn decode_ucs2(octets: &[u8]) -> String {
    let (pairs, odd) = octets.as_chunks::<2>();
    let units = pairs.iter().copied().map(u16::from_be_bytes);
    let mut text: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_character_outside_gsm_makes_the_text_ucs2() {
        assert_eq!(encoding_of(""), Encoding::Gsm7);
        assert_eq!(encoding_of("Hello {€} Ωß"), Encoding::Gsm7);
        for c in [
            'ç', '`', '‘', '’', '“', '”', '–', '—', '…', '\u{a0}', '\t', 'á', 'í', 'ó', 'ú', 'ŵ',
            'ŷ', '\u{1b}', '\0', 'α', '🐳',
        ] {
            assert_eq!(encoding_of(&format!("Hello {c}")), Encoding::Ucs2, "{c:?}");
        }
    }

    #[test]
    fn ucs2_is_utf16_big_endian() {
        assert_eq!(
            encode("ŷ🐳", Encoding::Ucs2).unwrap(),
            [0x01, 0x77, 0xD8, 0x3D, 0xDC, 0x33]
        );
    }

    #[test]
    fn unreadable_ucs2_becomes_a_replacement_character() {
        assert_eq!(decode(&[0x00, 0x41, 0x42], Encoding::Ucs2), "A\u{fffd}");
        assert_eq!(
            decode(&[0xD8, 0x3D, 0x00, 0x41], Encoding::Ucs2),
            "\u{fffd}A"
        );
    }

    proptest! {
        #[test]
        fn any_text_survives_its_encoding(text in "[\\PC\n\r\u{c}€^{}\\[\\]~|\\\\]{0,300}") {
            let encoding = encoding_of(&text);
            let octets = encode(&text, encoding).unwrap();
            prop_assert_eq!(decode(&octets, encoding), text);
        }

        #[test]
        fn any_octets_can_be_read(octets: Vec<u8>) {
            prop_assert!(decode(&octets, Encoding::Gsm7).chars().count() <= octets.len());
            prop_assert!(decode(&octets, Encoding::Ucs2).chars().count() <= octets.len().div_ceil(2));
        }
    }
}
