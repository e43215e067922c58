//! The path of octets from a connection to what they mean, for fuzzing.

use bytes::BytesMut;

use crate::wire::frame;
use crate::{simulator, smpp};

/// Reads octets as a session of either side would.
pub fn read(octets: &[u8]) {
    let mut input = BytesMut::from(octets);
    while let Ok(Some(frame)) = frame::next_frame(&mut input) {
        smpp::read_any(frame.body.clone());
        simulator::read_any(frame.body);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Where cargo-fuzz begins, too.
    fn seeds() -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/pdu");
        let files = std::fs::read_dir(folder).unwrap();
        let mut seeds: Vec<_> = files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect();
        seeds.sort();
        seeds
    }

    #[test]
    fn the_seeds_are_whole_pdus() {
        for seed in seeds() {
            let mut input = BytesMut::from(&seed[..]);
            while frame::next_frame(&mut input).unwrap().is_some() {}
            assert!(input.is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_change_of_a_good_stream_makes_it_panic(
            seed: prop::sample::Index,
            changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            tail in vec(any::<u8>(), 0..40),
        ) {
            let mut octets = seeds()[seed.index(3)].clone();
            for (place, octet) in changes {
                let place = place.index(octets.len());
                octets[place] = octet;
            }
            octets.extend(tail);
            read(&octets);
        }
    }
}
