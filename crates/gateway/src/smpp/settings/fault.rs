//! What is wrong with the settings of an SMPP gateway: all that can be known without asking the peer.

use std::time::Duration;

use rusmpp::types::COctetString;
use secrecy::ExposeSecret;

use super::SmppSettings;
use crate::smpp::codes::{Codes, OptOutErrors};
use crate::smpp::tls::Tls;

/// What is wrong with a setting. Reads after the gateway's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// It must be given.
    #[error("{key} must not be empty")]
    Missing {
        /// Which setting.
        key: &'static str,
    },
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
    /// The longest pause is shorter than the first.
    #[error("reconnect_max must not be shorter than reconnect_min")]
    Reconnect,
    /// It is no region.
    #[error("region is no region such as GB")]
    Region,
    /// It has no meaning without encryption.
    #[error("{key} is of no use without tls = true")]
    WithoutTls {
        /// Which setting.
        key: &'static str,
    },
    /// No certificate can be a peer's that way.
    #[error("{key}: {reason}")]
    Tls {
        /// Which setting.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// It names no answer code.
    #[error("codes: {code:?} is no code such as 0x58 or ESME_RTHROTTLED")]
    Code {
        /// As it was written.
        code: String,
    },
    /// The code of success cannot mean anything else.
    #[error("codes: 0 (ESME_ROK) means that the part was taken")]
    CodeOfSuccess,
    /// What has no error cannot mean an opt-out.
    #[error("opted_out_errors: an error code other than 0 is expected")]
    OptOutError,
}

impl SmppSettings {
    /// Looks for what no peer could be asked for.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn check(&self) -> Result<(), SettingsFault> {
        given("name", &self.name)?;
        given("host", &self.host)?;
        field::<16>("system_id", &self.system_id)?;
        field::<9>("password", self.password.expose_secret())?;
        field::<13>("system_type", &self.system_type)?;
        field::<6>("service_type", &self.service_type)?;
        field::<41>("address_range", &self.address_range)?;
        range("binds", self.binds as u64, 1, 100)?;
        range("window", self.window as u64, 1, 10_000)?;
        range("priority", self.priority.into(), 0, 3)?;
        range("port", self.port.into(), 1, u16::MAX.into())?;
        above_zero("enquire_link", self.enquire_link)?;
        above_zero("response_timeout", self.response_timeout)?;
        above_zero("reconnect_min", self.reconnect_min)?;
        if self.reconnect_max < self.reconnect_min {
            return Err(SettingsFault::Reconnect);
        }
        if !self.region.is_empty() && self.region().is_none() {
            return Err(SettingsFault::Region);
        }
        Codes::new(&self.codes)?;
        OptOutErrors::new(&self.opted_out_errors)?;
        self.check_tls()
    }

    fn check_tls(&self) -> Result<(), SettingsFault> {
        if self.tls {
            return Tls::of(self).map(|_| ());
        }
        for (key, is_set) in [
            ("tls_ca_file", !self.tls_ca_file.as_os_str().is_empty()),
            ("tls_server_name", !self.tls_server_name.is_empty()),
        ] {
            if is_set {
                return Err(SettingsFault::WithoutTls { key });
            }
        }
        Ok(())
    }
}

fn given(key: &'static str, value: &str) -> Result<(), SettingsFault> {
    if value.is_empty() {
        return Err(SettingsFault::Missing { key });
    }
    Ok(())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(more: &str, says: &str) {
        let text = format!("name = 'main'\nhost = 'smsc'\nsystem_id = 'clarion'\n{more}");
        let settings: SmppSettings = toml::from_str(&text).unwrap();
        assert_eq!(settings.check().unwrap_err().to_string(), says);
    }

    #[test]
    fn what_no_peer_can_be_told_is_named() {
        check("binds = 0", "binds must be between 1 and 100");
        check("priority = 4", "priority must be between 0 and 3");
        check(
            "system_type = 'longer than twelve'",
            "system_type must be ASCII and at most 12 characters long",
        );
        check(
            "response_timeout_seconds = 0",
            "response_timeout must be above 0",
        );
        check("region = 'England'", "region is no region such as GB");
        check("port = 0", "port must be between 1 and 65535");
        check(
            "reconnect_min_seconds = 120",
            "reconnect_max must not be shorter than reconnect_min",
        );
        check(
            "[codes]\nthrottled = 'temporary'",
            "codes: \"throttled\" is no code such as 0x58 or ESME_RTHROTTLED",
        );
        check(
            "opted_out_errors = ['000']",
            "opted_out_errors: an error code other than 0 is expected",
        );
        assert_eq!(
            SmppSettings::default().check().unwrap_err().to_string(),
            "name must not be empty"
        );
    }

    #[test]
    fn encryption_that_cannot_be_is_named() {
        check(
            "tls_server_name = 'smsc'",
            "tls_server_name is of no use without tls = true",
        );
        check(
            "tls = true\ntls_server_name = '-'",
            "tls_server_name: \"-\" is no name that a certificate could bear",
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "no certificate").unwrap();
        check(
            &format!("tls = true\ntls_ca_file = '{}'", file.display()),
            &format!("tls_ca_file: {} holds no certificate", file.display()),
        );
    }
}
