//! Texts by their data coding (SMPP 3.4, 5.2.19; 3GPP TS 23.038 for the message classes).

use clarion_domain::text::{self, Encoding};

/// ISO 8859-1
pub(crate) const LATIN_1: u8 = 0x03;
const ASCII: u8 = 0x01;
/// UTF-16, big endian
pub(crate) const UCS_2: u8 = 0x08;

/// The data coding that an encoding is announced by.
pub(crate) fn data_coding(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Gsm7 => 0,
        Encoding::Ucs2 => UCS_2,
    }
}

/// The text of octets as their data coding says; a coding that we do not know is read as Latin-1.
pub(crate) fn decode(octets: &[u8], data_coding: u8) -> String {
    match data_coding {
        ASCII | LATIN_1 => latin_1(octets),
        UCS_2 => text::decode(octets, Encoding::Ucs2),
        0x00 | 0xC0..=0xDF => text::decode(octets, Encoding::Gsm7),
        // The classes of 23.038: 0xE0 is UCS-2; in 0xF0, bit 2 means 8-bit data.
        0xE0..=0xEF => text::decode(octets, Encoding::Ucs2),
        0xF0..=0xFF if data_coding & 0x04 == 0 => text::decode(octets, Encoding::Gsm7),
        _ => latin_1(octets),
    }
}

/// The text of a receipt: providers write it in ASCII whatever alphabet the data coding announces, and read as GSM 7-bit
/// the `_` and `@` of their ids would change.
pub(crate) fn decode_receipt(octets: &[u8], data_coding: u8) -> String {
    match data_coding {
        UCS_2 => text::decode(octets, Encoding::Ucs2),
        _ => latin_1(octets),
    }
}

fn latin_1(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_coding_is_read_in_its_own_alphabet() {
        assert_eq!(decode(b"\x00\x1b\x65", 0), "@€");
        assert_eq!(decode(b"\x00", 0xF1), "@");
        assert_eq!(decode(b"\xe9@", 3), "é@");
        assert_eq!(decode(&[0xd8, 0x3d, 0xdc, 0x33], 8), "🐳");
        assert_eq!(decode(b"\xff\x00", 4), "ÿ\0");
        assert_eq!(decode_receipt(b"id:a_b@c", 0), "id:a_b@c");
    }
}
