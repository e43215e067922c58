//! API keys: their written form and what they allow. A drawn key is the text `clr_`, 32 characters, and 6 of a checksum by
//! which a mistyped key is told from a revoked one, and a scanner finds leaked keys. An operator may also choose the
//! bootstrap key's text, so that scripts can know it beforehand: it has no form but its length.
//!
//! Drawing the random bytes, hashing and looking a key up are not here.

mod draft;

use std::fmt;
use std::str::FromStr;

pub use draft::{ApiKeyDraft, ApiKeyTerms};

const PREFIX: &str = "clr_";
const SECRET: usize = 32;
const CHECKSUM: usize = 6;
/// Characters that may be shown after a key was made: the prefix and the first few of the secret.
const SHOWN: usize = PREFIX.len() + 4;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The shortest and the longest text that can be a key.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=255;

/// The text of a key. It is a secret: its `Debug` shows no more than [`KeyText::shown`].
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an API key: it has {} to {} visible ASCII characters", LENGTHS.start(), LENGTHS.end())]
pub struct NotAKey;

impl KeyText {
    /// A key from random bytes.
    ///
    /// One byte makes one character. 256 is no multiple of 62, so some characters are a little likelier than others;
    /// that leaves 181 of 190 bits, and drawing again until it fits would make the number of bytes needed a surprise.
    #[must_use]
    pub fn generate(random: &[u8; SECRET]) -> Self {
        let mut text = String::with_capacity(PREFIX.len() + SECRET + CHECKSUM);
        text.push_str(PREFIX);
        text.extend(random.iter().map(|byte| digit(u32::from(*byte))));
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(text)
    }

    /// Reads a key, drawn or chosen.
    ///
    /// # Errors
    /// [`NotAKey`] where no key can read so.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        if LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAKey)
        }
    }

    /// Whether it begins as a drawn key does, but is none: something in it was mistyped or cut off.
    #[must_use]
    pub fn is_mistyped(&self) -> bool {
        self.0.starts_with(PREFIX) && !self.is_drawn()
    }

    /// Whether it has the form of a drawn key, and the checksum is right.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        let Some(secret) = self.0.strip_prefix(PREFIX) else {
            return false;
        };
        if secret.len() != SECRET + CHECKSUM || !secret.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return false;
        }
        let (body, given) = self.0.split_at(PREFIX.len() + SECRET);
        checksum(body) == given
    }

    /// The whole secret text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning, by which people tell their keys apart: never more than a quarter of a chosen one.
    #[must_use]
    pub fn shown(&self) -> &str {
        let most = if self.is_drawn() {
            SHOWN
        } else {
            self.0.len() / 4
        };
        &self.0[..most.min(SHOWN)]
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({}…)", self.shown())
    }
}

/// The CRC-32 of a text in base 62, most significant digit first.
fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = [0; CHECKSUM];
    for place in digits.iter_mut().rev() {
        *place = rest % 62;
        rest /= 62;
    }
    digits.into_iter().map(digit).collect()
}

fn digit(value: u32) -> char {
    char::from(BASE62[value as usize % BASE62.len()])
}

/// CRC-32 as in zip and Ethernet, bit by bit: a key has 36 characters, a table would not pay.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// One thing that a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scope {
    /// Reading campaigns.
    CampaignsRead = 1 << 0,
    /// Making, changing and deleting campaigns.
    CampaignsWrite = 1 << 1,
    /// Sending single messages.
    MessagesSend = 1 << 2,
    /// Reading contacts and their groups.
    ContactsRead = 1 << 3,
    /// Changing contacts and their groups.
    ContactsWrite = 1 << 4,
    /// Everything, keys and clients included.
    Admin = 1 << 5,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 6] = [
        Self::CampaignsRead,
        Self::CampaignsWrite,
        Self::MessagesSend,
        Self::ContactsRead,
        Self::ContactsWrite,
        Self::Admin,
    ];

    /// The scope of a name.
    ///
    /// # Errors
    /// [`UnknownScope`] where there is none.
    pub fn named(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == name)
            .ok_or_else(|| UnknownScope(name.to_owned()))
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CampaignsRead => "campaigns:read",
            Self::CampaignsWrite => "campaigns:write",
            Self::MessagesSend => "messages:send",
            Self::ContactsRead => "contacts:read",
            Self::ContactsWrite => "contacts:write",
            Self::Admin => "admin",
        }
    }
}

/// What a key allows. Written as the scopes' names with a space between them, which is also how it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

/// A name that no scope has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown scope {0:?}; there are campaigns:read, campaigns:write, messages:send, contacts:read, contacts:write and admin"
)]
pub struct UnknownScope(pub String);

impl Scopes {
    /// Whether it was given, or comes with `admin`.
    #[must_use]
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & (scope as u8 | Scope::Admin as u8) != 0
    }

    /// Those that were given.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.0 & *scope as u8 != 0)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope as u8))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}{}", scope.name())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split_whitespace().map(Scope::named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> KeyText {
        KeyText::generate(&std::array::from_fn(|place| place as u8 * 7))
    }

    #[test]
    fn the_checksum_is_the_well_known_crc() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn a_generated_key_has_the_published_form_and_reads_back() {
        let key = sample();
        assert_eq!(key.as_str().len(), 42);
        assert!(key.as_str().starts_with("clr_07ELSZgnu"));
        assert!(key.is_drawn() && !key.is_mistyped());
        assert_eq!(KeyText::parse(key.as_str()), Ok(key));
    }

    #[test]
    fn every_single_wrong_character_is_noticed() {
        let key = sample();
        for place in 0..key.as_str().len() {
            let mut wrong = key.as_str().to_owned();
            let other = if wrong[place..].starts_with('Q') {
                "R"
            } else {
                "Q"
            };
            wrong.replace_range(place..=place, other);
            assert!(!parsed(&wrong).is_drawn(), "{wrong}");
        }
        let cut_off = parsed(&key.as_str()[..41]);
        assert!(cut_off.is_mistyped());
    }

    fn parsed(text: &str) -> KeyText {
        KeyText::parse(text).expect("a possible key")
    }

    #[test]
    fn a_chosen_key_has_no_form_but_shows_less() {
        let key = parsed("let-the-scripts-in");
        assert!(!key.is_drawn() && !key.is_mistyped());
        assert_eq!(key.shown(), "let-");
        assert_eq!(parsed("12345678").shown(), "12");
    }

    #[test]
    fn other_texts_are_no_keys() {
        let long = "x".repeat(256);
        for text in ["", "clr_", "clr_ääääääää", "with a space", "1234567", &long] {
            assert_eq!(KeyText::parse(text), Err(NotAKey), "{text}");
        }
    }

    #[test]
    fn debug_does_not_show_the_secret() {
        assert_eq!(format!("{:?}", sample()), "KeyText(clr_07EL…)");
    }

    #[test]
    fn admin_includes_every_scope_and_no_other_does() {
        for scope in Scope::ALL {
            assert!(Scopes::from_iter([Scope::Admin]).allow(scope));
            assert!(Scopes::from_iter([scope]).allow(scope));
            assert!(!Scopes::default().allow(scope));
        }
        assert!(!Scopes::from_iter([Scope::CampaignsRead]).allow(Scope::CampaignsWrite));
        assert!(!Scopes::from_iter([Scope::CampaignsWrite]).allow(Scope::CampaignsRead));
    }

    #[test]
    fn scopes_are_stored_by_their_names() {
        let text = "campaigns:read contacts:write";
        let scopes: Scopes = text.parse().expect("known names");
        assert_eq!(scopes.to_string(), text);
        assert_eq!("".parse(), Ok(Scopes::default()));
        assert_eq!(
            "campaigns:read everything".parse::<Scopes>(),
            Err(UnknownScope("everything".to_owned()))
        );
    }
}
