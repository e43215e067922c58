//! What can be wrong with a filter or with sorts. Each reads after the parameter's name, and tells where, what was found,
//! and what would be right.

use super::{MAX_COMPARISONS, MAX_CONDITIONS, MAX_LENGTH, MAX_SORT_KEYS};
use crate::fault::excerpt;

/// The most characters of what was found that a fault repeats.
const SHOWN: usize = 60;

/// A fault of a filter or of sorts; positions are in characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// Too long to be read at all.
    #[error("is longer than {MAX_LENGTH} characters")]
    TooLong,
    /// More conditions than allowed.
    #[error("has more than {MAX_CONDITIONS} conditions at character {position}")]
    TooManyConditions {
        /// Where the first too many begins.
        position: usize,
    },
    /// More comparisons than allowed.
    #[error(
        "compares properties with values more than {MAX_COMPARISONS} times at character {position}"
    )]
    TooManyComparisons {
        /// Where the condition with the first too many begins.
        position: usize,
    },
    /// More sort keys than allowed.
    #[error("has more than {MAX_SORT_KEYS} properties at character {position}")]
    TooManySortKeys {
        /// Where the first too many begins.
        position: usize,
    },
    /// An opening bracket without a closing one.
    #[error(
        "has {text:?} at character {position}, whose bracket is not closed; several properties are written (A|B)"
    )]
    Unclosed {
        /// Where the bracket stands.
        position: usize,
        /// The bracket and what follows.
        text: String,
    },
    /// A name that is no property of the resource.
    #[error("has an unknown property {text:?} at character {position}; known are {known}")]
    UnknownProperty {
        /// Where the name stands.
        position: usize,
        /// The name.
        text: String,
        /// The names of all properties.
        known: String,
    },
    /// A name and nothing to compare it with.
    #[error("has no operator behind {text:?} at character {position}; allowed are {allowed}")]
    MissingOperator {
        /// Where the condition begins.
        position: usize,
        /// The condition.
        text: String,
        /// The operators that would do.
        allowed: String,
    },
    /// Signs that are no operator.
    #[error("has an unknown operator {text:?} at character {position}; allowed are {allowed}")]
    UnknownOperator {
        /// Where the signs stand.
        position: usize,
        /// The signs.
        text: String,
        /// The operators that would do.
        allowed: String,
    },
    /// An operator that the property does not take.
    #[error(
        "has the operator {text:?} at character {position}, which {property} does not take: it is {expected}; allowed are {allowed}"
    )]
    Operator {
        /// Where the operator stands.
        position: usize,
        /// The operator.
        text: String,
        /// The property.
        property: &'static str,
        /// What its values are.
        expected: &'static str,
        /// The operators that it takes.
        allowed: String,
    },
    /// A value that is none of the property's kind.
    #[error("has the value {text:?} at character {position}, but {property} is {expected}")]
    Value {
        /// Where the value stands.
        position: usize,
        /// The value.
        text: String,
        /// The property.
        property: &'static str,
        /// What its values are.
        expected: &'static str,
    },
    /// `null` behind an operator that asks for more than equality.
    #[error(
        "has null at character {position}, which only == and != compare with; the text is written \\null"
    )]
    Null {
        /// Where it stands.
        position: usize,
    },
}

impl FilterFault {
    /// Where it is, in characters from 1; nowhere in particular where the whole is too long.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        match self {
            Self::TooLong => None,
            Self::TooManyConditions { position }
            | Self::TooManyComparisons { position }
            | Self::TooManySortKeys { position }
            | Self::Unclosed { position, .. }
            | Self::UnknownProperty { position, .. }
            | Self::MissingOperator { position, .. }
            | Self::UnknownOperator { position, .. }
            | Self::Operator { position, .. }
            | Self::Value { position, .. }
            | Self::Null { position } => Some(*position),
        }
    }
}

/// What was found, cut off where it is long.
pub(super) fn shown(found: &str) -> String {
    excerpt(found, SHOWN)
}
