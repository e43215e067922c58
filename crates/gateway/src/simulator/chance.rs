//! Chance that comes out the same for the same seed and message, on every machine and in every release.

use std::time::Duration;

use super::submit::Submit;

/// Draws of one message.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// All parts of a message share their draws, as they share number and reference.
    pub(super) fn new(seed: u64, submit: &Submit) -> Self {
        let state = mix(FNV_OFFSET, &seed.to_be_bytes());
        let state = mix(state, submit.source.as_bytes());
        let state = mix(state, submit.destination.as_bytes());
        Self(match submit.place {
            Some(place) => mix(
                state,
                &[place.reference.to_be_bytes(), [0, place.parts]].concat(),
            ),
            None => mix(state, submit.text.as_bytes()),
        })
    }

    /// Between 0 and 1, 1 excluded (the generator is SplitMix64).
    pub(super) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of that share happens.
    pub(super) fn hits(&mut self, share: f64) -> bool {
        self.draw() < share
    }

    /// A time between two, in milliseconds.
    pub(super) fn between(&mut self, [least, most]: [u64; 2]) -> Duration {
        let span = most.saturating_sub(least) as f64;
        Duration::from_millis(least) + Duration::from_micros((self.draw() * span * 1e3) as u64)
    }
}

const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01B3;

/// FNV-1a.
fn mix(state: u64, octets: &[u8]) -> u64 {
    octets.iter().fold(state, |state, octet| {
        (state ^ u64::from(*octet)).wrapping_mul(FNV_PRIME)
    })
}
