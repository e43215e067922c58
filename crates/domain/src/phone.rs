//! Phone numbers: from any written form to E.164, or a refusal with its reason.
//!
//! What is valid, and of which kind, is what Google's libphonenumber says. Its rules come from the metadata of the crate
//! `phonenumber`; that crate's own parser is not used, because it is slow and differs from the rules in thousands of
//! cases. Accepted on top are the forms that people and spreadsheets make. `docs/phone.md` tells them all.

mod dialling;
mod digits;
mod kind;
mod plan;
mod prefix;
mod written;

use std::fmt;

use phonenumber::metadata::DATABASE;

pub use kind::NumberKind;

use dialling::{Dialled, Home};
use digits::Digits;
use written::Written;

/// Fewer digits are a short code, more are no number (E.164).
const SHORTEST_ADDRESS: usize = 7;
const LONGEST_ADDRESS: usize = 15;

/// A number that can receive text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    digits: u64,
    region: Region,
}

/// An ISO 3166 alpha-2 region such as `GB`, or `001` for numbers that belong to no country.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region([u8; 3]);

/// Why a text is no number that can be written to. Reads after the property's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneRefusal {
    /// Nothing but white space.
    #[error("is required")]
    Empty,
    /// Letters, where a number was expected.
    #[error("is not a valid phone number: contains letters")]
    Letters,
    /// Something like `4.47722E+11`: the digits are lost.
    #[error(
        "is not a valid phone number: a spreadsheet has turned this number into scientific notation"
    )]
    Scientific,
    /// A sign that stands in no phone number, or a `+` behind the first digit.
    #[error("is not a valid phone number: contains a sign that does not belong there")]
    Sign,
    /// Only signs.
    #[error("is not a valid phone number: contains no digits")]
    NoDigits,
    /// Fewer digits than its region's numbers have.
    #[error("is not a valid phone number: too short for {region}")]
    TooShort {
        /// Where it would belong.
        region: Region,
    },
    /// More digits than its region's numbers have.
    #[error("is not a valid phone number: too long for {region}")]
    TooLong {
        /// Where it would belong.
        region: Region,
    },
    /// An international number that begins with no country's code.
    #[error("is not a valid phone number: unknown country code")]
    UnknownCountryCode,
    /// An emergency number or a short one, which only networks of its own country know.
    #[error("is not a valid phone number: emergency and short numbers cannot be written to")]
    ShortNumber,
    /// A valid number that receives no text messages.
    #[error("is not a mobile number but {kind}")]
    NotMobile {
        /// What it is.
        kind: NumberKind,
    },
    /// In the range that Ofcom keeps for drama, and test numbers are off.
    #[error("is not a valid phone number: test numbers (Ofcom's drama range) are not allowed")]
    TestNumber,
    /// Of the right length, but in no range that is given out.
    #[error("is not a valid phone number: no such range in the numbering plan of {region}")]
    NotAssigned {
        /// Whose numbering plan.
        region: Region,
    },
}

/// The rules with their settings; made once, then shared. The numbering plan of a country is built when its first number
/// comes along, and stays.
pub struct PhoneRules {
    default_region: Region,
    home: Option<Home>,
    allow_test_numbers: bool,
}

impl PhoneRefusal {
    /// Whether the digits make no number at all, so that another reading may still find one.
    fn is_misfit(self) -> bool {
        matches!(
            self,
            Self::TooShort { .. }
                | Self::TooLong { .. }
                | Self::NotAssigned { .. }
                | Self::UnknownCountryCode
        )
    }
}

impl PhoneNumber {
    /// A number that was parsed before, read back from storage: E.164 with its `+`, and the region stored beside it.
    #[must_use]
    pub fn from_stored(e164: &str, region: Region) -> Option<Self> {
        let digits = e164.strip_prefix('+')?;
        if !digits.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let digits = digits.parse().ok()?;
        Some(Self { digits, region })
    }

    /// The number that an address of a network is: international digits, with or without `+` or `00`. Whatever its kind,
    /// since somebody has written from there; `None` where it is none.
    #[must_use]
    pub fn from_address(address: &str) -> Option<Self> {
        let address = address.trim();
        let ascii = address.strip_prefix('+').unwrap_or(address);
        let ascii = ascii.strip_prefix("00").unwrap_or(ascii);
        let fits = (SHORTEST_ADDRESS..=LONGEST_ADDRESS).contains(&ascii.len());
        if !fits || !ascii.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut digits = Digits::EMPTY;
        digits.extend(ascii.as_bytes());
        let dialled = Dialled::behind_plus(&digits).ok()?;
        let classified = dialled.plan.classify(&dialled.national);
        let region = classified.map_or(dialled.region(), |(region, _)| region);
        dialled.number(region).ok()
    }

    /// The digits after the `+`, as a number: what duplicates are found by.
    #[must_use]
    pub fn digits(&self) -> u64 {
        self.digits
    }

    /// Its region.
    #[must_use]
    pub fn region(&self) -> Region {
        self.region
    }

    /// What its country's plan says that it is for; `None` for test numbers, which are in no plan.
    #[must_use]
    pub fn kind(&self) -> Option<NumberKind> {
        let mut digits = Digits::EMPTY;
        digits.extend(self.digits.to_string().as_bytes());
        let dialled = Dialled::behind_plus(&digits).ok()?;
        let (_, kind) = dialled.plan.classify(&dialled.national)?;
        Some(kind)
    }
}

/// E.164: `+` and digits.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.digits)
    }
}

impl Region {
    /// What numbers that belong to no country have for a region.
    const WORLD: Self = Self(*b"001");

    /// A region by its code, in any case; `None` where libphonenumber knows no such region.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut bytes = [0; 3];
        bytes
            .get_mut(..code.len())?
            .copy_from_slice(code.as_bytes());
        bytes.make_ascii_uppercase();
        let region = Self(bytes);
        DATABASE.by_id(region.as_str()).map(|_| region)
    }

    /// The digits that international numbers of it begin with, as `44`; it may share them with other regions.
    #[must_use]
    pub fn calling_code(&self) -> String {
        let metadata = DATABASE.by_id(self.as_str());
        metadata.map_or_else(String::new, |plan| plan.country_code().to_string())
    }

    /// Its code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0)
            .unwrap_or_default()
            .trim_end_matches('\0')
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({self})")
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PhoneRules {
    /// `default_region`: what national numbers are read as. `allow_test_numbers`: whether Ofcom's drama range
    /// (07700 900000 to 900999) passes.
    #[must_use]
    pub fn new(default_region: Region, allow_test_numbers: bool) -> Self {
        Self {
            default_region,
            home: Home::new(default_region),
            allow_test_numbers,
        }
    }

    /// What national numbers are read as.
    #[must_use]
    pub fn default_region(&self) -> Region {
        self.default_region
    }

    /// Reads a number in any written form.
    ///
    /// # Errors
    /// Why it is none that can receive a text message.
    pub fn parse(&self, written: &str) -> Result<PhoneNumber, PhoneRefusal> {
        let written = Written::read(written)?;
        let home = self.home.as_ref();
        let refusal = match Dialled::read(&written, home).and_then(|dialled| self.judge(&dialled)) {
            Err(refusal) if refusal.is_misfit() => refusal,
            settled => return settled,
        };
        if is_short_number(&written) {
            return Err(PhoneRefusal::ShortNumber);
        }
        // `00` is understood everywhere, also where it is not what people dial to reach other countries.
        Dialled::behind_double_zero(&written, home)
            .and_then(|dialled| self.judge(&dialled).ok())
            .ok_or(refusal)
    }

    /// Whether this number exists and can be written to.
    fn judge(&self, dialled: &Dialled) -> Result<PhoneNumber, PhoneRefusal> {
        if dialled.is_test_number() && self.allow_test_numbers {
            return dialled.number(dialled.region());
        }
        if dialled.is_test_number() {
            return Err(PhoneRefusal::TestNumber);
        }
        match dialled.plan.classify(&dialled.national) {
            Some((region, kind)) if kind.is_mobile() => dialled.number(region),
            Some((_, kind)) => Err(PhoneRefusal::NotMobile { kind }),
            None => Err(dialled.misfit()),
        }
    }
}

/// Whether this looks like 999, 112, 60000 or 118118. One that begins with a zero is rather the beginning of a longer
/// number, save for Australia's 000.
fn is_short_number(written: &Written) -> bool {
    let digits = written.digits.as_bytes();
    let short = digits.len() == 3 || (matches!(digits.len(), 4..=6) && digits[0] != b'0');
    short && !written.plus
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_reply_is_a_number_or_none() {
        for (address, e164, region) in [
            ("447722123456", "+447722123456", "GB"),
            ("+447722123456", "+447722123456", "GB"),
            ("00447722123456", "+447722123456", "GB"),
            ("447700900123", "+447700900123", "GB"),
            ("442071838750", "+442071838750", "GB"),
            ("447781123456", "+447781123456", "GG"),
            ("16502530000", "+16502530000", "US"),
        ] {
            let number = PhoneNumber::from_address(address).expect(address);
            assert_eq!(
                (number.to_string().as_str(), number.region().as_str()),
                (e164, region)
            );
        }
        for address in [
            "",
            "ACME",
            "60123",
            "+",
            "4477 22",
            "999999999999",
            "1234567890123456",
        ] {
            assert_eq!(PhoneNumber::from_address(address), None, "{address}");
        }
    }
}
