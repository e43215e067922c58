//! How submits are answered, and how message ids are written.

use std::time::Duration;

use serde::Deserialize;

use crate::simulator::chance::Chance;

/// How a submit is answered. Shares are between 0 and 1.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Response {
    /// From and to how many milliseconds the answer takes.
    pub delay_ms: [u64; 2],
    /// The code of a refusal, as in `0x0B`.
    pub error: u32,
    /// Share of the submits that are refused with `error`; all of them unless set.
    pub error_share: Option<f64>,
    /// Most submits per second; what is beyond is refused with ESME_RTHROTTLED. 0: no limit.
    pub per_second: u32,
    /// Every so many milliseconds comes a burst of refusals with ESME_RTHROTTLED; 0: none.
    pub throttle_every_ms: u64,
    /// How many milliseconds it lasts.
    pub throttle_for_ms: u64,
    /// Share that is taken but never answered.
    pub silent_share: f64,
    /// Share at which the connection is cut in the middle of the answer; the message is taken.
    pub cut_share: f64,
    /// Share at which the connection stands still before the answer: nothing is read or written.
    pub stall_share: f64,
    /// From and to how many milliseconds it stands still.
    pub stall_ms: [u64; 2],
    /// How the message id is written.
    pub ids: Ids,
    /// How many different ids there are, given again and again: what is matched by the id alone goes wrong. 0: no end.
    pub different_ids: u64,
}

/// How message ids are written in the response and in the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// Decimal in both.
    #[default]
    Decimal,
    /// Hexadecimal in both.
    Hexadecimal,
    /// Hexadecimal in the response, decimal in the receipt.
    Mixed,
    /// Decimal in the response, hexadecimal in the receipt.
    Inverse,
    /// Upper case and leading zeros in the response, neither in the receipt.
    Padded,
    /// Like a UUID, in both.
    Hyphenated,
    /// As long as the field allows, 64 characters, in both.
    Long,
}

/// How a submit is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Answer {
    Taken,
    Refused(u32),
    Silent,
    Cut,
}

impl Response {
    pub(super) fn answer(&self, chance: &mut Chance) -> Answer {
        if self.error != 0 && chance.hits(self.error_share.unwrap_or(1.0)) {
            return Answer::Refused(self.error);
        }
        if chance.hits(self.silent_share) {
            return Answer::Silent;
        }
        if chance.hits(self.cut_share) {
            return Answer::Cut;
        }
        Answer::Taken
    }

    /// Whether that moment of the simulator's life lies in a burst, which ends each period.
    pub(in crate::simulator) fn is_burst(&self, life: Duration) -> bool {
        let Some(phase) = life.as_millis().checked_rem(self.throttle_every_ms.into()) else {
            return false;
        };
        phase + u128::from(self.throttle_for_ms) >= self.throttle_every_ms.into()
    }

    /// The number that a message gets, of all those that were given before.
    pub(in crate::simulator) fn id(&self, counted: u64) -> u64 {
        counted
            .checked_rem(self.different_ids)
            .map_or(counted, |id| id + 1)
    }

    /// How long the connection stands still before the answer.
    pub(super) fn stall(&self, chance: &mut Chance) -> Duration {
        let stalls = chance.hits(self.stall_share);
        let stall = chance.between(self.stall_ms);
        if stalls { stall } else { Duration::ZERO }
    }
}

impl Ids {
    /// As the response has it.
    pub(in crate::simulator) fn in_response(self, id: u64) -> String {
        match self {
            Self::Decimal | Self::Inverse => id.to_string(),
            Self::Hexadecimal | Self::Mixed => format!("{id:X}"),
            Self::Padded => format!("{id:020X}"),
            Self::Hyphenated => hyphenated(id),
            Self::Long => long(id),
        }
    }

    /// As the receipt has it.
    pub(in crate::simulator) fn in_receipt(self, id: u64) -> String {
        match self {
            Self::Hexadecimal | Self::Inverse => format!("{id:X}"),
            Self::Decimal | Self::Mixed => id.to_string(),
            Self::Padded => format!("{id:x}"),
            Self::Hyphenated => hyphenated(id),
            Self::Long => long(id),
        }
    }
}

fn hyphenated(id: u64) -> String {
    let digits = format!("{id:032x}");
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| &digits[group]);
    groups.join("-")
}

fn long(id: u64) -> String {
    format!("{id:z>64}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_end_each_period() {
        let response = Response {
            throttle_every_ms: 1_000,
            throttle_for_ms: 300,
            ..Response::default()
        };
        for (millis, is_burst) in [
            (0, false),
            (699, false),
            (700, true),
            (999, true),
            (1_000, false),
            (1_700, true),
        ] {
            let life = Duration::from_millis(millis);
            assert_eq!(response.is_burst(life), is_burst, "{millis}");
        }
        assert!(!Response::default().is_burst(Duration::from_secs(1)));
    }

    #[test]
    fn ids_can_be_given_again() {
        let of = |different_ids| Response {
            different_ids,
            ..Response::default()
        };
        assert_eq!([6, 7, 8].map(|counted| of(2).id(counted)), [1, 2, 1]);
        assert_eq!(of(0).id(7), 7);
    }

    #[test]
    fn ids_are_written_in_many_ways() {
        let written = |ids: Ids| (ids.in_response(0xAB), ids.in_receipt(0xAB));
        let pair = |response: &str, receipt: &str| (response.to_owned(), receipt.to_owned());
        assert_eq!(written(Ids::Decimal), pair("171", "171"));
        assert_eq!(written(Ids::Hexadecimal), pair("AB", "AB"));
        assert_eq!(written(Ids::Mixed), pair("AB", "171"));
        assert_eq!(written(Ids::Inverse), pair("171", "AB"));
        assert_eq!(written(Ids::Padded), pair("000000000000000000AB", "ab"));
        let hyphenated = "00000000-0000-0000-0000-0000000000ab";
        assert_eq!(written(Ids::Hyphenated), pair(hyphenated, hyphenated));
        let long = format!("{}171", "z".repeat(61));
        assert_eq!(written(Ids::Long), pair(&long, &long));
    }
}
