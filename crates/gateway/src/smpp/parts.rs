//! How a text falls into the bodies of submit_sm: alphabet, splitting, and what ties the parts together.

use bytes::Bytes;
use clarion_domain::text::{self, Encoding, Reference};
use rusmpp::tlvs::MessageSubmissionRequestTlvValue as Tlv;
use rusmpp::types::AnyOctetString;
use rusmpp::values::MessagePayload;

use super::settings::{Alphabet, Concatenation, SmppSettings};
use crate::wire::udh::Place;
use crate::wire::{ESM_UDH, coding};

/// How texts are written on a gateway.
#[derive(Debug)]
pub(super) struct Writing {
    concatenation: Concatenation,
    alphabet: Alphabet,
    gsm_data_coding: u8,
}

/// A text as its parts will be written.
#[derive(Debug)]
pub(super) struct Bodies {
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) parts: Vec<Body>,
}

/// What one part carries.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) octets: Bytes,
    pub(super) tlvs: Vec<Tlv>,
}

/// How the octets of a text are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Octets {
    Gsm7,
    Latin1,
    Ucs2,
}

impl Writing {
    pub(super) fn new(settings: &SmppSettings) -> Self {
        Self {
            concatenation: settings.concatenation,
            alphabet: settings.alphabet,
            gsm_data_coding: settings.gsm_data_coding,
        }
    }

    /// How many submit_sm a text makes.
    pub(super) fn count(&self, text: &str) -> usize {
        self.split(text, self.octets_of(text)).len()
    }

    /// The bodies of a text; `None` where they are more than can be counted.
    pub(super) fn bodies(&self, text: &str, reference: u16) -> Option<Bodies> {
        let octets = self.octets_of(text);
        let texts = self.split(text, octets);
        let parts = u8::try_from(texts.len()).ok()?;
        let is_long = text::split_as(text, octets.encoding(), Reference::EightBit).len() > 1;
        let body = |(part, text)| {
            let octets = octets.of(text)?;
            let place = Place {
                reference,
                parts,
                part,
            };
            Some(if is_long {
                self.tied(place, octets)
            } else {
                Body {
                    octets: octets.into(),
                    tlvs: Vec::new(),
                }
            })
        };
        Some(Bodies {
            esm_class: match self.header() {
                Some(_) if is_long => ESM_UDH,
                _ => 0,
            },
            data_coding: match octets {
                Octets::Gsm7 => self.gsm_data_coding,
                Octets::Latin1 => coding::LATIN_1,
                Octets::Ucs2 => coding::UCS_2,
            },
            parts: (1..=parts).zip(texts).map(body).collect::<Option<_>>()?,
        })
    }

    fn octets_of(&self, text: &str) -> Octets {
        match (text::encoding_of(text), self.alphabet) {
            (Encoding::Ucs2, _) => Octets::Ucs2,
            (Encoding::Gsm7, Alphabet::Gsm7) => Octets::Gsm7,
            (Encoding::Gsm7, Alphabet::Latin1) if is_latin_1(text) => Octets::Latin1,
            (Encoding::Gsm7, Alphabet::Latin1) => Octets::Ucs2,
        }
    }

    fn split<'a>(&self, text: &'a str, octets: Octets) -> Vec<&'a str> {
        let encoding = octets.encoding();
        match self.concatenation {
            Concatenation::Payload => vec![text],
            Concatenation::Udh8 => text::split_as(text, encoding, Reference::EightBit),
            // What header a peer makes of sar_* is not known: the wider one leaves room for either.
            Concatenation::Udh16 | Concatenation::Sar => {
                text::split_as(text, encoding, Reference::SixteenBit)
            }
        }
    }

    /// The width of the user data header's reference, where we write one.
    fn header(&self) -> Option<Reference> {
        match self.concatenation {
            Concatenation::Udh8 => Some(Reference::EightBit),
            Concatenation::Udh16 => Some(Reference::SixteenBit),
            Concatenation::Sar | Concatenation::Payload => None,
        }
    }

    /// A part of a long message, with what ties it to the others.
    fn tied(&self, place: Place, mut octets: Vec<u8>) -> Body {
        if let Some(width) = self.header() {
            let mut with_header = place.header(width);
            with_header.append(&mut octets);
            return Body {
                octets: with_header.into(),
                tlvs: Vec::new(),
            };
        }
        if self.concatenation == Concatenation::Payload {
            let payload = MessagePayload::new(AnyOctetString::from_vec(octets));
            return Body {
                octets: Bytes::new(),
                tlvs: vec![Tlv::MessagePayload(payload)],
            };
        }
        Body {
            octets: octets.into(),
            tlvs: vec![
                Tlv::SarMsgRefNum(place.reference),
                Tlv::SarTotalSegments(place.parts),
                Tlv::SarSegmentSeqnum(place.part),
            ],
        }
    }
}

impl Octets {
    /// What goes over the air, which is what parts are counted by: a peer makes GSM 7-bit of Latin-1.
    fn encoding(self) -> Encoding {
        match self {
            Self::Gsm7 | Self::Latin1 => Encoding::Gsm7,
            Self::Ucs2 => Encoding::Ucs2,
        }
    }

    fn of(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Gsm7 => text::encode(text, Encoding::Gsm7),
            Self::Ucs2 => text::encode(text, Encoding::Ucs2),
            Self::Latin1 => text.chars().map(|c| u8::try_from(c).ok()).collect(),
        }
    }
}

fn is_latin_1(text: &str) -> bool {
    text.chars().all(|c| u8::try_from(c).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(settings: &str, text: &str) -> Bodies {
        let writing = Writing::new(&toml::from_str(settings).unwrap());
        let bodies = writing.bodies(text, 0x1234).unwrap();
        assert_eq!(writing.count(text), bodies.parts.len());
        bodies
    }

    #[test]
    fn sar_parts_have_their_place_in_parameters() {
        let bodies = bodies("concatenation = 'sar'", &"a".repeat(161));
        assert_eq!(bodies.esm_class, 0);
        assert_eq!(bodies.parts[0].octets.len(), 152);
        for (part, number) in bodies.parts.iter().zip(1..) {
            assert_eq!(
                part.tlvs,
                [
                    Tlv::SarMsgRefNum(0x1234),
                    Tlv::SarTotalSegments(2),
                    Tlv::SarSegmentSeqnum(number)
                ]
            );
        }
    }

    #[test]
    fn a_payload_is_one_part_of_any_length() {
        let long = "🐳".repeat(1_000);
        let bodies = bodies("concatenation = 'payload'", &long);
        assert_eq!((bodies.esm_class, bodies.data_coding), (0, 8));
        let [part] = &bodies.parts[..] else {
            panic!("one part");
        };
        assert!(part.octets.is_empty());
        assert!(
            matches!(&part.tlvs[..], [Tlv::MessagePayload(payload)] if payload.value.as_ref().len() == 4_000)
        );
    }

    #[test]
    fn a_short_text_is_written_alike_whatever_ties_long_ones() {
        for concatenation in ["udh8", "udh16", "sar", "payload"] {
            let settings = format!("concatenation = '{concatenation}'");
            let bodies = bodies(&settings, &"a".repeat(160));
            assert_eq!(bodies.esm_class, 0, "{concatenation}");
            assert_eq!(bodies.parts[0].octets.len(), 160, "{concatenation}");
            assert!(bodies.parts[0].tlvs.is_empty(), "{concatenation}");
        }
    }

    #[test]
    fn latin_1_is_written_where_it_has_all_the_letters() {
        let check = |text: &str, data_coding, octets: &[u8]| {
            let bodies = bodies("alphabet = 'latin1'", text);
            assert_eq!(bodies.data_coding, data_coding, "{text}");
            assert_eq!(bodies.parts[0].octets, octets, "{text}");
        };
        check("£@ é", 3, b"\xa3@ \xe9");
        check("€", 8, &[0x20, 0xac]);
        check("Ω", 8, &[0x03, 0xa9]);
        // Not in the GSM alphabet, so the peer could not send it.
        check("ç", 8, &[0, 0xe7]);
        assert_eq!(
            bodies("alphabet = 'latin1'", &"[".repeat(81)).parts.len(),
            2
        );
    }

    #[test]
    fn the_coding_of_gsm_texts_can_be_set() {
        let coding = |text| bodies("gsm_data_coding = 0xF1", text).data_coding;
        assert_eq!((coding("a"), coding("ŷ")), (0xF1, 8));
    }
}
