//! The secret that a web hook's requests are signed with.

use std::fmt;

use chrono::TimeDelta;

use super::base64;

/// By the specification: enough to be no weaker than the hash, and no more than the hash takes in.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

const PREFIX: &str = "whsec_";

/// How long a replaced secret goes on signing, beside the new one.
pub const ROTATION: TimeDelta = TimeDelta::hours(24);

/// A secret. It must be kept as it is, since it has to sign; its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of random bytes.
    #[must_use]
    pub fn generate(random: &[u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// A secret that was kept; `None` where these bytes cannot be one.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        LENGTHS.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// What signs.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As its owner gets to see it, once.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", base64::encode(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_by_its_text_alone() {
        let secret = Secret::generate(&[7; 32]);
        assert_eq!(
            secret.text(),
            "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
        );
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        for (length, is_one) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            let read = Secret::from_bytes(vec![1; length]);
            assert_eq!(read.is_some(), is_one, "{length}");
        }
    }
}
