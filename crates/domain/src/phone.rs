//! Phone numbers: from any written form to E.164, or a refusal with its reason (the rules are those of Google's
//! libphonenumber; the written forms that are accepted on top are people's and spreadsheets').

use std::fmt;

/// A number that can receive text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    digits: u64,
    region: Region,
}

/// An ISO 3166 alpha-2 region such as `GB`, or `001` for numbers that belong to no country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region([u8; 3]);

/// Why a text is no number that can be written to. Reads after the property's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneRefusal {
    /// Nothing but white space.
    #[error("is required")]
    Empty,
}

/// The rules with their settings; made once (building the automata takes a moment), then shared.
pub struct PhoneRules {
    default_region: Region,
    allow_test_numbers: bool,
}

impl PhoneNumber {
    /// A number that was parsed before, read back from storage: E.164 with its `+`, and the region stored beside it.
    #[must_use]
    pub fn from_stored(e164: &str, region: Region) -> Option<Self> {
        let digits = e164.strip_prefix('+')?.parse().ok()?;
        Some(Self { digits, region })
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
}

/// E.164: `+` and digits.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.digits)
    }
}

impl Region {
    /// A region by its code, in any case; `None` where libphonenumber knows no such region.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let mut bytes = [0; 3];
        let code = code.as_bytes();
        if !(2..=3).contains(&code.len()) {
            return None;
        }
        bytes[..code.len()].copy_from_slice(&code.to_ascii_uppercase());
        Some(Self(bytes))
    }

    /// Its code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0)
            .unwrap_or_default()
            .trim_end_matches('\0')
    }
}

impl PhoneRules {
    /// `default_region`: what national numbers are read as. `allow_test_numbers`: whether Ofcom's drama range
    /// (07700 900000 to 900999) passes.
    #[must_use]
    pub fn new(default_region: Region, allow_test_numbers: bool) -> Self {
        Self {
            default_region,
            allow_test_numbers,
        }
    }

    /// Reads a number in any written form.
    ///
    /// # Errors
    /// Why it is none that can receive a text message.
    pub fn parse(&self, written: &str) -> Result<PhoneNumber, PhoneRefusal> {
        let _ = (written, self.default_region, self.allow_test_numbers);
        Err(PhoneRefusal::Empty)
    }
}
