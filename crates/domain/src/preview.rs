//! What a campaign will look like and cost, in figures: the same for a file on the command line and for the API, because
//! both add up here.

use std::collections::BTreeMap;

use crate::phone::{PhoneNumber, Region};
use crate::tariff::{Price, Tariffs};
use crate::text::{self, Encoding, SegmentLimit, Segments, SmartText};

/// What a rendered message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Its encoding and parts.
    pub segments: Segments,
    /// How many characters it has.
    pub characters: usize,
    /// The first character that GSM 7-bit lacks, which makes the message UCS-2.
    pub forced_by: Option<char>,
    /// It has more parts than allowed.
    pub is_too_long: bool,
}

/// The figures of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Messages, one to each recipient.
    pub messages: u64,
    /// Their parts.
    pub parts: u64,
    /// Messages by how many parts they have.
    pub by_parts: BTreeMap<u32, u64>,
    /// Messages in UCS-2; the others are in GSM 7-bit.
    pub ucs2: u64,
    /// Messages by the character that makes them UCS-2.
    pub forced_by: BTreeMap<char, u64>,
    /// Messages with more parts than allowed.
    pub too_long: u64,
    /// What goes to each country.
    pub countries: BTreeMap<Region, CountryFigures>,
    /// Recipients who have opted out; none of the other figures counts a message to them.
    pub suppressed: u64,
    /// Recipients whose country does not take the sender id; none of the other figures counts a message to them.
    pub outside_policy: BTreeMap<Region, u64>,
}

/// What smart encoding makes of a campaign's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmartFigures {
    /// Messages that are GSM 7-bit by it, and would be UCS-2.
    pub encoded: u64,
    /// The same by each character that was replaced in them.
    pub replaced: BTreeMap<char, u64>,
    /// Messages that stay UCS-2, by each character that nothing looks like.
    pub without_look_alike: BTreeMap<char, u64>,
}

/// Messages that stand for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    /// The one with the most parts, and of these the first with the most characters.
    pub longest: Option<Sample>,
    /// The first ones.
    pub first: Vec<Sample>,
    wanted: usize,
}

/// A message to one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Where its contact stands: the line of a file, or the place in a campaign.
    pub place: u64,
    /// Its number.
    pub phone: PhoneNumber,
    /// Its text.
    pub text: String,
    /// What it is made of.
    pub measured: Measured,
}

/// What goes to one country.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountryFigures {
    /// Messages.
    pub messages: u64,
    /// Their parts.
    pub parts: u64,
    /// Their price.
    pub cost: Price,
}

impl Measured {
    /// Measures a rendered message.
    #[must_use]
    pub fn of(text: &str, limit: SegmentLimit) -> Self {
        let segments = text::segments(text, limit.reference);
        let forced_by = match segments.encoding {
            Encoding::Gsm7 => None,
            Encoding::Ucs2 => text::first_outside_gsm7(text),
        };
        Self {
            segments,
            characters: text.chars().count(),
            forced_by,
            is_too_long: segments.count > u32::from(limit.max),
        }
    }
}

impl Preview {
    /// Adds the message to one recipient.
    pub fn add(&mut self, region: Region, message: Measured, tariffs: &Tariffs) {
        let parts = message.segments.count;
        self.messages += 1;
        self.parts += u64::from(parts);
        *self.by_parts.entry(parts).or_default() += 1;
        self.too_long += u64::from(message.is_too_long);
        if let Some(c) = message.forced_by {
            self.ucs2 += 1;
            *self.forced_by.entry(c).or_default() += 1;
        }
        let country = self.countries.entry(region).or_default();
        country.messages += 1;
        country.parts += u64::from(parts);
        country.cost.millionths += tariffs.message(region, parts).millionths;
    }

    /// Adds a recipient whose country does not take the sender id.
    pub fn add_outside_policy(&mut self, region: Region) {
        *self.outside_policy.entry(region).or_default() += 1;
    }

    /// The price of all.
    #[must_use]
    pub fn cost(&self) -> Price {
        self.countries.values().map(|country| country.cost).sum()
    }
}

impl SmartFigures {
    /// Adds what came of one message.
    pub fn add(&mut self, message: &SmartText<'_>) {
        self.encoded += u64::from(!message.replaced.is_empty());
        for (characters, counted) in [
            (&message.replaced, &mut self.replaced),
            (&message.without_look_alike, &mut self.without_look_alike),
        ] {
            for c in characters {
                *counted.entry(*c).or_default() += 1;
            }
        }
    }
}

impl Samples {
    /// Will keep so many of the first ones.
    #[must_use]
    pub fn of(wanted: usize) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Looks at a message, and keeps it where it is one of those.
    pub fn add(&mut self, place: u64, phone: PhoneNumber, text: &str, measured: Measured) {
        let sample = || Sample {
            place,
            phone,
            text: text.to_owned(),
            measured,
        };
        let length = |measured: &Measured| (measured.segments.count, measured.characters);
        let longest = self.longest.as_ref().map(|sample| length(&sample.measured));
        if longest.is_none_or(|longest| length(&measured) > longest) {
            self.longest = Some(sample());
        }
        if self.first.len() < self.wanted {
            self.first.push(sample());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Reference;

    #[test]
    fn messages_add_up() {
        let limit = SegmentLimit {
            max: 2,
            reference: Reference::EightBit,
        };
        let region = |code| Region::new(code).unwrap();
        let tariffs = Tariffs {
            countries: [(region("GB"), Price { millionths: 40_000 })].into(),
            ..Tariffs::default()
        };
        let mut preview = Preview::default();
        for (code, text) in [
            ("GB", "short".to_owned()),
            ("GB", "a".repeat(161)),
            ("US", "Siân".to_owned()),
            ("GB", format!("{}ŵâ", "a".repeat(140))),
        ] {
            preview.add(region(code), Measured::of(&text, limit), &tariffs);
        }
        assert_eq!((preview.messages, preview.parts), (4, 7));
        assert_eq!(preview.by_parts, [(1, 2), (2, 1), (3, 1)].into());
        assert_eq!((preview.ucs2, preview.too_long), (2, 1));
        assert_eq!(preview.forced_by, [('â', 1), ('ŵ', 1)].into());
        assert_eq!(preview.countries[&region("GB")].parts, 6);
        assert_eq!(preview.cost().to_string(), "0.24");
    }

    #[test]
    fn smart_encoding_is_counted_by_what_it_did() {
        let mut figures = SmartFigures::default();
        for text in ["plain", "it’s – it’s", "it’s", "Łódź – x"] {
            figures.add(&text::smart(text));
        }
        assert_eq!(figures.encoded, 2);
        assert_eq!(figures.replaced, [('’', 2), ('–', 1)].into());
        assert_eq!(figures.without_look_alike, [('Ł', 1)].into());
    }

    #[test]
    fn the_longest_is_the_first_of_the_longest() {
        let limit = SegmentLimit {
            max: 10,
            reference: Reference::EightBit,
        };
        let gb = Region::new("GB").unwrap();
        let phone = PhoneNumber::from_stored("+447700900001", gb).unwrap();
        let mut samples = Samples::of(2);
        let texts = ["a".repeat(160), "ŵ".repeat(71), "ŷ".repeat(71)];
        for (place, text) in (1..).zip(&texts) {
            samples.add(place, phone, text, Measured::of(text, limit));
        }
        let places: Vec<_> = samples.first.iter().map(|sample| sample.place).collect();
        assert_eq!(places, [1, 2]);
        assert_eq!(samples.longest.map(|sample| sample.place), Some(2));
    }
}
