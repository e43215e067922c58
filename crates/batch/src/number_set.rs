//! A set of phone numbers that is small: about five bytes a number, where a hash table takes eighteen or more.

use std::collections::HashSet;

/// E.164 has up to 15 digits, which are less than 2^50.
const NUMBER_BITS: u32 = 50;
const BUCKET_BITS: u32 = NUMBER_BITS - u32::BITS;

/// Numbers that were seen.
///
/// A number is scrambled into another one of fifty bits, one to one. The upper eighteen choose a bucket and only the lower
/// thirty-two are kept in it, so four bytes tell a number exactly. A bucket is searched from end to end: of ten million
/// numbers forty share one, which a processor compares faster than it fetches them.
pub(crate) struct NumberSet {
    buckets: Vec<Vec<u32>>,
    /// Longer numbers than E.164 has; a few plans allow them.
    longer: HashSet<u64>,
}

impl NumberSet {
    pub(crate) fn new() -> Self {
        Self {
            buckets: vec![Vec::new(); 1 << BUCKET_BITS],
            longer: HashSet::new(),
        }
    }

    /// Adds a number; false where it was there.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        if number >> NUMBER_BITS > 0 {
            return self.longer.insert(number);
        }
        let scrambled = scramble(number);
        let bucket = &mut self.buckets[(scrambled >> u32::BITS) as usize];
        let kept = scrambled as u32;
        if bucket.contains(&kept) {
            return false;
        }
        if bucket.len() == bucket.capacity() {
            // Doubling would leave a quarter of the memory unused.
            bucket.reserve_exact(4 + bucket.len() / 4);
        }
        bucket.push(kept);
        true
    }
}

/// One to one within fifty bits: each step can be undone. Neighbours, as numbers often are, end up far from each other.
fn scramble(number: u64) -> u64 {
    const MASK: u64 = (1 << NUMBER_BITS) - 1;
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];
    ODD.into_iter().fold(number, |number, odd| {
        let number = number.wrapping_mul(odd) & MASK;
        number ^ (number >> (NUMBER_BITS / 2))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn it_tells_what_a_hash_set_tells(
            numbers in proptest::collection::vec(
                prop_oneof![
                    0..50_u64,
                    447_700_900_000..447_700_900_100_u64,
                    (1_u64 << NUMBER_BITS) - 3..(1 << NUMBER_BITS) + 3,
                    any::<u64>(),
                ],
                0..3_000,
            ),
        ) {
            let (mut set, mut wanted) = (NumberSet::new(), HashSet::new());
            for number in numbers {
                prop_assert_eq!(set.insert(number), wanted.insert(number), "{}", number);
            }
        }
    }

    #[test]
    fn neighbours_are_spread_over_the_buckets() {
        let mut set = NumberSet::new();
        for number in 447_700_000_000..447_701_000_000 {
            assert!(set.insert(number));
        }
        let fullest = set.buckets.iter().map(Vec::len).max();
        assert!(fullest < Some(24), "{fullest:?}");
    }
}
