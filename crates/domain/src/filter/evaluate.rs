//! What a filter means, on a row in memory. The store's queries must agree with it, and are tested against it.

use super::fold::fold;
use super::{Comparison, Condition, Filter, Operator, Relation, Value};

/// A row whose properties can be asked for.
pub trait Row<C> {
    /// The value of a property; `None` where it is missing.
    fn value(&self, column: &C) -> Option<Value>;
}

impl<C> Filter<C> {
    /// Whether a row passes.
    pub fn matches(&self, row: &impl Row<C>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(row))
    }
}

impl<C> Condition<C> {
    fn holds(&self, row: &impl Row<C>) -> bool {
        let mut each = self.comparisons.iter();
        if self.operator.negated {
            each.all(|comparison| comparison.holds(self.operator, row))
        } else {
            each.any(|comparison| comparison.holds(self.operator, row))
        }
    }
}

impl<C> Comparison<C> {
    fn holds(&self, operator: Operator, row: &impl Row<C>) -> bool {
        let actual = row.value(&self.property.column);
        let mut answers = self
            .values
            .iter()
            .map(|wanted| related(actual.as_ref(), operator, wanted.as_ref()));
        if operator.negated {
            answers.all(|answer| answer == Some(false))
        } else {
            answers.any(|answer| answer == Some(true))
        }
    }
}

/// Whether the relation holds, negation left aside. No answer where a missing value is compared with a value: neither
/// the relation nor its opposite then matches.
fn related(actual: Option<&Value>, operator: Operator, wanted: Option<&Value>) -> Option<bool> {
    let Some(wanted) = wanted else {
        return Some(actual.is_none());
    };
    let actual = actual?;
    Some(match (actual, wanted) {
        (Value::Text(actual), Value::Text(wanted)) if operator.ignores_case => {
            text_related(&fold(actual), operator.relation, &fold(wanted))
        }
        (Value::Text(actual), Value::Text(wanted)) => {
            text_related(actual, operator.relation, wanted)
        }
        _ => order_related(actual, operator.relation, wanted),
    })
}

fn text_related(actual: &str, relation: Relation, wanted: &str) -> bool {
    match relation {
        Relation::Contains => actual.contains(wanted),
        Relation::StartsWith => actual.starts_with(wanted),
        Relation::EndsWith => actual.ends_with(wanted),
        _ => order_related(actual, relation, wanted),
    }
}

fn order_related<T: Ord + ?Sized>(actual: &T, relation: Relation, wanted: &T) -> bool {
    match relation {
        Relation::Equals => actual == wanted,
        Relation::Greater => actual > wanted,
        Relation::Less => actual < wanted,
        Relation::AtLeast => actual >= wanted,
        Relation::AtMost => actual <= wanted,
        Relation::Contains | Relation::StartsWith | Relation::EndsWith => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::PROPERTIES;
    use super::*;

    /// A row of a name and a number beside the sender ACME.
    struct Sample(Option<&'static str>, Option<i64>);

    impl Row<usize> for Sample {
        fn value(&self, column: &usize) -> Option<Value> {
            match PROPERTIES[*column].name {
                "sender" => Some(Value::Text("ACME".to_owned())),
                "name" => self.0.map(|name| Value::Text(name.to_owned())),
                "client_Id" => self.1.map(Value::Integer),
                _ => None,
            }
        }
    }

    fn check(row: &Sample, passed: &[&str], failed: &[&str]) {
        let matches = |text| Filter::parse(text, &PROPERTIES).expect(text).matches(row);
        for text in passed {
            assert!(matches(text), "{text} should match");
        }
        for text in failed {
            assert!(!matches(text), "{text} should not match");
        }
    }

    #[test]
    fn every_relation_and_its_opposite() {
        check(
            &Sample(Some("Élan Vital"), Some(5)),
            &[
                "",
                "client_Id==5",
                "client_Id!=4",
                "client_Id>4",
                "client_Id>=5",
                "client_Id<6",
                "client_Id<=5",
                "name==Élan Vital",
                "name@=n V",
                "name_=Él",
                "name_-=tal",
                "name!@=x",
                "name!_=x",
                "name!_-=x",
                "name@=",
            ],
            &[
                "client_Id!=5",
                "client_Id==4",
                "client_Id>5",
                "client_Id>=6",
                "client_Id<5",
                "client_Id<=4",
                "name==élan vital",
                "name!=Élan Vital",
                "name@=N v",
                "name_=lan",
                "name_-=Vita",
                "name!@=lan",
                "name!_=É",
                "name!_-=l",
            ],
        );
    }

    #[test]
    fn a_star_leaves_case_aside() {
        check(
            &Sample(Some("Élan ΣΊΣΥΦΟΣ"), None),
            &[
                "name==*éLAN σίσυφος",
                "name_=*él",
                "name@=*N σ",
                "name_-=*φος",
                "name!=*x",
            ],
            &[
                "name!=*éLAN σίσυφος",
                "name!_=*él",
                "name!@=*N σ",
                "name!_-=*φος",
                "name==*elan σίσυφος",
            ],
        );
    }

    #[test]
    fn signs_of_patterns_are_literal() {
        check(
            &Sample(Some(r"100%_\"), None),
            &["name@=%_", r"name_-=\\", "name@=0%"],
            &["name@=1%0", "name_=_", "name==%"],
        );
    }

    #[test]
    fn all_conditions_must_hold() {
        let row = Sample(Some("Ann"), Some(5));
        check(
            &row,
            &["name==Ann,client_Id==5"],
            &["name==Ann,client_Id==4", "name==Bob,client_Id==5"],
        );
    }

    #[test]
    fn several_values_and_properties_are_any_of_or_none_of() {
        check(
            &Sample(Some("Ann"), Some(5)),
            &[
                "client_Id==4|5",
                "client_Id!=3|4",
                "client_Id>9|4",
                "(name|sender)==ACME",
                "(name|sender)!=Bob|Eve",
                "(name|client_Id)==5",
            ],
            &[
                "client_Id==3|4",
                "client_Id!=4|5",
                "(name|sender)==Bob",
                "(name|sender)!=ACME",
                "(name|sender)!=Bob|Ann",
            ],
        );
    }

    #[test]
    fn a_missing_value_matches_null_and_nothing_else() {
        check(
            &Sample(None, None),
            &[
                "name==null",
                "name==null|Ann",
                "name==*null",
                "(name|sender)==ACME",
            ],
            &[
                "name!=null",
                "name==",
                "name!=",
                "name!=Ann",
                "name!@=x",
                "name!=null|Ann",
                "client_Id<0",
                "client_Id>=0",
                "client_Id!=0",
                "(name|sender)!=Bob",
            ],
        );
        check(
            &Sample(Some("null"), None),
            &["name!=null", r"name==\null", "name!=null|Ann"],
            &["name==null", r"name!=\null", "sender==null"],
        );
    }
}
