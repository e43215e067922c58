//! Numbering plans: the numbers behind one country code, for one region or for several that share it.
//!
//! All patterns of a plan are one automaton: one walk over the digits tells the region and the kind. A plan takes some
//! milliseconds to build at most and 8 KB on average, and is built when first asked for.

use std::sync::OnceLock;

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

use super::Region;
use super::digits::Digits;
use super::kind::{self, Mark, Marks, NumberKind};
use super::prefix::Prefix;

/// Country codes have up to three digits.
const CODES: usize = 1000;

/// More regions than share a code anywhere (North America's 25).
const MAX_REGIONS: usize = 32;

/// The numbering plan behind a country code.
pub(super) struct Plan {
    pub(super) code: u16,
    /// The main one first, as libphonenumber asks them in this order.
    pub(super) regions: Vec<RegionRules>,
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
    patterns: Vec<Pattern>,
}

/// The rules of a region within its plan.
pub(super) struct RegionRules {
    pub(super) region: Region,
    /// What stands before a national number where it is dialled within the country, such as `0`.
    trunk_prefix: Option<Prefix>,
    lengths: Lengths,
    local_lengths: Lengths,
    /// Of mobiles, or of any number where the region has none.
    pub(super) mobile_lengths: Lengths,
    one_range: bool,
    has_leading: bool,
}

/// What a pattern of the automaton stands for.
struct Pattern {
    region: usize,
    mark: Mark,
    lengths: Lengths,
}

/// A set of lengths, as bits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths(u64);

impl Lengths {
    const ANY: Self = Self(u64::MAX);

    fn new(lengths: &[u16]) -> Self {
        Self(lengths.iter().fold(0, |set, length| set | 1 << length))
    }

    fn has(self, length: usize) -> bool {
        self.0 & (1 << length) != 0
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn min(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    pub(super) fn max(self) -> usize {
        63_usize.saturating_sub(self.0.leading_zeros() as usize)
    }
}

impl Plan {
    /// The plan of a country code, if there is such a code.
    pub(super) fn of(code: u16) -> Option<&'static Self> {
        static PLANS: [OnceLock<Option<Box<Plan>>>; CODES] = [const { OnceLock::new() }; CODES];
        let plan = PLANS.get(usize::from(code))?;
        plan.get_or_init(|| Self::build(code).map(Box::new))
            .as_deref()
    }

    fn build(code: u16) -> Option<Self> {
        let regions = DATABASE.by_code(&code)?;
        let mut sources = Vec::new();
        let mut patterns = Vec::new();
        for (index, metadata) in regions.iter().take(MAX_REGIONS).enumerate() {
            for (source, mark, lengths) in sources_of(metadata) {
                sources.push(source);
                patterns.push(Pattern {
                    region: index,
                    mark,
                    lengths,
                });
            }
        }
        let automaton = compile(&sources)?;
        let start = automaton.universal_start_state(Anchored::Yes)?;
        let regions = regions.into_iter().map(RegionRules::new);
        Some(Self {
            code,
            regions: regions.collect::<Option<_>>()?,
            automaton,
            start,
            patterns,
        })
    }

    /// The patterns that match these digits as a whole.
    fn matches(&self, national: &Digits) -> impl Iterator<Item = &Pattern> {
        let walked = national.as_bytes().iter().fold(self.start, |state, digit| {
            self.automaton.next_state(state, *digit)
        });
        let end = self.automaton.next_eoi_state(walked);
        let count = if self.automaton.is_match_state(end) {
            self.automaton.match_len(end)
        } else {
            0
        };
        (0..count)
            .map(move |index| self.automaton.match_pattern(end, index))
            .filter_map(|pattern| self.patterns.get(pattern.as_usize()))
    }

    /// The region and kind of a national number; `None` where it is none.
    pub(super) fn classify(&self, national: &Digits) -> Option<(Region, NumberKind)> {
        let mut marks = [Marks::default(); MAX_REGIONS];
        for pattern in self.matches(national) {
            if pattern.lengths.has(national.len()) {
                marks[pattern.region].add(pattern.mark);
            }
        }
        let found = self.regions.iter().zip(marks).find(|(rules, marks)| {
            if rules.has_leading && self.regions.len() > 1 {
                marks.has(kind::LEADING)
            } else {
                marks.kind(rules.one_range).is_some()
            }
        });
        let (rules, marks) = found?;
        Some((rules.region, marks.kind(rules.one_range)?))
    }

    /// Whether the digits look like a number of the region at all, whatever its kind.
    pub(super) fn is_viable(&self, region: usize, national: &Digits) -> bool {
        self.matches(national)
            .any(|pattern| pattern.region == region && pattern.mark == kind::GENERAL)
    }

    /// Takes the trunk prefix off, unless that would break a number.
    pub(super) fn without_trunk_prefix(&self, region: usize, national: &Digits) -> Digits {
        let prefix = self.regions[region].trunk_prefix.as_ref();
        let Some(stripped) = prefix.and_then(|prefix| prefix.strip(national)) else {
            return *national;
        };
        let breaks = self.is_viable(region, national) && !self.is_viable(region, &stripped);
        if breaks { *national } else { stripped }
    }
}

impl RegionRules {
    fn new(metadata: &Metadata) -> Option<Self> {
        let descriptors = metadata.descriptors();
        let (mut lengths, mut local_lengths) = (Lengths::default(), Lengths::default());
        for (_, descriptor) in kind::descriptors(descriptors) {
            lengths.0 |= lengths_of(descriptor).0;
            local_lengths.0 |= Lengths::new(descriptor.possible_local_length()).0;
        }
        local_lengths.0 &= !lengths.0;
        let mobile_lengths = descriptors.mobile().map(lengths_of);
        Some(Self {
            region: Region::new(metadata.id())?,
            trunk_prefix: trunk_prefix(metadata)?,
            lengths,
            local_lengths,
            mobile_lengths: mobile_lengths
                .filter(|lengths| !lengths.is_empty())
                .unwrap_or(lengths),
            one_range: has_one_range(metadata),
            has_leading: metadata.leading_digits().is_some(),
        })
    }

    /// Whether a number of this length may be complete; too long counts, so that the prefix is taken off and the rest is
    /// refused by its true length.
    pub(super) fn may_be_complete(&self, length: usize) -> bool {
        self.is_too_long(length) || (self.lengths.has(length) && !self.local_lengths.has(length))
    }

    /// Whether no number of the region has that many digits.
    pub(super) fn is_too_long(&self, length: usize) -> bool {
        length > self.lengths.max() && !self.local_lengths.has(length)
    }
}

/// The patterns of a region as sources, each with its mark and the lengths it allows.
fn sources_of(metadata: &Metadata) -> Vec<(String, Mark, Lengths)> {
    let all = kind::descriptors(metadata.descriptors());
    let any = all.fold(Lengths::default(), |any, (_, descriptor)| {
        Lengths(any.0 | lengths_of(descriptor).0)
    });
    let mut sources: Vec<_> = kind::descriptors(metadata.descriptors())
        .map(|(mark, descriptor)| {
            let lengths = match mark {
                kind::GENERAL => any,
                _ => lengths_of(descriptor),
            };
            let source = descriptor.national_number().as_str().to_owned();
            (source, mark, lengths)
        })
        .collect();
    if let Some(leading) = metadata.leading_digits() {
        // Only a beginning is given, while the automaton is asked about whole numbers.
        let source = format!(r"(?:{})\d*", leading.as_str());
        sources.push((source, kind::LEADING, Lengths::ANY));
    }
    sources
}

fn lengths_of(descriptor: &Descriptor) -> Lengths {
    Lengths::new(descriptor.possible_length())
}

/// The prefix to take off: the outer `None` where its pattern cannot be read, the inner where the region has none.
fn trunk_prefix(metadata: &Metadata) -> Option<Option<Prefix>> {
    let for_parsing = metadata.national_prefix_for_parsing();
    let source = for_parsing.map_or(metadata.national_prefix(), |regex| Some(regex.as_str()));
    let Some(source) = source else {
        return Some(None);
    };
    Prefix::new(source, metadata.national_prefix_transform_rule()).map(Some)
}

/// Whether landlines and mobiles have the same pattern, white space aside.
fn has_one_range(metadata: &Metadata) -> bool {
    let pattern = |descriptor: Option<&Descriptor>| {
        let source = descriptor.map(|descriptor| descriptor.national_number().as_str());
        source.map(|source| source.split_whitespace().collect::<String>())
    };
    let descriptors = metadata.descriptors();
    pattern(descriptors.fixed_line()) == pattern(descriptors.mobile())
}

/// How the metadata's patterns are written.
pub(super) fn dialect() -> syntax::Config {
    syntax::Config::new()
        .unicode(false)
        .utf8(false)
        .ignore_whitespace(true)
}

/// One automaton of many patterns that tells all that match.
fn compile(sources: &[String]) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored);
    dense::Builder::new()
        .configure(config)
        .syntax(dialect())
        .thompson(thompson::Config::new().utf8(false))
        .build_many(sources)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_of_the_metadata_can_be_built() {
        let known: Vec<u16> = DATABASE.iter().map(Metadata::country_code).collect();
        for code in known {
            let metadata = DATABASE.by_code(&code).unwrap_or_default();
            let plan = Plan::of(code).expect("a plan");
            assert_eq!(plan.regions.len(), metadata.len(), "{code}");
            assert!(plan.regions.len() <= MAX_REGIONS, "{code}");
        }
        assert!(Plan::of(0).is_none() && Plan::of(999).is_none() && Plan::of(1000).is_none());
    }

    #[test]
    fn what_a_plan_asks_of_its_prefixes_can_be_answered() {
        // AR's 15 becomes a 9, GG's local numbers get their area, BR's carriers vanish.
        for (code, region, dialled, national) in [
            (54, "AR", "0111523456789", "91123456789"),
            (44, "GG", "256789", "1481256789"),
            (55, "BR", "01511961234567", "11961234567"),
            (44, "GB", "07722123456", "7722123456"),
            (39, "IT", "0612345678", "0612345678"),
        ] {
            let plan = Plan::of(code).expect("a plan");
            let found = plan
                .regions
                .iter()
                .position(|r| r.region.as_str() == region);
            let mut digits = Digits::EMPTY;
            digits.extend(dialled.as_bytes());
            let stripped = plan.without_trunk_prefix(found.expect("a region"), &digits);
            assert_eq!(stripped.as_bytes(), national.as_bytes(), "{region}");
        }
    }
}
