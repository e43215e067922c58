//! The ways in which people and spreadsheets write a number.

use super::numbers::{Number, UNITED_KINGDOM};
use super::random::Random;

type Form = fn(Number) -> String;

/// How numbers of the default region are written, besides the international ways.
const NATIONAL: [Form; 6] = [
    |number| format!("0{}", spaced(number, 4, ' ')),
    |number| format!("0{}", number.national()),
    |number| {
        let digits = number.national();
        format!("(0{}) {}-{}", &digits[..4], &digits[4..7], &digits[7..])
    },
    // A spreadsheet has taken the zero away, or the plus.
    |number| number.national(),
    |number| format!("{}{}", number.country.code, number.national()),
    |number| format!("'0{}", number.national()),
];

/// How any number is written.
const INTERNATIONAL: [Form; 11] = [
    |number| number.e164(),
    |number| format!("+{} {}", number.country.code, spaced(number, 3, ' ')),
    |number| format!("+{}-{}", number.country.code, spaced(number, 3, '-')),
    |number| format!("+{}.{}", number.country.code, spaced(number, 2, '.')),
    |number| format!("00{}{}", number.country.code, number.national()),
    |number| format!("tel:{}", number.e164()),
    |number| {
        format!(
            "+{}\u{a0}{}",
            number.country.code,
            spaced(number, 4, '\u{a0}')
        )
    },
    // Pasted from a web page: zero-width characters and a direction mark.
    |number| {
        format!(
            "\u{200e}+{}\u{200b}{}",
            number.country.code,
            number.national()
        )
    },
    |number| with_digits_from(&number.e164(), '０'),
    |number| with_digits_from(&number.e164(), '٠'),
    |number| format!("'{}", number.e164()),
];

/// The international ways of countries whose trunk zero people write along.
const WITH_TRUNK_ZERO: [Form; 2] = [
    |number| format!("+{} (0){}", number.country.code, spaced(number, 4, ' ')),
    |number| format!("00{} (0) {}", number.country.code, number.national()),
];

/// The number in one of the ways that fit it.
pub(super) fn written(number: Number, random: &mut Random) -> String {
    let mut fitting = INTERNATIONAL.to_vec();
    if number.country.trunk_zero {
        fitting.extend(WITH_TRUNK_ZERO);
    }
    if number.country.code == UNITED_KINGDOM.code {
        fitting.extend(NATIONAL);
    }
    random.pick(&fitting)(number)
}

fn spaced(number: Number, group: usize, separator: char) -> String {
    let mut text = String::new();
    for (index, digit) in number.national().chars().enumerate() {
        if index > 0 && index % group == 0 {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// The same number in another script's digits.
fn with_digits_from(text: &str, zero: char) -> String {
    let other = |digit: u32| char::from_u32(zero as u32 + digit);
    text.chars()
        .map(|c| c.to_digit(10).and_then(other).unwrap_or(c))
        .collect()
}
