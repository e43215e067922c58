//! What the operator says about an SMPP gateway, and what is wrong with it.

use std::time::Duration;

use clarion_domain::text::Reference;
use rusmpp::types::COctetString;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The settings of an SMPP gateway, as in `[[gateways]]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppSettings {
    /// The gateway's name.
    pub name: String,
    /// The peer's host name or address.
    pub host: String,
    /// The peer's port.
    #[serde(default = "defaults::port")]
    pub port: u16,
    /// Who we are.
    pub system_id: String,
    /// Proves it; at most 8 characters, which is SMPP's limit.
    pub password: SecretString,
    /// The kind of system that some peers ask for.
    #[serde(default)]
    pub system_type: String,
    /// How many connections.
    #[serde(default = "defaults::binds")]
    pub binds: usize,
    /// Most parts in flight per bind.
    #[serde(default = "defaults::window")]
    pub window: usize,
    /// Most parts per second over all binds; 0: no limit.
    #[serde(default)]
    pub parts_per_second: u32,
    /// After how much silence the peer is asked whether it is alive.
    #[serde(
        rename = "enquire_link_seconds",
        default = "defaults::enquire_link",
        deserialize_with = "seconds"
    )]
    pub enquire_link: Duration,
    /// How long an answer is waited for. A part that is not answered in that time is of unknown outcome.
    #[serde(
        rename = "response_timeout_seconds",
        default = "defaults::response_timeout",
        deserialize_with = "seconds"
    )]
    pub response_timeout: Duration,
    /// The first pause before a lost connection is tried again; it doubles with each failure.
    #[serde(
        rename = "reconnect_min_seconds",
        default = "defaults::reconnect_min",
        deserialize_with = "seconds"
    )]
    pub reconnect_min: Duration,
    /// The longest such pause.
    #[serde(
        rename = "reconnect_max_seconds",
        default = "defaults::reconnect_max",
        deserialize_with = "seconds"
    )]
    pub reconnect_max: Duration,
    /// How long a part that was refused for now is tried again, where its message sets no earlier end.
    #[serde(
        rename = "retry_seconds",
        default = "defaults::retry",
        deserialize_with = "seconds"
    )]
    pub retry: Duration,
    /// How the parts of a long message are tied together.
    #[serde(default)]
    pub concatenation: Concatenation,
    /// The octet registered_delivery: 1 asks for a receipt in any case, 0 for none.
    #[serde(default = "defaults::registered_delivery")]
    pub registered_delivery: u8,
    /// The validity period that the peer is told; 0: its own, unless the message has an end.
    #[serde(rename = "validity_seconds", default, deserialize_with = "seconds")]
    pub validity: Duration,
    /// The service_type.
    #[serde(default)]
    pub service_type: String,
    /// The sender's type of number, whatever its form says.
    #[serde(default)]
    pub source_ton: Option<u8>,
    /// The sender's numbering plan, whatever its form says.
    #[serde(default)]
    pub source_npi: Option<u8>,
    /// The recipient's type of number; international unless set.
    #[serde(default = "defaults::international")]
    pub dest_ton: u8,
    /// The recipient's numbering plan; ISDN unless set.
    #[serde(default = "defaults::international")]
    pub dest_npi: u8,
}

/// How the parts of a long message are tied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Concatenation {
    /// A user data header with an 8-bit reference.
    #[default]
    Udh8,
    /// A user data header with a 16-bit reference.
    Udh16,
}

impl Concatenation {
    /// The width of its reference, which decides how much room a part has.
    #[must_use]
    pub fn reference(self) -> Reference {
        match self {
            Self::Udh8 => Reference::EightBit,
            Self::Udh16 => Reference::SixteenBit,
        }
    }
}

/// What is wrong with a setting. Reads after the gateway's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// It does not fit SMPP's field.
    #[error("{key} must be ASCII and at most {most} characters long")]
    Field {
        /// Which setting.
        key: &'static str,
        /// SMPP's limit.
        most: usize,
    },
    /// It is not between its bounds.
    #[error("{key} must be between {least} and {most}")]
    Range {
        /// Which setting.
        key: &'static str,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// It must be more than nothing.
    #[error("{key} must be above 0")]
    Zero {
        /// Which setting.
        key: &'static str,
    },
}

impl SmppSettings {
    /// Looks for what no peer could be asked for.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn check(&self) -> Result<(), SettingsFault> {
        field::<16>("system_id", &self.system_id)?;
        field::<9>("password", self.password.expose_secret())?;
        field::<13>("system_type", &self.system_type)?;
        field::<6>("service_type", &self.service_type)?;
        range("binds", self.binds as u64, 1, 100)?;
        range("window", self.window as u64, 1, 10_000)?;
        above_zero("enquire_link_seconds", self.enquire_link)?;
        above_zero("response_timeout_seconds", self.response_timeout)
    }
}

/// No wait is longer than ten years; what is beyond is a typing error, and would overflow the arithmetic of time.
const LONGEST_SECONDS: u64 = 10 * 365 * 86_400;

fn field<const MAX: usize>(key: &'static str, value: &str) -> Result<(), SettingsFault> {
    match value.parse::<COctetString<1, MAX>>() {
        Ok(_) => Ok(()),
        Err(_) => Err(SettingsFault::Field { key, most: MAX - 1 }),
    }
}

fn range(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), SettingsFault> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(SettingsFault::Range { key, least, most })
}

fn above_zero(key: &'static str, wait: Duration) -> Result<(), SettingsFault> {
    if wait.is_zero() {
        return Err(SettingsFault::Zero { key });
    }
    Ok(())
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| duration.as_secs() <= LONGEST_SECONDS)
        .ok_or_else(|| serde::de::Error::custom("a number of seconds is expected"))
}

mod defaults {
    use std::time::Duration;

    pub(super) fn port() -> u16 {
        2775
    }
    pub(super) fn binds() -> usize {
        1
    }
    pub(super) fn window() -> usize {
        50
    }
    pub(super) fn enquire_link() -> Duration {
        Duration::from_secs(30)
    }
    pub(super) fn response_timeout() -> Duration {
        Duration::from_secs(30)
    }
    pub(super) fn reconnect_min() -> Duration {
        Duration::from_secs(1)
    }
    pub(super) fn reconnect_max() -> Duration {
        Duration::from_secs(60)
    }
    pub(super) fn retry() -> Duration {
        Duration::from_secs(3600)
    }
    pub(super) fn registered_delivery() -> u8 {
        1
    }
    pub(super) fn international() -> u8 {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str =
        "name = 'main'\nhost = 'smsc'\nsystem_id = 'clarion'\npassword = 'secret'\n";

    fn read(more: &str) -> Result<SmppSettings, toml::de::Error> {
        toml::from_str(&format!("{LEAST}{more}"))
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let settings = read("").unwrap();
        assert_eq!(
            (settings.port, settings.binds, settings.window),
            (2775, 1, 50)
        );
        assert_eq!(settings.enquire_link, Duration::from_secs(30));
        assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn waits_are_seconds_and_fractions_of_them() {
        let settings = read("response_timeout_seconds = 0.5\nenquire_link_seconds = 10").unwrap();
        assert_eq!(settings.response_timeout, Duration::from_millis(500));
        assert_eq!(settings.enquire_link, Duration::from_secs(10));
        assert!(read("retry_seconds = -1").is_err());
        assert!(read("retry_seconds = 1e300").is_err());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(read("windows = 3").is_err());
    }

    #[test]
    fn they_are_read_beside_the_key_that_tells_the_kind() {
        #[derive(Deserialize)]
        #[serde(tag = "kind", rename_all = "lowercase")]
        enum Any {
            Smpp(SmppSettings),
        }
        let text = format!("kind = 'smpp'\n{LEAST}enquire_link_seconds = 10");
        let Any::Smpp(settings) = toml::from_str(&text).unwrap();
        assert_eq!(settings.enquire_link, Duration::from_secs(10));
        assert!(toml::from_str::<Any>(&format!("{text}\nwindows = 3")).is_err());
    }

    #[test]
    fn what_no_peer_can_be_told_is_named() {
        let check = |more: &str| read(more).unwrap().check().unwrap_err().to_string();
        assert_eq!(check("binds = 0"), "binds must be between 1 and 100");
        assert_eq!(
            check("system_type = 'longer than twelve'"),
            "system_type must be ASCII and at most 12 characters long"
        );
        assert_eq!(
            check("response_timeout_seconds = 0"),
            "response_timeout_seconds must be above 0"
        );
    }
}
