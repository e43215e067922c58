//! What became of the contacts of a file, in figures.

use std::collections::{BTreeMap, HashMap};

use clarion_domain::phone::{NumberKind, Region};

use crate::checked::Verdict;

/// The figures of a file that was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// All that were read.
    pub contacts: u64,
    /// Valid ones, each number once where duplicates were looked for.
    pub accepted: u64,
    /// Valid ones whose number stood in the file before.
    pub duplicates: u64,
    /// Invalid ones.
    pub refused: u64,
    /// Invalid ones by reason.
    pub reasons: BTreeMap<Reason, u64>,
    /// Accepted ones by country.
    pub countries: HashMap<Region, u64>,
    /// Accepted ones by what their number is for; `None` are test numbers.
    pub kinds: HashMap<Option<NumberKind>, u64>,
}

/// Why contacts were refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The property at fault, as the API names it; empty where it is the contact as a whole.
    pub property: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl Summary {
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        self.contacts += 1;
        match verdict {
            Verdict::Accepted(phone, kind) => {
                self.accepted += 1;
                *self.countries.entry(phone.region()).or_default() += 1;
                *self.kinds.entry(*kind).or_default() += 1;
            }
            Verdict::Duplicate => self.duplicates += 1,
            Verdict::Refused(fault) => {
                self.refused += 1;
                let reason = Reason {
                    property: fault.property(),
                    message: fault.to_string(),
                };
                *self.reasons.entry(reason).or_default() += 1;
            }
        }
    }

    /// The reasons, the most frequent first.
    #[must_use]
    pub fn reasons_by_count(&self) -> Vec<(&Reason, u64)> {
        let mut reasons: Vec<_> = self
            .reasons
            .iter()
            .map(|(reason, count)| (reason, *count))
            .collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons
    }

    /// The countries, the most frequent first.
    #[must_use]
    pub fn countries_by_count(&self) -> Vec<(Region, u64)> {
        let mut countries: Vec<_> = self
            .countries
            .iter()
            .map(|(region, count)| (*region, *count))
            .collect();
        countries.sort_by_key(|(region, count)| (std::cmp::Reverse(*count), *region));
        countries
    }

    /// The kinds of numbers, the most frequent first; `None` are test numbers.
    #[must_use]
    pub fn kinds_by_count(&self) -> Vec<(Option<NumberKind>, u64)> {
        let mut kinds: Vec<_> = self
            .kinds
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .collect();
        kinds.sort_by_key(|(kind, count)| {
            (std::cmp::Reverse(*count), kind.map(|kind| kind.to_string()))
        });
        kinds
    }
}
