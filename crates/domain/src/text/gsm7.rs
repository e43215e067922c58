//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, section 6.2.1), one septet per octet.

/// Announces a character of the extension table.
const ESC: u8 = 0x1B;

/// The basic table; ESC's own place holds U+001B, which is no character of a text.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', // 0x00
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß',
    'É', // 0x10
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', // 0x20
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', // 0x30
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', // 0x40
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', // 0x50
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', // 0x60
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', // 0x70
];

/// The extension table: the septet after ESC, and its character.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// A character's code: its septet, marked as [`EXTENDED`] where ESC goes before it; [`ABSENT`] where it has none.
type Code = u8;
const EXTENDED: Code = 0x80;
const ABSENT: Code = 0xFF;

/// The codes of the characters below U+0100: nearly every character of nearly every message.
const LATIN: [Code; 256] = latin();

const fn latin() -> [Code; 256] {
    let mut codes = [ABSENT; 256];
    let mut septet = 0;
    while septet < BASIC.len() {
        let place = BASIC[septet] as usize;
        if place < codes.len() && septet != ESC as usize {
            codes[place] = septet as Code;
        }
        septet += 1;
    }
    let mut entry = 0;
    while entry < EXTENSION.len() {
        let (septet, c) = EXTENSION[entry];
        if (c as usize) < codes.len() {
            codes[c as usize] = septet | EXTENDED;
        }
        entry += 1;
    }
    codes
}

fn code(c: char) -> Code {
    if let Some(code) = LATIN.get(c as usize) {
        return *code;
    }
    match c {
        'Δ' => 0x10,
        'Φ' => 0x12,
        'Γ' => 0x13,
        'Λ' => 0x14,
        'Ω' => 0x15,
        'Π' => 0x16,
        'Ψ' => 0x17,
        'Σ' => 0x18,
        'Θ' => 0x19,
        'Ξ' => 0x1A,
        '€' => 0x65 | EXTENDED,
        _ => ABSENT,
    }
}

/// How many septets a character takes; 0 where the alphabet lacks it.
pub(super) fn septets(c: char) -> usize {
    match code(c) {
        ABSENT => 0,
        code if code & EXTENDED == 0 => 1,
        _ => 2,
    }
}

/// The septets of a text; `None` where the alphabet lacks a character.
pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match code(c) {
            ABSENT => return None,
            code if code & EXTENDED == 0 => octets.push(code),
            code => octets.extend([ESC, code & !EXTENDED]),
        }
    }
    Some(octets)
}

/// The text of septets. After ESC, a septet that the extension table lacks is read from the basic table, as the
/// specification has it; an ESC with nothing to announce, and an octet that is no septet, become U+FFFD.
pub(super) fn decode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets.iter().copied();
    while let Some(octet) = rest.next() {
        text.push(match octet {
            ESC => rest.next().map_or(char::REPLACEMENT_CHARACTER, extended),
            _ => basic(octet),
        });
    }
    text
}

fn extended(septet: u8) -> char {
    EXTENSION
        .iter()
        .find(|(extension, _)| *extension == septet)
        .map_or_else(|| basic(septet), |(_, c)| *c)
}

fn basic(octet: u8) -> char {
    match BASIC.get(usize::from(octet)) {
        Some(c) if octet != ESC => *c,
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_septet_of_the_basic_table_is_its_own_character() {
        for septet in (0..128_u8).filter(|septet| *septet != ESC) {
            let text = decode(&[septet]);
            assert_eq!(encode(&text), Some(vec![septet]), "{septet:#04x}");
            assert!(text.chars().all(|c| septets(c) == 1), "{septet:#04x}");
        }
    }

    #[test]
    fn every_character_of_the_extension_table_takes_two_septets() {
        for (septet, c) in EXTENSION {
            assert_eq!(encode(&c.to_string()), Some(vec![ESC, septet]), "{c:?}");
            assert_eq!(decode(&[ESC, septet]), c.to_string());
            assert_eq!(septets(c), 2, "{c:?}");
        }
    }

    #[test]
    fn the_alphabet_has_137_characters() {
        let characters = (char::MIN..=char::MAX).filter(|c| septets(*c) > 0).count();
        assert_eq!(characters, 127 + 10);
    }

    #[test]
    fn places_that_differ_from_ascii() {
        assert_eq!(
            encode("@£$_¡¿§àΞ"),
            Some(vec![0x00, 0x01, 0x02, 0x11, 0x40, 0x60, 0x5F, 0x7F, 0x1A])
        );
    }

    #[test]
    fn a_text_with_a_character_it_lacks_has_no_septets() {
        assert_eq!(encode("a`b"), None);
        assert_eq!(encode("\u{1b}e"), None);
    }

    #[test]
    fn what_cannot_be_read_becomes_a_replacement_character() {
        assert_eq!(decode(&[0x41, 0x80, 0xFF]), "A\u{fffd}\u{fffd}");
        assert_eq!(decode(&[0x41, ESC]), "A\u{fffd}");
        assert_eq!(decode(&[ESC, ESC, 0x41]), "\u{fffd}A");
        assert_eq!(decode(&[ESC, 0x41]), "A");
    }
}
