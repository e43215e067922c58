//! A keyed permutation of the 63-bit numbers: a balanced Feistel network of 64 bits over SHA-256, walked through until it
//! comes upon a number of 63.
//!
//! AES has blocks of 128 bits, whose codes would be twice as long. Four rounds of such a network over a pseudo-random
//! function cannot be told from a random permutation by few questions (Luby and Rackoff); ten, as NIST's FF1 has, leave
//! room for many.

use sha2::{Digest, Sha256};

const ROUNDS: u8 = 10;

/// The numbers that are permuted have so many bits.
pub(super) const BITS: u32 = 63;

#[derive(Clone)]
pub(super) struct Permutation {
    /// After the key and the tag, which every round begins with.
    keyed: Sha256,
}

impl Permutation {
    /// Another one for each key and tag.
    pub(super) fn new(key: &[u8; 32], tag: u8) -> Self {
        let keyed = Sha256::new().chain_update(key).chain_update([tag]);
        Self { keyed }
    }

    /// Of a number below 2^63; every second step of the walk, in the mean, is its last.
    pub(super) fn forwards(&self, number: u64) -> u64 {
        walk(number, |number| self.encrypted(number))
    }

    pub(super) fn backwards(&self, number: u64) -> u64 {
        walk(number, |number| self.decrypted(number))
    }

    fn encrypted(&self, number: u64) -> u64 {
        let (mut left, mut right) = halves(number);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.mixed(round, right));
        }
        joined(left, right)
    }

    fn decrypted(&self, number: u64) -> u64 {
        let (mut left, mut right) = halves(number);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.mixed(round, left), left);
        }
        joined(left, right)
    }

    /// All that is hashed has one length, so that a hash with the key in front is as good as an HMAC.
    fn mixed(&self, round: u8, half: u32) -> u32 {
        let hash = self.keyed.clone();
        let hash = hash.chain_update([round]).chain_update(half.to_be_bytes());
        let hash = hash.finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}

/// Ends, since the numbers of a permutation lie on circles, and where it began is one of 63 bits.
fn walk(from: u64, step: impl Fn(u64) -> u64) -> u64 {
    let mut number = step(from);
    while number >> BITS != 0 {
        number = step(number);
    }
    number
}

fn halves(number: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    (
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    )
}

fn joined(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn backwards_undoes_forwards(number in 0..1_u64 << BITS, key: [u8; 32], tag: u8) {
            let permutation = Permutation::new(&key, tag);
            prop_assert_eq!(permutation.backwards(permutation.forwards(number)), number);
            prop_assert_eq!(permutation.forwards(permutation.backwards(number)), number);
        }
    }

    #[test]
    fn a_flipped_bit_changes_about_half_of_the_others() {
        let permutation = Permutation::new(&[7; 32], b'o');
        let changed: u32 = (0..BITS)
            .map(|bit| permutation.forwards(5) ^ permutation.forwards(5 ^ (1 << bit)))
            .map(u64::count_ones)
            .sum();
        assert!((1_800..2_150).contains(&changed), "{changed} of 3,969");
    }
}
