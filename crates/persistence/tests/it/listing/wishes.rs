//! Wishes drawn at random: filters with every operator that suits, values that are there and such that are not.

use clarion_domain::filter::{
    Comparison, Condition, Decimal, Filter, Operator, PropertyKind, Relation, SortKey, Sorts, Value,
};
use clarion_persistence::listing::{Column, ListRequest, Property};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{ALL, Sample};

/// Letters that fold together in several ways, signs that mean something to patterns, and what lies beyond two bytes.
pub(super) const LETTERS: &str =
    "aAéÉſsSßẞkK\u{212a}ΣσςǅǆжЖıİ%_*'\"\\.^$[]{}()?+-\u{1f433}\u{10400}\u{10428}z09";

const RELATIONS: [Relation; 8] = [
    Relation::Equals,
    Relation::Greater,
    Relation::Less,
    Relation::AtLeast,
    Relation::AtMost,
    Relation::Contains,
    Relation::StartsWith,
    Relation::EndsWith,
];

pub(super) fn wish(
    properties: &'static [Property],
    rows: &[Sample],
) -> impl Strategy<Value = ListRequest> + use<> {
    (vec(condition(properties, rows), 0..3), sorts(properties)).prop_map(|(conditions, sorts)| {
        ListRequest {
            page: ALL,
            filter: Filter { conditions },
            sorts,
        }
    })
}

/// Short texts, many of which are the same but for their case.
pub(super) fn text() -> impl Strategy<Value = String> {
    let letters: Vec<char> = LETTERS.chars().collect();
    vec(select(letters), 0..4).prop_map(|letters| letters.into_iter().collect())
}

fn sorts(properties: &'static [Property]) -> impl Strategy<Value = Sorts<Column>> {
    let key = (select(properties.iter().collect::<Vec<_>>()), any::<bool>());
    vec(key, 0..4).prop_map(|keys| Sorts {
        keys: keys
            .into_iter()
            .map(|(property, descending)| SortKey {
                property,
                descending,
            })
            .collect(),
    })
}

fn condition(properties: &'static [Property], rows: &[Sample]) -> BoxedStrategy<Condition<Column>> {
    let rows = rows.to_vec();
    operator()
        .prop_flat_map(move |operator| {
            let suitable: Vec<_> = properties
                .iter()
                .filter(|property| operator.suits(property.kind))
                .collect();
            let most = suitable.len().min(2);
            let rows = rows.clone();
            let comparisons = subsequence(suitable, usize::from(most > 0)..=most)
                .prop_flat_map(move |chosen| comparisons(&chosen, operator, &rows));
            comparisons.prop_map(move |comparisons| Condition {
                position: 1,
                operator,
                comparisons,
            })
        })
        .prop_filter("a list without texts", |condition| {
            !condition.comparisons.is_empty()
        })
        .boxed()
}

fn operator() -> impl Strategy<Value = Operator> {
    (select(&RELATIONS[..]), any::<bool>(), any::<bool>())
        .prop_map(|(relation, negated, ignores_case)| Operator {
            relation,
            negated,
            ignores_case,
        })
        .prop_filter("none takes it", |operator| {
            let negatable = operator.suits(PropertyKind::Text) || !operator.negated;
            negatable
                && (operator.suits(PropertyKind::Text) || operator.suits(PropertyKind::Integer))
        })
}

fn comparisons(
    properties: &[&'static Property],
    operator: Operator,
    rows: &[Sample],
) -> Vec<BoxedStrategy<Comparison<Column>>> {
    let comparison = |property: &&'static Property| {
        let property = *property;
        let values = vec(value(property, operator, rows), 1..4);
        values
            .prop_map(move |values| Comparison { property, values })
            .boxed()
    };
    properties.iter().map(comparison).collect()
}

/// A value of some row's, another one, or null.
fn value(
    property: &'static Property,
    operator: Operator,
    rows: &[Sample],
) -> BoxedStrategy<Option<Value>> {
    let mut there: Vec<Option<Value>> = rows
        .iter()
        .filter_map(|row| row.get(property.name).cloned().map(Some))
        .collect();
    there.push(None);
    let other = other(property.kind).prop_map(Some);
    prop_oneof![3 => select(there), 2 => other]
        .prop_filter("only equality is asked of null", move |value| {
            value.is_some() || operator.relation == Relation::Equals
        })
        .boxed()
}

fn other(kind: PropertyKind) -> BoxedStrategy<Value> {
    let integer = prop_oneof![-3..30_i64, any::<i64>()];
    match kind {
        PropertyKind::Text => prop_oneof![4 => text(), 1 => Just("\0".to_owned())]
            .prop_map(Value::Text)
            .boxed(),
        PropertyKind::Integer => integer.prop_map(Value::Integer).boxed(),
        PropertyKind::Decimal => integer
            .prop_map(|millionths| Value::Decimal(Decimal { millionths }))
            .boxed(),
        PropertyKind::DateTime => select(
            &[
                "-0001-12-31T23:00:00Z",
                "+10000-01-01T01:00:00Z",
                "2030-03-17T17:46:45Z",
            ][..],
        )
        .prop_map(|at| Value::DateTime(at.parse().unwrap()))
        .boxed(),
        PropertyKind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        PropertyKind::Uuid => any::<u128>()
            .prop_map(|id| Value::Uuid(uuid::Uuid::from_u128(id)))
            .boxed(),
    }
}
