//! Which sender ids countries take, as data with its source and date: `config/rules/senders.toml`. No legal advice.
//!
//! A breach is told in previews; whether the message goes out all the same, the providers decide.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::phone::Region;
use crate::sender::SenderId;

/// What countries take. A country without a policy takes every sender id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenPolicies")]
pub struct SenderPolicies {
    countries: BTreeMap<Region, SenderPolicy>,
}

/// What one country takes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SenderPolicy {
    origin: Origin,
    alphanumeric: bool,
    international_numbers: bool,
    signs: Option<String>,
    /// In the form that [`plain`] gives, each with the word itself.
    words: BTreeMap<String, String>,
}

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Where it was found.
    pub source: String,
    /// When it took effect, or was last read there.
    pub date: String,
}

/// Countries that do not take a sender id, each with why.
pub type SenderBreaches = BTreeMap<Region, SenderBreach>;

/// Why a country does not take a sender id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderBreach {
    /// What it breaks.
    pub reason: SenderBreachReason,
    /// Who says so.
    pub origin: Origin,
}

/// What a sender id breaks. Reads after the sender id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SenderBreachReason {
    /// A name where only numbers are taken.
    #[error("is a name, and only numbers are taken there")]
    Alphanumeric,
    /// A number of another country.
    #[error("is a number of another country, which is not taken there")]
    International,
    /// A sign that names there may not have.
    #[error("has the sign {0:?}, which is not taken there")]
    Sign(char),
    /// A word that says nothing of who is writing.
    #[error("says as little of the sender as {0:?}, and is not taken there")]
    Word(String),
}

/// Why policies cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SenderPolicyFault {
    /// No country.
    #[error("{0:?} is no country that has phone numbers; countries are written like GB")]
    Country(String),
    /// Twice the same.
    #[error("{0} stands there twice")]
    Twice(Region),
}

impl SenderPolicies {
    /// The countries that do not take a sender id.
    #[must_use]
    pub fn breaches(&self, sender: &SenderId) -> SenderBreaches {
        let breach = |(region, policy): (&Region, &SenderPolicy)| {
            let reason = policy.breach(*region, sender)?;
            let origin = policy.origin.clone();
            Some((*region, SenderBreach { reason, origin }))
        };
        self.countries.iter().filter_map(breach).collect()
    }
}

impl SenderPolicy {
    fn breach(&self, region: Region, sender: &SenderId) -> Option<SenderBreachReason> {
        match sender {
            SenderId::Alphanumeric(_) if !self.alphanumeric => {
                Some(SenderBreachReason::Alphanumeric)
            }
            SenderId::Alphanumeric(name) => self.breach_of_name(name),
            SenderId::Number(number) if !self.international_numbers => {
                let is_own = number
                    .trim_start_matches('+')
                    .starts_with(&region.calling_code());
                (!is_own).then_some(SenderBreachReason::International)
            }
            SenderId::Number(_) | SenderId::ShortCode(_) => None,
        }
    }

    fn breach_of_name(&self, name: &str) -> Option<SenderBreachReason> {
        let is_taken = |c: char| {
            c.is_ascii_alphanumeric() || self.signs.as_ref().is_none_or(|signs| signs.contains(c))
        };
        if let Some(sign) = name.chars().find(|c| !is_taken(*c)) {
            return Some(SenderBreachReason::Sign(sign));
        }
        let word = self.words.get(&plain(name))?;
        Some(SenderBreachReason::Word(word.clone()))
    }
}

/// A name as it looks to a hasty reader: letters alone, and digits as the letters they look like.
fn plain(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_uppercase() {
        '0' => Some('O'),
        '1' | 'L' | '!' => Some('I'),
        '3' => Some('E'),
        '4' => Some('A'),
        '5' => Some('S'),
        '7' => Some('T'),
        '8' => Some('B'),
        c => c.is_ascii_alphanumeric().then_some(c),
    };
    name.chars().filter_map(letter).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicies {
    #[serde(default)]
    countries: Vec<WrittenPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicy {
    country: String,
    source: String,
    date: String,
    #[serde(default = "yes")]
    alphanumeric: bool,
    #[serde(default = "yes")]
    international_numbers: bool,
    #[serde(default)]
    signs: Option<String>,
    #[serde(default)]
    words: Vec<String>,
}

fn yes() -> bool {
    true
}

impl TryFrom<WrittenPolicies> for SenderPolicies {
    type Error = SenderPolicyFault;

    fn try_from(written: WrittenPolicies) -> Result<Self, SenderPolicyFault> {
        let mut countries = BTreeMap::new();
        for policy in written.countries {
            let region =
                Region::new(&policy.country).ok_or(SenderPolicyFault::Country(policy.country))?;
            let words = policy.words.into_iter().map(|word| (plain(&word), word));
            let policy = SenderPolicy {
                origin: Origin {
                    source: policy.source,
                    date: policy.date,
                },
                alphanumeric: policy.alphanumeric,
                international_numbers: policy.international_numbers,
                signs: policy.signs,
                words: words.collect(),
            };
            if countries.insert(region, policy).is_some() {
                return Err(SenderPolicyFault::Twice(region));
            }
        }
        Ok(Self { countries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file as it ships, but for what only TOML has.
    fn policies() -> SenderPolicies {
        serde_json::from_str(
            r#"{"countries": [
                {"country": "US", "source": "s", "date": "d", "alphanumeric": false},
                {"country": "GB", "source": "s", "date": "d", "international_numbers": false, "signs": " .&_-",
                 "words": ["SMS", "INFO", "ALERT", "VERIFY"]}]}"#,
        )
        .unwrap()
    }

    #[track_caller]
    fn check(sender: &str, breaches: &[(&str, &str)]) {
        let found = policies().breaches(&SenderId::parse(sender).unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|(region, breach)| (region.to_string(), breach.reason.to_string()))
            .collect();
        let wanted: Vec<_> = breaches
            .iter()
            .map(|(region, reason)| ((*region).to_owned(), (*reason).to_owned()))
            .collect();
        assert_eq!(found, wanted, "{sender}");
    }

    const NAME: (&str, &str) = ("US", "is a name, and only numbers are taken there");

    #[test]
    fn a_country_may_take_no_names() {
        check("ACME", &[NAME]);
        check("A & B-C_d.e", &[NAME]);
        check("60606", &[]);
    }

    #[test]
    fn a_country_may_take_no_numbers_of_others() {
        let foreign = (
            "GB",
            "is a number of another country, which is not taken there",
        );
        check("+447700900001", &[]);
        check("447700900001", &[]);
        check("+442079460001", &[]);
        check("+12125550100", &[foreign]);
        check("33612345678", &[foreign]);
    }

    #[test]
    fn a_name_may_have_signs_that_are_not_taken() {
        check(
            "ACME!",
            &[("GB", "has the sign '!', which is not taken there"), NAME],
        );
    }

    #[test]
    fn words_that_say_nothing_are_found_however_they_are_written() {
        for name in ["Verify", "V3R1FY", "v.e.r.i.f.y", "_VERIFY_", "VER IFY"] {
            let word = "says as little of the sender as \"VERIFY\", and is not taken there";
            check(name, &[("GB", word), NAME]);
        }
        for name in ["Verity", "VerifyACME", "Acme info"] {
            check(name, &[NAME]);
        }
    }

    #[test]
    fn what_is_no_policy_is_told() {
        for (json, fault) in [
            (
                r#"{"countries": [{"country": "UK", "source": "", "date": ""}]}"#,
                "\"UK\" is no country that has phone numbers; countries are written like GB",
            ),
            (
                r#"{"countries": [{"country": "GB", "source": "", "date": ""}, {"country": "gb", "source": "", "date": ""}]}"#,
                "GB stands there twice",
            ),
        ] {
            let error = serde_json::from_str::<SenderPolicies>(json).unwrap_err();
            assert!(error.to_string().starts_with(fault), "{error}");
        }
    }
}
