//! What is stored of a key, above all the hash by which it is found: the one place of it. What a key looks like is
//! [`clarion_domain::api_key`]'s.

use clarion_domain::api_key::{ApiKeyTerms, KeyText};
use clarion_domain::client::ClientId;
use clarion_persistence::api_keys::NewApiKey;
use sha2::{Digest, Sha256};

/// SHA-256 of the key's text. A key is random and long, so a slow hash with salt would add nothing but load.
#[must_use]
pub fn hash(key: &KeyText) -> [u8; 32] {
    Sha256::digest(key.as_str()).into()
}

/// What is stored of a client's new key.
#[must_use]
pub fn to_store(key: &KeyText, client: ClientId, terms: ApiKeyTerms) -> NewApiKey {
    let scopes = terms.scopes.iter();
    NewApiKey {
        client,
        name: terms.name,
        hash: hash(key),
        prefix: key.shown().to_owned(),
        scopes: scopes.map(|scope| scope.name().to_owned()).collect(),
        expires_at: terms.expires_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_is_found_again_only_while_the_hash_stays_the_same() {
        let key = KeyText::generate(&[0; 32]);
        let hex: String = hash(&key)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "29d388dfa6043730fe0fbfc5105e112f387ddc1c57b2b549ea6a207b5a389004"
        );
    }
}
