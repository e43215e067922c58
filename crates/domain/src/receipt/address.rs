//! The address in a receipt, as far as it tells the number that the message went to.

/// Fewer digits are no whole number: a short code, or what is left of a masked number.
const FEWEST_DIGITS: usize = 7;

/// Whether an address names this number, in international or national form; `None` where it names no number at all.
#[must_use]
pub fn names_number(address: &str, number: u64) -> Option<bool> {
    let written = address.trim().trim_start_matches('+');
    if !written.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = written.trim_start_matches('0');
    if digits.len() < FEWEST_DIGITS {
        return None;
    }
    Some(number.to_string().ends_with(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_named_in_several_forms() {
        for (address, named) in [
            ("447700900123", Some(true)),
            ("+447700900123", Some(true)),
            (" 00447700900123 ", Some(true)),
            ("07700900123", Some(true)),
            ("7700900123", Some(true)),
            ("447700900124", Some(false)),
            ("07700900124", Some(false)),
            ("0123", None),
            ("60123", None),
            ("ACME", None),
            ("4477****0123", None),
            ("", None),
        ] {
            assert_eq!(names_number(address, 447_700_900_123), named, "{address}");
        }
    }
}
