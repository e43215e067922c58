//! What is left of the number of somebody who was erased: a keyed hash, by which the number is recognised where it turns up
//! again, and which tells nobody who has not the key.

use std::fmt;

use sha2::{Digest, Sha256};

/// Fewer characters are no secret.
const SHORTEST: usize = 16;

/// The octets of a number's hash: enough that no two numbers share one.
const HASH: usize = 16;

/// The key that numbers are hashed with.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey([u8; 32]);

/// The hash of a number, as it stands where the number would.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumberHash(String);

/// A secret that can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at least {SHORTEST} characters")]
pub struct ShortSecret;

impl HashKey {
    /// A key that was drawn.
    #[must_use]
    pub fn drawn(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The key of a secret that was chosen.
    ///
    /// # Errors
    /// It is too short.
    pub fn of_secret(secret: &str) -> Result<Self, ShortSecret> {
        if secret.chars().count() < SHORTEST {
            return Err(ShortSecret);
        }
        Ok(Self(Sha256::digest(secret.as_bytes()).into()))
    }

    /// The key itself, to be kept.
    #[must_use]
    pub fn octets(&self) -> &[u8; 32] {
        &self.0
    }

    /// What tells this key from others without telling it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.mixed(b'k', 0)
    }

    /// The hash of a number, given by its digits.
    #[must_use]
    pub fn hash(&self, number: u64) -> NumberHash {
        let hash = self.mixed(b'n', number);
        let mut text = String::with_capacity(1 + 2 * HASH);
        text.push(NumberHash::SIGN);
        for octet in &hash[..HASH] {
            text.extend(
                [octet >> 4, octet & 0xf]
                    .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
            );
        }
        NumberHash(text)
    }

    /// All that is hashed has one length, so that a hash with the key in front is as good as an HMAC.
    fn mixed(&self, purpose: u8, number: u64) -> [u8; 32] {
        let hash = Sha256::new().chain_update(self.0);
        let hash = hash
            .chain_update([purpose])
            .chain_update(number.to_be_bytes());
        hash.finalize().into()
    }
}

impl NumberHash {
    /// What it begins with, as no number does.
    pub const SIGN: char = '#';

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Nothing of it.
impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_number_and_key() {
        let (one, other) = (HashKey::drawn([1; 32]), HashKey::drawn([2; 32]));
        let hash = one.hash(447_700_900_123);
        assert_eq!(one.hash(447_700_900_123), hash);
        assert_ne!(one.hash(447_700_900_124), hash);
        assert_ne!(other.hash(447_700_900_123), hash);
        assert_eq!(hash.as_str().len(), 33);
        assert!(
            hash.as_str().starts_with('#')
                && hash.as_str()[1..].bytes().all(|b| b.is_ascii_hexdigit())
        );
    }

    #[test]
    fn a_secret_must_be_one_and_is_never_shown() {
        assert_eq!(HashKey::of_secret("short"), Err(ShortSecret));
        let key = HashKey::of_secret("correct horse battery").unwrap();
        assert_eq!(format!("{key:?}"), "HashKey(hidden)");
        assert_ne!(key.fingerprint(), HashKey::drawn([1; 32]).fingerprint());
    }
}
