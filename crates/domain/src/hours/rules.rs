//! The hours that the recipient's country allows, as data with its source and date: `config/rules/hours.toml`. No legal
//! advice.

use std::collections::HashMap;

use serde::Deserialize;

use super::week::{Span, WeekHours};
use super::window::Day;
use crate::phone::{PhoneNumber, Region};

/// All rules, found by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenRules")]
pub struct HourRules {
    rules: Vec<HourRule>,
    /// Those that bind all numbers of a region.
    of_region: HashMap<Region, Vec<usize>>,
    /// Those that bind numbers with a beginning.
    of_beginning: HashMap<u64, Vec<usize>>,
}

/// What one law or code of conduct says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourRule {
    /// Whose: a country, or a part of it.
    pub name: String,
    /// In the recipient's time.
    pub hours: WeekHours,
}

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HourRulesFault {
    /// No country.
    #[error("{0:?} is no country that has phone numbers; countries are written like GB")]
    Region(String),
    /// Something in a rule.
    #[error("the hours of {rule}: {fault}")]
    Rule {
        /// The rule's name.
        rule: String,
        /// What is wrong.
        fault: &'static str,
    },
}

impl HourRules {
    /// The places, in order, of the rules that bind a number. All of them must hold.
    #[must_use]
    pub fn binding(&self, phone: PhoneNumber) -> Vec<usize> {
        let of_region = self.of_region.get(&phone.region());
        let mut places = of_region.cloned().unwrap_or_default();
        let mut beginning = phone.digits();
        while beginning > 0 && !self.of_beginning.is_empty() {
            let of_beginning = self.of_beginning.get(&beginning);
            places.extend(of_beginning.into_iter().flatten());
            beginning /= 10;
        }
        places.sort_unstable();
        places
    }

    /// The rule in a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&HourRule> {
        self.rules.get(place)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRules {
    #[serde(default)]
    rules: Vec<WrittenRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    name: String,
    region: String,
    /// Without them it binds all numbers of the region.
    #[serde(default)]
    beginnings: Vec<u64>,
    hours: Vec<WrittenHours>,
    /// For people.
    source: String,
    /// For people: when the source was last read.
    date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHours {
    #[serde(default)]
    days: Option<Vec<String>>,
    from: String,
    to: String,
}

impl TryFrom<WrittenRules> for HourRules {
    type Error = HourRulesFault;

    fn try_from(written: WrittenRules) -> Result<Self, HourRulesFault> {
        let mut rules = Self::default();
        for written in written.rules {
            let place = rules.rules.len();
            rules.rules.push(written.rule()?);
            for beginning in &written.beginnings {
                rules
                    .of_beginning
                    .entry(*beginning)
                    .or_default()
                    .push(place);
            }
            if written.beginnings.is_empty() {
                let region = Region::new(&written.region)
                    .ok_or_else(|| HourRulesFault::Region(written.region.clone()))?;
                rules.of_region.entry(region).or_default().push(place);
            }
        }
        Ok(rules)
    }
}

impl WrittenRule {
    fn rule(&self) -> Result<HourRule, HourRulesFault> {
        let fault = |fault| HourRulesFault::Rule {
            rule: self.name.clone(),
            fault,
        };
        if self.source.trim().is_empty() || self.date.trim().is_empty() {
            return Err(fault("source and date must say where they are from"));
        }
        let mut hours = WeekHours::default();
        for written in &self.hours {
            hours = written.add_to(hours).map_err(fault)?;
        }
        Ok(HourRule {
            name: self.name.clone(),
            hours,
        })
    }
}

impl WrittenHours {
    fn add_to(&self, mut hours: WeekHours) -> Result<WeekHours, &'static str> {
        let span = Span::new(self.from.parse()?, self.to.parse()?)
            .ok_or("to must be later than from, on the same day")?;
        let days = match &self.days {
            None => Day::ALL.to_vec(),
            Some(days) => days
                .iter()
                .map(|day| day.parse())
                .collect::<Result<_, _>>()?,
        };
        for day in days {
            if hours.on(day.index()).is_some() {
                return Err("a day is named twice");
            }
            hours = hours.with(day.index(), span);
        }
        Ok(hours)
    }
}
