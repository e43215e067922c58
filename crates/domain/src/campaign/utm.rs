//! UTM parameters: what a campaign adds to the URL that its tracked links lead to, so that the site behind it can tell whence its
//! visitors come.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::fault::Faults;

/// Most characters of a value.
const LONGEST: usize = 200;

/// All but what stands for itself in every part of a URL (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The parameters that there are, by what stands behind `utm_`.
const NAMES: [&str; 5] = ["source", "medium", "campaign", "term", "content"];

/// What is added: at least one of the parameters, each with a value that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utm([Option<String>; 5]);

/// The parameters as a request gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UtmDraft([Option<String>; 5]);

impl UtmDraft {
    /// The place of the parameter of this name, which has none for any other.
    pub fn value_of(&mut self, name: &str) -> Option<&mut Option<String>> {
        let index = NAMES.iter().position(|known| *known == name)?;
        self.0.get_mut(index)
    }

    /// Checks every rule; what is wrong goes to `faults`. `None` where nothing is to be added.
    #[must_use]
    pub fn check(&self, faults: &mut Faults) -> Option<Utm> {
        let values = self.0.each_ref().map(|value| {
            let value = value.as_deref().map(str::trim)?;
            (!value.is_empty()).then(|| value.to_owned())
        });
        for (name, value) in NAMES.iter().zip(&values) {
            let value = value.as_deref().unwrap_or_default();
            if value.chars().count() > LONGEST || value.chars().any(char::is_control) {
                let message = format!("must be at most {LONGEST} characters in one line");
                faults.add(format!("utm.{name}"), message);
            }
        }
        let any = values.iter().any(Option::is_some);
        any.then_some(Utm(values))
    }
}

impl Utm {
    /// The parameters with their values, where they have one.
    fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = NAMES.into_iter().zip(&self.0);
        values.filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// The value of the parameter of this name, if it has one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.values();
        values.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// As the query of a URL has them.
    #[must_use]
    pub fn query(&self) -> String {
        let pairs = self.values();
        let pairs: Vec<_> = pairs.map(|(name, value)| pair(name, value)).collect();
        pairs.join("&")
    }

    /// Reads what [`Utm::query`] wrote.
    #[must_use]
    pub fn read(query: &str) -> Option<Self> {
        let mut draft = UtmDraft::default();
        for pair in query.split('&') {
            let (name, value) = pair.strip_prefix("utm_")?.split_once('=')?;
            *draft.value_of(name)? = Some(decoded(value)?.into_owned());
        }
        draft.check(&mut Faults::default())
    }

    /// A URL with the parameters that it has not already, in front of its fragment.
    #[must_use]
    pub fn added_to(&self, url: &str) -> String {
        let (address, fragment) = match url.find('#') {
            Some(at) => url.split_at(at),
            None => (url, ""),
        };
        let own = address.split_once('?').map(|(_, query)| query);
        let mut added = address.to_owned();
        let mut between = match own {
            None => "?",
            Some(query) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        for (name, value) in self.values() {
            if !own.is_some_and(|own| has(own, name)) {
                added.push_str(between);
                added.push_str(&pair(name, value));
                between = "&";
            }
        }
        added + fragment
    }
}

/// Whether a query has the parameter, in any spelling of it.
fn has(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| {
        let own = pair.split('=').next().unwrap_or_default();
        let own = decoded(own).unwrap_or_default().to_ascii_lowercase();
        own.strip_prefix("utm_") == Some(name)
    })
}

fn decoded(value: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(value).decode_utf8().ok()
}

fn pair(name: &str, value: &str) -> String {
    format!("utm_{name}={}", utf8_percent_encode(value, ENCODED))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draft(given: &[(&str, &str)]) -> UtmDraft {
        let mut draft = UtmDraft::default();
        for (name, value) in given {
            *draft.value_of(name).unwrap() = Some((*value).to_owned());
        }
        draft
    }

    fn utm(given: &[(&str, &str)]) -> Utm {
        draft(given).check(&mut Faults::default()).unwrap()
    }

    #[test]
    fn parameters_are_added_in_front_of_the_fragment() {
        let utm = utm(&[("campaign", "Été & more"), ("source", "sms")]);
        let added = "utm_source=sms&utm_campaign=%C3%89t%C3%A9%20%26%20more";
        for (url, expected) in [
            ("https://x.example", format!("https://x.example?{added}")),
            (
                "https://x.example/a?",
                format!("https://x.example/a?{added}"),
            ),
            (
                "https://x.example/a?b=c",
                format!("https://x.example/a?b=c&{added}"),
            ),
            (
                "https://x.example/a?b&",
                format!("https://x.example/a?b&{added}"),
            ),
            (
                "https://x.example/#top?",
                format!("https://x.example/?{added}#top?"),
            ),
        ] {
            assert_eq!(utm.added_to(url), expected);
        }
    }

    #[test]
    fn what_the_url_has_already_stays_as_it_is() {
        let utm = utm(&[("source", "sms"), ("medium", "text")]);
        for (url, expected) in [
            (
                "http://x/?utm_source=own",
                "http://x/?utm_source=own&utm_medium=text",
            ),
            (
                "http://x/?UTM_Source=#f",
                "http://x/?UTM_Source=&utm_medium=text#f",
            ),
            (
                "http://x/?utm%5Fsource",
                "http://x/?utm%5Fsource&utm_medium=text",
            ),
            (
                "http://x/?utm_source=1&utm_medium=2",
                "http://x/?utm_source=1&utm_medium=2",
            ),
            (
                "http://x/?a=utm_source",
                "http://x/?a=utm_source&utm_source=sms&utm_medium=text",
            ),
        ] {
            assert_eq!(utm.added_to(url), expected);
        }
    }

    #[test]
    fn blank_values_are_none_and_long_ones_faults() {
        let check = |given: &[(&str, &str)]| {
            let mut faults = Faults::default();
            let utm = draft(given).check(&mut faults);
            let paths: Vec<_> = faults
                .listed()
                .iter()
                .map(|fault| fault.path.clone())
                .collect();
            (utm.is_some(), paths.join(" "))
        };
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(check(&[]), (false, String::new()));
        assert_eq!(check(&[("term", " ")]), (false, String::new()));
        assert_eq!(
            check(&[("term", &long), ("source", "a\nb")]).1,
            "utm.source utm.term"
        );
        assert!(UtmDraft::default().value_of("id").is_none());
    }

    proptest! {
        #[test]
        fn what_is_stored_leads_back(source in "\\PC{1,40}", content in proptest::option::of("\\PC{1,40}")) {
            let mut given = vec![("source", source.as_str())];
            given.extend(content.as_deref().map(|content| ("content", content)));
            if let Some(utm) = draft(&given).check(&mut Faults::default()) {
                prop_assert_eq!(Utm::read(&utm.query()), Some(utm));
            }
        }
    }
}
