//! Kinds of values that settings have, as they are written in files and in environment variables.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use clarion_domain::campaign::OnUnknown;
use serde::de::{Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that must not be shown.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text; for whoever uses it, never for a log line.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "hidden" })
    }
}

/// On, off, or whatever the rest of the configuration suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Switch {
    /// `"auto"`
    #[default]
    Auto,
    /// `true`
    On,
    /// `false`
    Off,
}

impl Serialize for Switch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::On => serializer.serialize_bool(true),
            Self::Off => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"auto\"")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Switch, E> {
                Ok(if on { Switch::On } else { Switch::Off })
            }

            /// Environment variables are always texts.
            fn visit_str<E: Error>(self, text: &str) -> Result<Switch, E> {
                match text {
                    "auto" => Ok(Switch::Auto),
                    "true" => Ok(Switch::On),
                    "false" => Ok(Switch::Off),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Written)
    }
}

/// Reads an address to listen on.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    read_address(&String::deserialize(deserializer)?)
}

fn read_address<E: Error>(text: &str) -> Result<SocketAddr, E> {
    text.parse().map_err(|_| {
        E::custom(format!(
            "{text:?} is no IP address with a port; write 127.0.0.1:8080 or [::1]:8080"
        ))
    })
}

/// An address to listen on; the empty text is none.
pub(super) mod address_or_none {
    use std::net::SocketAddr;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        address: &Option<SocketAddr>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = address.map(|address| address.to_string());
        serializer.serialize_str(&text.unwrap_or_default())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        match &*text {
            "" => Ok(None),
            text => super::read_address(text).map(Some),
        }
    }
}

/// Reads one of the words that a choice consists of; where it is none of them, they are told.
pub(super) fn word<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    chosen(String::deserialize(deserializer)?)
}

/// Reads a word for each key.
pub(super) fn words<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
    texts
        .into_iter()
        .map(|(key, text)| match chosen::<T, D::Error>(text) {
            Ok(word) => Ok((key, word)),
            Err(error) => Err(D::Error::custom(format!("{key}: {error}"))),
        })
        .collect()
}

/// Not by the source's own deserializer, which names the program's types and not the words.
fn chosen<'de, T: Deserialize<'de>, E: Error>(text: String) -> Result<T, E> {
    T::deserialize(IntoDeserializer::<E>::into_deserializer(text))
}

/// What becomes of messages of which it is not known whether they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    /// They are held until somebody decides.
    #[default]
    Hold,
    /// They are sent again.
    Resend,
}

impl From<Policy> for OnUnknown {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Hold => Self::Hold,
            Policy::Resend => Self::Resend,
        }
    }
}

/// Networks, in files as a list of texts, in a variable with commas between them.
pub(super) mod networks {
    use clarion_domain::network::Network;
    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        networks: &[Network],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(networks.iter().map(ToString::to_string))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Network>, D::Error> {
        deserializer.deserialize_any(Written)
    }

    struct Written;

    impl<'de> Visitor<'de> for Written {
        type Value = Vec<Network>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of networks such as \"10.0.0.0/8\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            let given = text.split(',').map(str::trim).filter(|one| !one.is_empty());
            given.map(|one| one.parse().map_err(E::custom)).collect()
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut networks = Vec::new();
            while let Some(text) = list.next_element::<String>()? {
                networks.push(text.parse().map_err(A::Error::custom)?);
            }
            Ok(networks)
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Which campaigns keep to the hours of the recipients' countries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QuietHours {
    /// Those with a sending window.
    #[default]
    Windowed,
    /// All of them.
    Always,
}

/// The units of a [`Span`], the largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A length of time, written as a whole number and one unit: `250ms`, `30s`, `5m`, `6h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(Duration);

impl Span {
    pub(crate) const fn of_millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    pub(crate) const fn of_seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    pub(crate) fn duration(self) -> Duration {
        self.0
    }

    /// `None` where it is no time at all.
    pub(crate) fn unless_none(self) -> Option<Duration> {
        (!self.0.is_zero()).then_some(self.0)
    }

    pub(crate) fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text:?} is no length of time; write 250ms, 30s, 5m, 6h or 7d");
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(refuse)?;
        let (count, unit) = text.split_at(end);
        let count: u64 = count.parse().map_err(|_| refuse())?;
        let (_, factor) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(refuse)?;
        let millis = count.checked_mul(factor).ok_or_else(refuse)?;
        Ok(Self::of_millis(millis))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let fits = |(_, factor): &(&str, u64)| millis.is_multiple_of(u128::from(*factor));
        let (unit, factor) = UNITS.into_iter().find(fits).unwrap_or(("ms", 1));
        match millis {
            0 => f.write_str("0s"),
            _ => write!(f, "{}{unit}", millis / u128::from(factor)),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_they_are_read() {
        for text in ["0s", "250ms", "1500ms", "30s", "90s", "5m", "6h", "7d"] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string(), text);
        }
        assert_eq!("60m".parse(), Ok(Span::of_seconds(3_600)));
    }

    #[test]
    fn other_texts_are_no_spans() {
        for text in [
            "",
            "6",
            "h",
            "6 h",
            "-1s",
            "1.5h",
            "6hours",
            "99999999999999999d",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
