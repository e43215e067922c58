//! What people and spreadsheets write: the digits, whether a plus stands before them, and what stands around them.

use super::PhoneRefusal;
use super::digits::Digits;

/// A number as it was written, without all that only helps the eye.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) plus: bool,
    pub(super) digits: Digits,
}

impl Written {
    /// Reads a text that is one phone number and nothing else.
    pub(super) fn read(text: &str) -> Result<Self, PhoneRefusal> {
        let text = text.trim_matches(|sign| is_quote(sign) || is_blank(sign));
        if text.is_empty() {
            return Err(PhoneRefusal::Empty);
        }
        let mut written = Self {
            plus: false,
            digits: Digits::EMPTY,
        };
        let read = without_scheme(text)
            .chars()
            .try_for_each(|sign| written.add(sign));
        match read {
            Err(_) if is_scientific(text) => Err(PhoneRefusal::Scientific),
            Err(refusal) => Err(refusal),
            Ok(()) if written.digits.len() == 0 => Err(PhoneRefusal::NoDigits),
            Ok(()) => Ok(written),
        }
    }

    fn add(&mut self, sign: char) -> Result<(), PhoneRefusal> {
        if let Some(value) = decimal(sign) {
            self.digits.push(value);
            return Ok(());
        }
        match sign {
            '+' | '\u{FF0B}' if self.digits.len() == 0 => self.plus = true,
            sign if is_separator(sign) || is_blank(sign) => {}
            sign if sign.is_alphabetic() => return Err(PhoneRefusal::Letters),
            _ => return Err(PhoneRefusal::Sign),
        }
        Ok(())
    }
}

/// The text behind `tel:`.
fn without_scheme(text: &str) -> &str {
    match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => rest,
        _ => text,
    }
}

/// Whether this is a number such as `4.47722E+11`, in the decimal signs of any country.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = mantissa.trim_start_matches(['+', '-']);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(exponent.trim_start_matches(['+', '-']))
}

/// Around a number: a spreadsheet's mark for text, or quotes that came along.
fn is_quote(sign: char) -> bool {
    matches!(sign, '\'' | '"' | '`' | '\u{B4}' | '\u{2018}'..='\u{201F}')
}

/// White space, and characters that take no room.
fn is_blank(sign: char) -> bool {
    sign.is_whitespace()
        || matches!(
            sign,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        )
}

/// Dashes, dots, brackets, slashes and tildes in all their widths.
fn is_separator(sign: char) -> bool {
    matches!(
        sign,
        '-' | '.' | '/' | '(' | ')' | '[' | ']' | '~' | '\u{B7}' | '\u{2010}'..='\u{2015}'
            | '\u{2043}' | '\u{2053}' | '\u{2212}' | '\u{223C}' | '\u{30FC}' | '\u{FE63}'
            | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}'..='\u{FF0F}' | '\u{FF3B}' | '\u{FF3D}' | '\u{FF5E}'
    )
}

/// The value of a decimal digit of any script.
fn decimal(sign: char) -> Option<u8> {
    if sign.is_ascii() {
        return sign.to_digit(10).and_then(|value| value.try_into().ok());
    }
    let sign = u32::from(sign);
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= sign)].last()?;
    u8::try_from(sign - zero).ok().filter(|value| *value < 10)
}

/// The zeros of all scripts (Unicode 14, general category Nd); the other nine digits follow each.
const ZEROS: [u32; 65] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_count() {
        for zero in ZEROS.into_iter().chain([u32::from('0')]) {
            let digits: Vec<_> = (zero..zero + 10).filter_map(char::from_u32).collect();
            let values: Vec<_> = digits.iter().filter_map(|sign| decimal(*sign)).collect();
            assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "{digits:?}");
            assert!(digits.iter().all(|sign| sign.is_numeric()));
        }
        for none in ['a', '½', '²', '①', '/', ':', '\u{65F}', '\u{66A}'] {
            assert_eq!(decimal(none), None, "{none:?}");
        }
    }

    #[test]
    fn scientific_notation_is_told_from_letters() {
        for lost in ["4.47722E+11", "4,47722e11", "-4E-1", "4e9"] {
            assert!(is_scientific(lost), "{lost}");
        }
        for letters in ["E", "4E", "E4", "4.E1", "4.4.4E1", "4E+1x", "meet"] {
            assert!(!is_scientific(letters), "{letters}");
        }
    }

    #[test]
    fn a_plus_counts_before_the_first_digit_only() {
        let read = |text| Written::read(text).map(|written| written.plus);
        assert_eq!(read("(+44) 1"), Ok(true));
        assert_eq!(read("44 1"), Ok(false));
        assert_eq!(read("44+1"), Err(PhoneRefusal::Sign));
    }
}
