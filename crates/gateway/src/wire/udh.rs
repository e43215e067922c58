//! User data headers: the concatenation of long messages (3GPP TS 23.040, 9.2.3.24.1 and .8).

use bytes::{Buf, Bytes};
use clarion_domain::text::Reference;

const CONCATENATED_8: u8 = 0x00;
const CONCATENATED_16: u8 = 0x08;

/// A part's place in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Ties the parts together.
    pub(crate) reference: u16,
    /// How many parts there are.
    pub(crate) parts: u8,
    /// Which this is, from 1.
    pub(crate) part: u8,
}

impl Place {
    /// The header with its length octet; an 8-bit one carries the reference's low octet.
    pub(crate) fn header(self, width: Reference) -> Vec<u8> {
        let [high, low] = self.reference.to_be_bytes();
        match width {
            Reference::EightBit => vec![5, CONCATENATED_8, 3, low, self.parts, self.part],
            Reference::SixteenBit => {
                vec![6, CONCATENATED_16, 4, high, low, self.parts, self.part]
            }
        }
    }
}

/// Takes the header off a text; `None` for the header that says nothing of concatenation. A length octet that points
/// beyond the text leaves all of it.
pub(crate) fn strip(octets: &mut Bytes) -> Option<Place> {
    let length = usize::from(*octets.first()?);
    if octets.len() <= length {
        return None;
    }
    octets.advance(1);
    let mut header = octets.split_to(length);
    while header.len() >= 2 {
        let (element, length) = (header.get_u8(), usize::from(header.get_u8()));
        if header.len() < length {
            return None;
        }
        let found = concatenation(element, &header.split_to(length));
        if found.is_some() {
            return found;
        }
    }
    None
}

fn concatenation(element: u8, value: &[u8]) -> Option<Place> {
    let (reference, parts, part) = match (element, value) {
        (CONCATENATED_8, [low, parts, part]) => (u16::from(*low), *parts, *part),
        (CONCATENATED_16, [high, low, parts, part]) => {
            (u16::from_be_bytes([*high, *low]), *parts, *part)
        }
        _ => return None,
    };
    (1..=parts).contains(&part).then_some(Place {
        reference,
        parts,
        part,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: Reference, header: &[u8], read_back: u16) {
        let place = Place {
            reference: 0x1234,
            parts: 3,
            part: 2,
        };
        assert_eq!(place.header(width), header);
        let mut octets = Bytes::from([header, b"text"].concat());
        assert_eq!(
            strip(&mut octets),
            Some(Place {
                reference: read_back,
                ..place
            })
        );
        assert_eq!(octets, "text");
    }

    #[test]
    fn headers_are_the_published_octets() {
        check(Reference::EightBit, &[5, 0, 3, 0x34, 3, 2], 0x34);
        check(Reference::SixteenBit, &[6, 8, 4, 0x12, 0x34, 3, 2], 0x1234);
    }

    #[test]
    fn other_elements_are_passed_over() {
        let mut octets = Bytes::from_static(&[11, 5, 4, 0, 1, 0, 2, 0, 3, 9, 2, 1, b'x']);
        let found = strip(&mut octets).unwrap();
        assert_eq!((found.reference, found.parts, found.part), (9, 2, 1));
        assert_eq!(octets, "x");
    }

    #[test]
    fn a_header_that_lies_about_its_length_is_no_header() {
        for lie in [
            &[][..],
            &[9, 0, 3],
            &[3, 0, 9, 1, b'x'],
            &[5, 0, 3, 1, 2, 3, b'x'],
        ] {
            assert_eq!(strip(&mut Bytes::copy_from_slice(lie)), None, "{lie:?}");
        }
    }
}
