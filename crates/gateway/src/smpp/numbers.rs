//! The numbers in what a peer delivers, in their international form: some peers write those of their own country as
//! people there dial them, and no message would be found by that.

use clarion_domain::phone::{PhoneRules, Region};

const INTERNATIONAL: u8 = 1;
const NATIONAL: u8 = 2;

/// Writes numbers in full.
#[derive(Default)]
pub(super) struct Numbers {
    /// None: they are left as they come.
    rules: Option<PhoneRules>,
}

impl Numbers {
    /// National numbers are those of this region.
    pub(super) fn of(region: Option<Region>) -> Self {
        Self {
            // Whether a test number may be written to is decided where messages are taken in.
            rules: region.map(|region| PhoneRules::new(region, true)),
        }
    }

    /// A handset's number; what is none is left as it came.
    pub(super) fn handset(&self, written: String, ton: u8) -> String {
        match ton {
            INTERNATIONAL => written,
            NATIONAL => self.in_full(written),
            // It does not say: what is whole as it is belongs to no other country.
            _ => {
                let international = format!("+{}", written.trim_start_matches('+'));
                self.read(&international)
                    .unwrap_or_else(|| self.in_full(written))
            }
        }
    }

    /// A sender id of ours: a short code could pass for a number, so that only what is clearly national is one.
    pub(super) fn sender(&self, written: String, ton: u8) -> String {
        if ton == NATIONAL || (ton != INTERNATIONAL && written.starts_with('0')) {
            return self.in_full(written);
        }
        written
    }

    fn in_full(&self, written: String) -> String {
        self.read(&written).unwrap_or(written)
    }

    fn read(&self, written: &str) -> Option<String> {
        let number = self.rules.as_ref()?.parse(written).ok()?;
        Some(number.digits().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Numbers {
        Numbers::of(Region::new("GB"))
    }

    #[test]
    fn a_handset_s_number_is_written_in_full_however_it_comes() {
        for (written, ton, full) in [
            ("447700900001", 1, "447700900001"),
            ("447700900001", 0, "447700900001"),
            ("+447700900001", 0, "447700900001"),
            ("00447700900001", 0, "447700900001"),
            ("07700900001", 0, "447700900001"),
            ("07700900001", 2, "447700900001"),
            ("7700900001", 2, "447700900001"),
            ("7700900001", 0, "447700900001"),
            // Another country's, whole as it is.
            ("4915112345678", 0, "4915112345678"),
            // What the peer says counts, even where it cannot be.
            ("7700900001", 1, "7700900001"),
            ("60123", 0, "60123"),
            ("ACME", 5, "ACME"),
            ("", 0, ""),
        ] {
            assert_eq!(
                numbers().handset(written.to_owned(), ton),
                full,
                "{written}"
            );
        }
    }

    #[test]
    fn a_sender_s_number_is_written_in_full_only_where_it_is_clearly_national() {
        for (written, ton, full) in [
            ("07700900001", 0, "447700900001"),
            ("7700900001", 2, "447700900001"),
            ("7700900001", 0, "7700900001"),
            ("60123", 0, "60123"),
            ("60123", 2, "60123"),
            ("ACME", 5, "ACME"),
        ] {
            assert_eq!(numbers().sender(written.to_owned(), ton), full, "{written}");
        }
    }

    #[test]
    fn without_a_region_numbers_are_left_as_they_come() {
        let written = "07700900001".to_owned();
        assert_eq!(Numbers::of(None).handset(written.clone(), 2), written);
    }
}
