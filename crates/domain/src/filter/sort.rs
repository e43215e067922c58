//! The order of a list: `sender,-startDateTime`.

use std::cmp::Ordering;

use super::check::Checker;
use super::{FilterFault, MAX_SORT_KEYS, Property, Row};

/// The order that a request asks for; rows that are equal by it are the store's to order, by their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorts<C: 'static> {
    /// The first counts most; none: the list's own order.
    pub keys: Vec<SortKey<C>>,
}

/// A property to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey<C: 'static> {
    /// The property.
    pub property: &'static Property<C>,
    /// From the highest to the lowest.
    pub descending: bool,
}

impl<C> Sorts<C> {
    /// Reads the `sorts` of a request. Nothing between two commas is no key.
    ///
    /// # Errors
    /// Every fault, in the order of their places.
    pub fn parse(text: &str, properties: &'static [Property<C>]) -> Result<Self, Vec<FilterFault>> {
        let mut checker = Checker::new(text, properties)?;
        let mut keys = Vec::new();
        for (index, item) in checker.items().enumerate() {
            if index >= MAX_SORT_KEYS {
                let position = checker.position(item);
                checker.fault(FilterFault::TooManySortKeys { position });
                break;
            }
            let ascending = item.without_prefix('-');
            let name = ascending.unwrap_or(item).trimmed();
            keys.extend(checker.property(name).map(|property| SortKey {
                property,
                descending: ascending.is_some(),
            }));
        }
        checker.finish(Self { keys })
    }

    /// Which of two rows comes first; a missing value is lower than any other.
    pub fn compare<R: Row<C>>(&self, one: &R, other: &R) -> Ordering {
        self.keys
            .iter()
            .map(|key| {
                let column = &key.property.column;
                let order = one.value(column).cmp(&other.value(column));
                if key.descending {
                    order.reverse()
                } else {
                    order
                }
            })
            .fold(Ordering::Equal, Ordering::then)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::super::tests::PROPERTIES;
    use super::*;

    /// A row of a name and a number.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Sample(Option<&'static str>, Option<i64>);

    impl Row<usize> for Sample {
        fn value(&self, column: &usize) -> Option<Value> {
            match PROPERTIES[*column].name {
                "name" => self.0.map(|name| Value::Text(name.to_owned())),
                "client_Id" => self.1.map(Value::Integer),
                _ => None,
            }
        }
    }

    fn check(text: &str, order: [Sample; 4]) {
        let sorts = Sorts::parse(text, &PROPERTIES).expect(text);
        let mut sorted = order;
        sorted.reverse();
        sorted.sort_by(|one, other| sorts.compare(one, other));
        assert_eq!(sorted, order, "{text}");
    }

    #[test]
    fn the_first_property_counts_most_and_missing_values_are_lowest() {
        let [none, b, a1, a2] = [
            Sample(None, Some(9)),
            Sample(Some("b"), None),
            Sample(Some("a"), Some(-1)),
            Sample(Some("a"), Some(2)),
        ];
        check("name,client_Id", [none, a1, a2, b]);
        check(" Name , - client_id ", [none, a2, a1, b]);
        check("-name,client_Id", [b, a1, a2, none]);
        check("client_Id", [b, a1, a2, none]);
        check("-client_Id,", [none, a2, a1, b]);
    }

    #[test]
    fn text_is_ordered_by_code_points() {
        let row = |name| Sample(Some(name), None);
        check("name", [row("Z"), row("a"), row("é"), row("\u{1f433}")]);
    }

    #[test]
    fn nothing_asks_for_no_order() {
        for nothing in ["", " ,"] {
            assert_eq!(Sorts::parse(nothing, &PROPERTIES).unwrap().keys, []);
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let known = names_of_all();
        let found = Sorts::parse("nmae,name,-,--id", &PROPERTIES).unwrap_err();
        let told: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                format!("has an unknown property \"nmae\" at character 1; known are {known}"),
                format!("has an unknown property \"\" at character 12; known are {known}"),
                format!("has an unknown property \"-id\" at character 14; known are {known}"),
            ]
        );
    }

    #[test]
    fn sorts_have_their_limits() {
        let most = ["id"; MAX_SORT_KEYS].join(",");
        assert_eq!(Sorts::parse(&most, &PROPERTIES).unwrap().keys.len(), 10);
        assert_eq!(
            Sorts::parse(&format!("{most},id"), &PROPERTIES),
            Err(vec![FilterFault::TooManySortKeys { position: 31 }])
        );
        let long = "x".repeat(super::super::MAX_LENGTH + 1);
        assert_eq!(
            Sorts::parse(&long, &PROPERTIES),
            Err(vec![FilterFault::TooLong])
        );
    }

    fn names_of_all() -> String {
        super::super::names(&PROPERTIES)
    }
}
