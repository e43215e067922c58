//! Numbers that can receive a text message: all of Ofcom's drama range, and mobiles of ten other countries.

use std::collections::HashSet;

use super::random::Random;

/// A country, and what its mobiles begin with.
pub(super) struct Country {
    /// The country calling code.
    pub(super) code: &'static str,
    /// Whether people write its trunk zero in brackets behind the calling code.
    pub(super) trunk_zero: bool,
    /// How many digits a national number has.
    digits: usize,
    /// What its mobiles begin with, nationally.
    prefixes: &'static [&'static str],
    /// The time zone that its contacts are listed with.
    pub(super) time_zone: Option<&'static str>,
}

pub(super) const UNITED_KINGDOM: Country = country("44", true, 10, &["7700900"]);

/// France, Germany, Ireland, Sweden, India; Spain, Italy, Poland, Côte d'Ivoire (whose zero is part of the number), and
/// the United States' numbers for fiction (555-01xx).
pub(super) const ABROAD: [Country; 10] = [
    country("33", true, 9, &["612", "658", "778"]),
    country("49", true, 11, &["1512", "1601", "1753"]),
    country("353", true, 9, &["83", "85", "87"]),
    country("46", true, 9, &["70", "73", "76"]),
    in_zone(
        "Asia/Kolkata",
        country("91", true, 10, &["9820", "9911", "8800"]),
    ),
    country("34", false, 9, &["612", "655", "722"]),
    country("39", false, 10, &["320", "347", "389"]),
    country("48", false, 9, &["512", "601", "798"]),
    country("225", false, 10, &["0102", "0505", "0707"]),
    in_zone(
        "America/New_York",
        country(
            "1",
            false,
            10,
            &[
                "20155501", "21255501", "30555501", "41555501", "50355501", "61755501", "70255501",
                "80855501", "91955501", "97255501",
            ],
        ),
    ),
];

/// One number.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) country: &'static Country,
    national: u64,
}

const fn country(
    code: &'static str,
    trunk_zero: bool,
    digits: usize,
    prefixes: &'static [&'static str],
) -> Country {
    Country {
        code,
        trunk_zero,
        digits,
        prefixes,
        time_zone: None,
    }
}

const fn in_zone(time_zone: &'static str, country: Country) -> Country {
    Country {
        time_zone: Some(time_zone),
        ..country
    }
}

impl Number {
    /// The digits behind the country calling code.
    pub(super) fn national(self) -> String {
        format!("{:0digits$}", self.national, digits = self.country.digits)
    }

    pub(super) fn e164(self) -> String {
        format!("+{}{}", self.country.code, self.national())
    }
}

/// The thousand numbers 07700 900000 to 900999.
pub(super) fn drama() -> Vec<Number> {
    (7_700_900_000..7_700_901_000)
        .map(|national| Number {
            country: &UNITED_KINGDOM,
            national,
        })
        .collect()
}

/// `count` different mobiles of a country.
pub(super) fn mobiles(country: &'static Country, count: usize, random: &mut Random) -> Vec<Number> {
    let mut seen = HashSet::new();
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let prefix = random.pick(country.prefixes);
        let given = prefix.bytes().map(|digit| u64::from(digit - b'0'));
        let drawn = (prefix.len()..country.digits).map(|_| random.below(10) as u64);
        let national = given
            .chain(drawn)
            .fold(0, |number, digit| number * 10 + digit);
        if seen.insert(national) {
            numbers.push(Number { country, national });
        }
    }
    numbers
}
