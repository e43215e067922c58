//! Prefixes that are dialled before a number: the trunk prefix within a country (`0`), with or without a carrier's code,
//! and the exit code to other countries (`00`).

use regex_automata::nfa::thompson;
use regex_automata::nfa::thompson::backtrack::{BoundedBacktracker, Cache};
use regex_automata::util::pool::Pool;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};

use super::digits::Digits;
use super::plan;

/// Slots for the whole match and up to three groups; the metadata uses two.
const SLOTS: usize = 8;

/// A prefix, fit to be taken off.
pub(super) enum Prefix {
    /// Just these digits: nearly every country.
    Literal(Vec<u8>),
    /// Several possible ones, or ones that stand for something in the number.
    Pattern(Box<PrefixPattern>),
}

/// A prefix as a pattern with groups, which an automaton cannot tell.
pub(super) struct PrefixPattern {
    matcher: BoundedBacktracker,
    caches: Pool<Cache, MakeCache>,
    groups: usize,
    replacement: Option<Replacement>,
}

type MakeCache = Box<dyn Fn() -> Cache + Send + Sync>;

/// What takes the prefix's place, such as `9$1`: some digits, then a group of the match.
struct Replacement {
    digits: Vec<u8>,
    group: usize,
}

impl Prefix {
    /// By its pattern in the metadata and what takes its place; `None` where either cannot be read.
    pub(super) fn new(source: &str, replacement: Option<&str>) -> Option<Self> {
        if source.bytes().all(|byte| byte.is_ascii_digit()) && replacement.is_none() {
            return Some(Self::Literal(source.as_bytes().to_vec()));
        }
        let matcher = BoundedBacktracker::builder()
            .syntax(plan::dialect())
            .thompson(thompson::Config::new().utf8(false))
            .build(source)
            .ok()?;
        let groups = matcher.get_nfa().group_info().all_group_len() - 1;
        let replacement = match replacement {
            Some(rule) => Some(Replacement::new(rule)?),
            None => None,
        };
        let make = matcher.clone();
        Some(Self::Pattern(Box::new(PrefixPattern {
            matcher,
            caches: Pool::new(Box::new(move || make.create_cache())),
            groups,
            replacement,
        })))
    }

    /// The number without its prefix; `None` where it has none.
    pub(super) fn strip(&self, number: &Digits) -> Option<Digits> {
        match self {
            Self::Literal(prefix) => number
                .as_bytes()
                .starts_with(prefix)
                .then(|| number.skip(prefix.len())),
            Self::Pattern(pattern) => pattern.strip(number),
        }
    }
}

impl PrefixPattern {
    fn strip(&self, number: &Digits) -> Option<Digits> {
        let mut slots = [None; SLOTS];
        let input = Input::new(number.as_bytes()).anchored(Anchored::Yes);
        let mut cache = self.caches.get();
        let found = self
            .matcher
            .try_search_slots(&mut cache, &input, &mut slots);
        found.ok()??;
        let end = slots[1].map_or(0, NonMaxUsize::get);
        let rest = number.skip(end);
        // The replacement is for a match whose last group took part; any other is a plain prefix.
        match &self.replacement {
            Some(replacement) if group(&slots, number, self.groups).is_some() => {
                Some(replacement.before(group(&slots, number, replacement.group)?, &rest))
            }
            _ => Some(rest),
        }
    }
}

/// What a group took, if it took part in the match.
fn group<'a>(
    slots: &[Option<NonMaxUsize>; SLOTS],
    number: &'a Digits,
    index: usize,
) -> Option<&'a [u8]> {
    let bound = |slot: usize| slots.get(slot).copied().flatten().map(NonMaxUsize::get);
    number
        .as_bytes()
        .get(bound(2 * index)?..bound(2 * index + 1)?)
}

impl Replacement {
    fn new(rule: &str) -> Option<Self> {
        let (digits, group) = rule.split_once('$')?;
        Some(Self {
            digits: digits.as_bytes().to_vec(),
            group: group.parse().ok()?,
        })
    }

    fn before(&self, group: &[u8], rest: &Digits) -> Digits {
        let mut number = Digits::EMPTY;
        number.extend(&self.digits);
        number.extend(group);
        number.extend(rest.as_bytes());
        number
    }
}
