//! From the signs of a filter to its meaning, by the table of the resource's properties, finding every fault on the way.

use super::fault::shown;
use super::operator::{Operator, Relation, allowed};
use super::syntax::{Cut, Stretch};
use super::value::Value;
use super::{
    Comparison, Condition, Filter, FilterFault, MAX_COMPARISONS, MAX_CONDITIONS, MAX_LENGTH,
    Property, find, names,
};

/// The value that stands for a missing one, and how the text of the same letters is written.
const NULL: &str = "null";
const NULL_AS_TEXT: &str = "\\null";

impl<C> Filter<C> {
    /// Reads the `filters` of a request. Nothing between two commas is no condition.
    ///
    /// # Errors
    /// Every fault, in the order of their places.
    pub fn parse(text: &str, properties: &'static [Property<C>]) -> Result<Self, Vec<FilterFault>> {
        let mut checker = Checker::new(text, properties)?;
        let conditions = checker.conditions();
        checker.finish(Self { conditions })
    }
}

/// What reading filters and reading sorts have in common: the text, the table, and the faults found so far.
pub(super) struct Checker<'t, C: 'static> {
    text: &'t str,
    properties: &'static [Property<C>],
    faults: Vec<FilterFault>,
}

impl<'t, C> Checker<'t, C> {
    pub(super) fn new(
        text: &'t str,
        properties: &'static [Property<C>],
    ) -> Result<Self, Vec<FilterFault>> {
        if text.chars().nth(MAX_LENGTH).is_some() {
            return Err(vec![FilterFault::TooLong]);
        }
        Ok(Self {
            text,
            properties,
            faults: Vec::new(),
        })
    }

    pub(super) fn finish<T>(mut self, read: T) -> Result<T, Vec<FilterFault>> {
        if self.faults.is_empty() {
            return Ok(read);
        }
        self.faults.sort_by_key(FilterFault::position);
        Err(self.faults)
    }

    pub(super) fn fault(&mut self, fault: FilterFault) {
        self.faults.push(fault);
    }

    /// The stretches between commas that hold anything.
    pub(super) fn items(&self) -> impl Iterator<Item = Stretch<'t>> + use<'t, C> {
        let items = Stretch::whole(self.text).split(',').into_iter();
        items.filter(|item| !item.text.is_empty())
    }

    /// Where a stretch begins, in characters from 1.
    pub(super) fn position(&self, stretch: Stretch<'_>) -> usize {
        self.text[..stretch.at].chars().count() + 1
    }

    pub(super) fn property(&mut self, name: Stretch<'_>) -> Option<&'static Property<C>> {
        let property = find(self.properties, name.text);
        if property.is_none() {
            self.fault(FilterFault::UnknownProperty {
                position: self.position(name),
                text: shown(name.text),
                known: names(self.properties),
            });
        }
        property
    }

    fn conditions(&mut self) -> Vec<Condition<C>> {
        let mut conditions = Vec::new();
        let mut comparisons = 0;
        for (index, item) in self.items().enumerate() {
            let position = self.position(item);
            let cut = item.cut();
            comparisons += comparisons_of(cut);
            if index >= MAX_CONDITIONS {
                self.fault(FilterFault::TooManyConditions { position });
                break;
            }
            if comparisons > MAX_COMPARISONS {
                self.fault(FilterFault::TooManyComparisons { position });
                break;
            }
            conditions.extend(self.condition(item, cut));
        }
        conditions
    }

    /// One condition; `None` where it has a fault. All its parts are looked at, whatever is wrong with the others.
    fn condition(&mut self, whole: Stretch<'_>, cut: Cut<'_>) -> Option<Condition<C>> {
        let properties = self.named(cut.name);
        let operator = self.operator(whole, cut, &properties);
        let mut comparisons = Vec::with_capacity(properties.len());
        for property in properties {
            let values = self.values(property, cut);
            comparisons.push(Comparison { property, values });
        }
        Some(Condition {
            position: self.position(whole),
            operator: operator?,
            comparisons,
        })
    }

    fn named(&mut self, name: Stretch<'_>) -> Vec<&'static Property<C>> {
        let Some(names) = name.names() else {
            self.fault(FilterFault::Unclosed {
                position: self.position(name),
                text: shown(name.text),
            });
            return Vec::new();
        };
        let found = names.into_iter();
        found.filter_map(|name| self.property(name)).collect()
    }

    fn operator(
        &mut self,
        whole: Stretch<'_>,
        cut: Cut<'_>,
        properties: &[&'static Property<C>],
    ) -> Option<Operator> {
        let Some(operator) = cut.operator else {
            let allowed = allowed(properties.first().map(|property| property.kind));
            self.fault(if cut.signs.text.is_empty() {
                FilterFault::MissingOperator {
                    position: self.position(whole),
                    text: shown(whole.text),
                    allowed,
                }
            } else {
                FilterFault::UnknownOperator {
                    position: self.position(cut.signs),
                    text: shown(cut.signs.text),
                    allowed,
                }
            });
            return None;
        };
        for property in properties {
            if !operator.suits(property.kind) {
                self.fault(FilterFault::Operator {
                    position: self.position(cut.signs),
                    text: shown(cut.signs.text),
                    property: property.name,
                    expected: property.kind.description(),
                    allowed: allowed(Some(property.kind)),
                });
            }
        }
        Some(operator)
    }

    /// The values as a property reads them; those that it cannot read are left out, and the fault is noted. Where there
    /// is no operator, there is no value either.
    fn values(&mut self, property: &'static Property<C>, cut: Cut<'_>) -> Vec<Option<Value>> {
        if cut.signs.text.is_empty() {
            return Vec::new();
        }
        let written = cut.value.split('|').into_iter();
        written
            .filter_map(|value| match value.text {
                NULL => self.null(value, cut.operator).then_some(None),
                _ => self.value(property, value).map(Some),
            })
            .collect()
    }

    fn null(&mut self, value: Stretch<'_>, operator: Option<Operator>) -> bool {
        let comparable = operator.is_none_or(|operator| operator.relation == Relation::Equals);
        if !comparable {
            let position = self.position(value);
            self.fault(FilterFault::Null { position });
        }
        comparable
    }

    fn value(&mut self, property: &'static Property<C>, value: Stretch<'_>) -> Option<Value> {
        let text = match value.text {
            NULL_AS_TEXT => NULL.to_owned(),
            _ => value.unescaped(),
        };
        let read = Value::read(text, property.kind);
        if read.is_none() {
            self.fault(FilterFault::Value {
                position: self.position(value),
                text: shown(value.text),
                property: property.name,
                expected: property.kind.description(),
            });
        }
        read
    }
}

/// How many comparisons a condition makes, before anything of it is checked: what is too much is not even read.
fn comparisons_of(cut: Cut<'_>) -> usize {
    cut.name.names().map_or(1, |names| names.len()) * cut.value.split('|').len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::PROPERTIES;
    use super::super::{Decimal, date_time};
    use super::*;

    fn parse(text: &str) -> Filter<usize> {
        Filter::parse(text, &PROPERTIES).expect(text)
    }

    fn faults(text: &str) -> Vec<String> {
        let faults = Filter::parse(text, &PROPERTIES).expect_err(text);
        faults.iter().map(ToString::to_string).collect()
    }

    /// The properties and values of the only condition.
    fn check(text: &str, comparisons: &[(&str, &[Option<Value>])]) {
        let filter = parse(text);
        assert_eq!(filter.conditions.len(), 1, "{text}");
        let read: Vec<_> = filter.conditions[0]
            .comparisons
            .iter()
            .map(|comparison| (comparison.property.name, &comparison.values[..]))
            .collect();
        assert_eq!(read, comparisons, "{text}");
    }

    fn text(value: &str) -> Option<Value> {
        Some(Value::Text(value.to_owned()))
    }

    #[test]
    fn nothing_is_a_filter_that_everything_passes() {
        for nothing in ["", " ", ",", " , ,"] {
            assert_eq!(parse(nothing).conditions, []);
        }
    }

    #[test]
    fn every_condition_is_read_with_its_place() {
        let filter = parse("name==é, client_Id>10,,(sender|NAME)_=*acme");
        let read: Vec<_> = filter
            .conditions
            .iter()
            .map(|condition| (condition.position, condition.comparisons.len()))
            .collect();
        assert_eq!(read, [(1, 1), (10, 1), (24, 2)]);
        let operator = filter.conditions[2].operator;
        assert_eq!(operator.relation, Relation::StartsWith);
        assert!(operator.ignores_case && !operator.negated);
    }

    #[test]
    fn each_kind_reads_its_values() {
        let id = "0188f9a2-5b1e-7c3d-8e4f-a1b2c3d4e5f6";
        check("sender== ACME Ltd ", &[("sender", &[text("ACME Ltd")])]);
        check("sender==", &[("sender", &[text("")])]);
        check(
            "client_id==4| 5",
            &[(
                "client_Id",
                &[Some(Value::Integer(4)), Some(Value::Integer(5))],
            )],
        );
        check(
            "price<=0.045",
            &[(
                "price",
                &[Some(Value::Decimal(Decimal { millionths: 45_000 }))],
            )],
        );
        check(
            "startDateTime>=2023-06-27",
            &[(
                "startDateTime",
                &[date_time("2023-06-27T00:00:00Z").map(Value::DateTime)],
            )],
        );
        check("active!=true", &[("active", &[Some(Value::Boolean(true))])]);
        check(
            &format!("id=={}", id.to_uppercase()),
            &[("id", &[id.parse().ok().map(Value::Uuid)])],
        );
    }

    #[test]
    fn several_properties_read_the_same_value_each_in_its_way() {
        check(
            "(name|client_Id)==7|null",
            &[
                ("name", &[text("7"), None]),
                ("client_Id", &[Some(Value::Integer(7)), None]),
            ],
        );
    }

    #[test]
    fn null_and_escapes_are_told_from_text() {
        check(
            r"name==null|\null|\\null|NULL|nulls|a\,b\|c\\|\x",
            &[(
                "name",
                &[
                    None,
                    text("null"),
                    text(r"\null"),
                    text("NULL"),
                    text("nulls"),
                    text(r"a,b|c\"),
                    text(r"\x"),
                ],
            )],
        );
        check("sender@=%_'\"", &[("sender", &[text("%_'\"")])]);
    }

    #[test]
    fn every_fault_is_told_with_its_place_and_what_is_allowed() {
        assert_eq!(
            faults(
                "nmae==x, client_Id@=*abc|7, price, active=1, (sender|name==x, name>null, startDateTime==soon|null"
            ),
            [
                "has an unknown property \"nmae\" at character 1; known are sender, name, client_Id, price, \
                 startDateTime, active, id",
                "has the operator \"@=*\" at character 19, which client_Id does not take: it is an integer such as 42; \
                 allowed are == != > < >= <=",
                "has the value \"abc\" at character 22, but client_Id is an integer such as 42",
                "has no operator behind \"price\" at character 29; allowed are == != > < >= <=",
                "has an unknown operator \"=\" at character 42; allowed are == !=",
                "has the value \"1\" at character 43, but active is true or false",
                "has \"(sender|name\" at character 46, whose bracket is not closed; several properties are written (A|B)",
                "has the operator \">\" at character 67, which name does not take: it is text; allowed are \
                 == != @= _= _-= !@= !_= !_-= ==* !=* @=* _=* _-=* !@=* !_=* !_-=*",
                "has null at character 68, which only == and != compare with; the text is written \\null",
                "has the value \"soon\" at character 89, but startDateTime is an ISO 8601 date or date-time such as \
                 2023-06-27T03:04:01.374Z",
            ]
        );
    }

    #[test]
    fn each_name_in_brackets_has_its_own_faults() {
        let found = Filter::parse("(a| |active|client_Id)>=x", &PROPERTIES).unwrap_err();
        let places: Vec<_> = found.iter().map(FilterFault::position).collect();
        assert_eq!(places, [Some(2), Some(5), Some(23), Some(25), Some(25)]);
    }

    #[test]
    fn a_kind_takes_no_operator_of_another() {
        for refused in [
            "sender>a",
            "sender<=a",
            "client_Id@=1",
            "client_Id==*1",
            "client_Id!_-=1",
            "startDateTime_=2023-06-27",
            "active>true",
            "id@=0188f9a2-5b1e-7c3d-8e4f-a1b2c3d4e5f6",
        ] {
            let found = Filter::parse(refused, &PROPERTIES).unwrap_err();
            assert!(
                matches!(found[..], [FilterFault::Operator { .. }]),
                "{refused}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_repeated_is_cut_off() {
        let found = Filter::parse(&"é".repeat(1_000), &PROPERTIES).unwrap_err();
        let shown = format!("{}…", "é".repeat(60));
        assert!(matches!(
            &found[..],
            [
                FilterFault::UnknownProperty { text: name, .. },
                FilterFault::MissingOperator { text: condition, .. },
            ] if *name == shown && *condition == shown
        ));
    }

    #[test]
    fn a_filter_has_its_limits() {
        let longest = format!("name=={}", "é".repeat(MAX_LENGTH - 6));
        assert!(Filter::parse(&longest, &PROPERTIES).is_ok());
        assert_eq!(
            Filter::parse(&format!("{longest}x"), &PROPERTIES),
            Err(vec![FilterFault::TooLong])
        );

        let most = vec!["name==x"; MAX_CONDITIONS].join(",");
        assert!(Filter::parse(&most, &PROPERTIES).is_ok());
        assert_eq!(
            Filter::parse(&format!("{most},x,x"), &PROPERTIES),
            Err(vec![FilterFault::TooManyConditions { position: 401 }])
        );

        let most = format!("(name|sender)=={}", ["x"; MAX_COMPARISONS / 2].join("|"));
        assert!(Filter::parse(&most, &PROPERTIES).is_ok());
        assert_eq!(
            Filter::parse(&format!("{most},name==x"), &PROPERTIES),
            Err(vec![FilterFault::TooManyComparisons {
                position: most.len() + 2
            }])
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_has_faults_in_order(
            text in "(name|client_Id|id|active|null|==|!=|>|@=\\*|_-=|\\(|\\)|\\||,|\\\\| |é|[a-z0-9=!*_]){0,25}",
        ) {
            match Filter::parse(&text, &PROPERTIES) {
                Ok(filter) => for condition in filter.conditions {
                    prop_assert!(!condition.comparisons.is_empty());
                    prop_assert!(condition.comparisons.iter().all(|each| !each.values.is_empty()));
                },
                Err(faults) => {
                    let places: Vec<_> = faults.iter().map(FilterFault::position).collect();
                    prop_assert!(!places.is_empty() && places.is_sorted());
                    let length = text.chars().count();
                    prop_assert!(places.iter().flatten().all(|place| (1..=length + 1).contains(place)));
                }
            }
        }

        #[test]
        fn any_text_can_be_written_as_a_value(value in "[a,|\\\\é*=]{1,10}") {
            let written = value.replace('\\', r"\\").replace(',', r"\,").replace('|', r"\|");
            let filter = parse(&format!("name== {written}"));
            prop_assert_eq!(&filter.conditions[0].comparisons[0].values, &[text(&value)]);
        }
    }
}
