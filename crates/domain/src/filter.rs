//! Filters and sorts, as every list takes them (API section 5): from their text to a checked tree, and what that tree
//! means for a row in memory. Turning it into a query is the store's.

mod check;
mod evaluate;
mod fault;
mod fold;
mod operator;
mod sort;
mod syntax;
mod value;

pub use evaluate::Row;
pub use fault::FilterFault;
pub use fold::{alike, fold};
pub use operator::{Operator, Relation};
pub use sort::{SortKey, Sorts};
pub use value::{Decimal, Value, date_time};

/// The longest text of a filter or of sorts, in characters.
pub const MAX_LENGTH: usize = 8_000;
/// The most conditions of a filter.
pub const MAX_CONDITIONS: usize = 50;
/// The most comparisons of one property with one value in a filter: what bounds the query made of it.
pub const MAX_COMPARISONS: usize = 500;
/// The most properties to sort by.
pub const MAX_SORT_KEYS: usize = 10;

/// A property of a listed resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property<C> {
    /// Its published name; a request may write it in any case.
    pub name: &'static str,
    /// What its values are.
    pub kind: PropertyKind,
    /// Whether it can be missing.
    pub nullable: bool,
    /// By what the store finds it.
    pub column: C,
}

/// What the values of a property are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PropertyKind {
    /// Text, of any length.
    Text,
    /// A whole number.
    Integer,
    /// A number with at most six decimal places.
    Decimal,
    /// A moment.
    DateTime,
    /// True or false.
    Boolean,
    /// A UUID.
    Uuid,
}

/// A filter, checked: all its conditions must hold. Without a condition every row passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter<C: 'static> {
    /// In the order they were written.
    pub conditions: Vec<Condition<C>>,
}

/// One condition. It holds where any comparison of any property with any of its values does; with a negated operator,
/// where each of them does: `(a|b)!=v|w` means that neither `a` nor `b` is `v` or `w`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition<C: 'static> {
    /// Where it begins in the text, in characters from 1.
    pub position: usize,
    /// How properties are compared with values.
    pub operator: Operator,
    /// Each property, with the values as that property's kind reads them.
    pub comparisons: Vec<Comparison<C>>,
}

/// A property and the values it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison<C: 'static> {
    /// The property.
    pub property: &'static Property<C>,
    /// At least one; `None` stands for a missing value.
    pub values: Vec<Option<Value>>,
}

impl PropertyKind {
    /// What a value of it looks like, for messages.
    fn description(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "an integer such as 42",
            Self::Decimal => "a decimal number with at most 6 places such as 0.045",
            Self::DateTime => "an ISO 8601 date or date-time such as 2023-06-27T03:04:01.374Z",
            Self::Boolean => "true or false",
            Self::Uuid => "a UUID such as 0188f9a2-5b1e-7c3d-8e4f-a1b2c3d4e5f6",
        }
    }
}

/// The property of a name in any case.
fn find<C>(properties: &'static [Property<C>], name: &str) -> Option<&'static Property<C>> {
    properties
        .iter()
        .find(|property| property.name.eq_ignore_ascii_case(name))
}

fn names<C>(properties: &[Property<C>]) -> String {
    let names: Vec<_> = properties.iter().map(|property| property.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each property is its own column: its place in the table.
    pub(super) static PROPERTIES: [Property<usize>; 7] = [
        property("sender", PropertyKind::Text, false, 0),
        property("name", PropertyKind::Text, true, 1),
        property("client_Id", PropertyKind::Integer, true, 2),
        property("price", PropertyKind::Decimal, true, 3),
        property("startDateTime", PropertyKind::DateTime, true, 4),
        property("active", PropertyKind::Boolean, true, 5),
        property("id", PropertyKind::Uuid, false, 6),
    ];

    const fn property(
        name: &'static str,
        kind: PropertyKind,
        nullable: bool,
        column: usize,
    ) -> Property<usize> {
        Property {
            name,
            kind,
            nullable,
            column,
        }
    }
}
