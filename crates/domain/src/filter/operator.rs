//! The operators of filters, and which kind of property takes which.

use super::PropertyKind;

/// How a property is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operator {
    /// What is asked.
    pub relation: Relation,
    /// Whether the opposite is asked: `!`.
    pub negated: bool,
    /// Whether case does not count: `*`.
    pub ignores_case: bool,
}

/// What a comparison asks of a property and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `==`
    Equals,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `@=`
    Contains,
    /// `_=`
    StartsWith,
    /// `_-=`
    EndsWith,
}

/// Every operator, as the documentation lists them.
const OPERATORS: [(&str, Operator); 20] = [
    ("==", plain(Relation::Equals)),
    ("!=", plain(Relation::Equals).negated()),
    (">", plain(Relation::Greater)),
    ("<", plain(Relation::Less)),
    (">=", plain(Relation::AtLeast)),
    ("<=", plain(Relation::AtMost)),
    ("@=", plain(Relation::Contains)),
    ("_=", plain(Relation::StartsWith)),
    ("_-=", plain(Relation::EndsWith)),
    ("!@=", plain(Relation::Contains).negated()),
    ("!_=", plain(Relation::StartsWith).negated()),
    ("!_-=", plain(Relation::EndsWith).negated()),
    ("==*", plain(Relation::Equals).ignoring_case()),
    ("!=*", plain(Relation::Equals).negated().ignoring_case()),
    ("@=*", plain(Relation::Contains).ignoring_case()),
    ("_=*", plain(Relation::StartsWith).ignoring_case()),
    ("_-=*", plain(Relation::EndsWith).ignoring_case()),
    ("!@=*", plain(Relation::Contains).negated().ignoring_case()),
    (
        "!_=*",
        plain(Relation::StartsWith).negated().ignoring_case(),
    ),
    ("!_-=*", plain(Relation::EndsWith).negated().ignoring_case()),
];

const fn plain(relation: Relation) -> Operator {
    Operator {
        relation,
        negated: false,
        ignores_case: false,
    }
}

impl Operator {
    const fn negated(self) -> Self {
        Self {
            negated: true,
            ..self
        }
    }

    const fn ignoring_case(self) -> Self {
        Self {
            ignores_case: true,
            ..self
        }
    }

    /// The operator that a text begins with, the longest that fits, and how it is written.
    pub(super) fn at_beginning(text: &str) -> Option<(&'static str, Self)> {
        OPERATORS
            .into_iter()
            .filter(|(written, _)| text.starts_with(written))
            .max_by_key(|(written, _)| written.len())
    }

    /// Whether a kind of property takes it.
    #[must_use]
    pub fn suits(self, kind: PropertyKind) -> bool {
        let is_order = matches!(
            self.relation,
            Relation::Greater | Relation::Less | Relation::AtLeast | Relation::AtMost
        );
        let is_plain_equality = self.relation == Relation::Equals && !self.ignores_case;
        match kind {
            PropertyKind::Text => !is_order,
            PropertyKind::Integer | PropertyKind::Decimal | PropertyKind::DateTime => {
                is_order || is_plain_equality
            }
            PropertyKind::Boolean | PropertyKind::Uuid => is_plain_equality,
        }
    }
}

/// The operators that a kind of property takes, or all there are, as messages list them.
pub(super) fn allowed(kind: Option<PropertyKind>) -> String {
    let written: Vec<_> = OPERATORS
        .into_iter()
        .filter(|(_, operator)| kind.is_none_or(|kind| operator.suits(kind)))
        .map(|(written, _)| written)
        .collect();
    written.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_is_told_from_its_beginnings() {
        for (written, operator) in OPERATORS {
            assert_eq!(
                Operator::at_beginning(&format!("{written}x")),
                Some((written, operator))
            );
        }
        for other in ["", "=", "!", "_", "_-", "@", "x==", "*", "!_x="] {
            assert_eq!(Operator::at_beginning(other), None, "{other}");
        }
    }

    #[test]
    fn each_kind_takes_its_operators() {
        assert_eq!(
            allowed(Some(PropertyKind::Text)),
            "== != @= _= _-= !@= !_= !_-= ==* !=* @=* _=* _-=* !@=* !_=* !_-=*"
        );
        for ordered in [
            PropertyKind::Integer,
            PropertyKind::Decimal,
            PropertyKind::DateTime,
        ] {
            assert_eq!(allowed(Some(ordered)), "== != > < >= <=");
        }
        assert_eq!(allowed(Some(PropertyKind::Boolean)), "== !=");
        assert_eq!(allowed(Some(PropertyKind::Uuid)), "== !=");
        assert_eq!(allowed(None).split(' ').count(), OPERATORS.len());
    }
}
