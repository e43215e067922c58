//! What the operator says about an SMPP gateway. What is wrong with it is found in `fault`.

mod fault;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clarion_domain::phone::Region;
use clarion_domain::receipt;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::fault::SettingsFault;
pub use super::codes::CodeClass;

/// The settings of an SMPP gateway, as in `[[gateways]]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmppSettings {
    /// The gateway's name.
    pub name: String,
    /// The peer's host name or address.
    pub host: String,
    /// The peer's port.
    pub port: u16,
    /// Whether the connection is encrypted, and the peer's certificate checked.
    pub tls: bool,
    /// PEM file of the authorities that may have issued the peer's certificate; empty: those that the system knows.
    pub tls_ca_file: PathBuf,
    /// The name that the peer's certificate must bear; empty: `host`.
    pub tls_server_name: String,
    /// Who we are.
    pub system_id: String,
    /// Proves it; at most 8 characters, which is SMPP's limit.
    pub password: SecretString,
    /// The kind of system that some peers ask for.
    pub system_type: String,
    /// The type of number of `address_range`.
    pub address_ton: u8,
    /// The numbering plan of `address_range`.
    pub address_npi: u8,
    /// Which of our numbers the bind serves; few peers ask for it.
    pub address_range: String,
    /// How many binds; in pairs: how many pairs.
    pub binds: usize,
    /// What a bind is.
    pub bind_mode: BindMode,
    /// Most parts in flight per bind.
    pub window: usize,
    /// Most parts per second over all binds; 0: no limit.
    pub parts_per_second: u32,
    /// Most parts per second of any one sender over all binds; 0: no limit.
    pub parts_per_second_per_sender: u32,
    /// After how much silence the peer is asked whether it is alive.
    #[serde(rename = "enquire_link_seconds", deserialize_with = "seconds")]
    pub enquire_link: Duration,
    /// How long an answer is waited for. A part that is not answered in that time is of unknown outcome.
    #[serde(rename = "response_timeout_seconds", deserialize_with = "seconds")]
    pub response_timeout: Duration,
    /// The first pause before a lost connection is tried again; it doubles with each failure.
    #[serde(rename = "reconnect_min_seconds", deserialize_with = "seconds")]
    pub reconnect_min: Duration,
    /// The longest such pause.
    #[serde(rename = "reconnect_max_seconds", deserialize_with = "seconds")]
    pub reconnect_max: Duration,
    /// How long a message is tried whose parts were refused for now, or wait for a bind after others have been written:
    /// from its first part on, where it sets no earlier end.
    #[serde(rename = "retry_seconds", deserialize_with = "seconds")]
    pub retry: Duration,
    /// How the parts of a long message are tied together.
    pub concatenation: Concatenation,
    /// How texts of the GSM alphabet are written.
    pub alphabet: Alphabet,
    /// The data_coding of texts in GSM 7-bit; 0 means the peer's default alphabet.
    pub gsm_data_coding: u8,
    /// The octet registered_delivery: 1 asks for a receipt in any case, 0 for none.
    pub registered_delivery: u8,
    /// The priority_flag, 0 to 3.
    pub priority: u8,
    /// The validity period that the peer is told; 0: its own, unless the message has an end.
    #[serde(rename = "validity_seconds", deserialize_with = "seconds")]
    pub validity: Duration,
    /// The service_type.
    pub service_type: String,
    /// The sender's type of number, whatever its form says.
    pub source_ton: Option<u8>,
    /// The sender's numbering plan, whatever its form says.
    pub source_npi: Option<u8>,
    /// The recipient's type of number; international unless set.
    pub dest_ton: u8,
    /// The recipient's numbering plan; ISDN unless set.
    pub dest_npi: u8,
    /// How receipts write the message ids of submit responses.
    pub id_form: IdForm,
    /// The region whose numbers the peer may write in national form in what it delivers; empty: they are taken as they
    /// come.
    pub region: String,
    /// How long the parts of a message from a handset are waited for; then it is handed over as far as it has come.
    #[serde(rename = "join_seconds", deserialize_with = "seconds")]
    pub join: Duration,
    /// The error codes in receipts by which the peer tells that a person has opted out there, as in `err:034`.
    pub opted_out_errors: Vec<String>,
    /// What answer codes mean where it differs from the table: `"0x58"` or `"ESME_RTHROTTLED"` to its class.
    pub codes: BTreeMap<String, CodeClass>,
}

/// What a bind is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BindMode {
    /// One connection both ways.
    #[default]
    Transceiver,
    /// A transmitter and a receiver.
    Pair,
}

/// How the parts of a long message are tied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Concatenation {
    /// A user data header with an 8-bit reference.
    #[default]
    Udh8,
    /// A user data header with a 16-bit reference.
    Udh16,
    /// The optional parameters sar_*: the peer makes the header.
    Sar,
    /// The whole text in message_payload: the peer splits it.
    Payload,
}

/// How texts of the GSM alphabet are written; all others are UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// GSM 7-bit, one septet to the octet.
    #[default]
    Gsm7,
    /// Latin-1, which the peer turns into GSM 7-bit; what only the GSM alphabet has (€, Ω) is written in UCS-2.
    Latin1,
}

/// How receipts write the message ids of submit responses; case and leading zeros never count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdForm {
    /// Alike.
    #[default]
    Same,
    /// The response in hexadecimal, the receipt in decimal.
    HexadecimalResponse,
    /// The response in decimal, the receipt in hexadecimal.
    DecimalResponse,
}

impl From<IdForm> for receipt::IdForm {
    fn from(form: IdForm) -> Self {
        match form {
            IdForm::Same => Self::Same,
            IdForm::HexadecimalResponse => Self::DecimalOfHexadecimal,
            IdForm::DecimalResponse => Self::HexadecimalOfDecimal,
        }
    }
}

impl SmppSettings {
    pub(super) fn region(&self) -> Option<Region> {
        Region::new(&self.region)
    }
}

/// Type of number 1 and numbering plan 1: international, ISDN, as numbers are handed over.
const INTERNATIONAL: u8 = 1;

impl Default for SmppSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            host: String::new(),
            port: 2775,
            tls: false,
            tls_ca_file: PathBuf::new(),
            tls_server_name: String::new(),
            system_id: String::new(),
            password: SecretString::default(),
            system_type: String::new(),
            address_ton: 0,
            address_npi: 0,
            address_range: String::new(),
            binds: 1,
            bind_mode: BindMode::default(),
            window: 50,
            parts_per_second: 0,
            parts_per_second_per_sender: 0,
            enquire_link: Duration::from_secs(30),
            response_timeout: Duration::from_secs(30),
            reconnect_min: Duration::from_secs(1),
            reconnect_max: Duration::from_secs(60),
            retry: Duration::from_secs(3_600),
            concatenation: Concatenation::default(),
            alphabet: Alphabet::default(),
            gsm_data_coding: 0,
            registered_delivery: 1,
            priority: 0,
            validity: Duration::ZERO,
            service_type: String::new(),
            source_ton: None,
            source_npi: None,
            dest_ton: INTERNATIONAL,
            dest_npi: INTERNATIONAL,
            id_form: IdForm::default(),
            region: String::new(),
            join: Duration::from_secs(3),
            opted_out_errors: Vec::new(),
            codes: BTreeMap::new(),
        }
    }
}

/// No wait is longer than ten years; what is beyond is a typing error, and would overflow the arithmetic of time.
const LONGEST_SECONDS: u64 = 10 * 365 * 86_400;

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| duration.as_secs() <= LONGEST_SECONDS)
        .ok_or_else(|| serde::de::Error::custom("a number of seconds is expected"))
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
    fn choices_are_words() {
        let settings = read(
            "bind_mode = 'pair'\nconcatenation = 'sar'\nalphabet = 'latin1'\nid_form = 'hexadecimal_response'\n\
             [codes]\n0x58 = 'rejected_invalid_recipient'",
        )
        .unwrap();
        assert_eq!(settings.bind_mode, BindMode::Pair);
        assert_eq!(settings.concatenation, Concatenation::Sar);
        assert_eq!(settings.alphabet, Alphabet::Latin1);
        assert_eq!(settings.id_form, IdForm::HexadecimalResponse);
        assert_eq!(settings.codes["0x58"], CodeClass::RejectedInvalidRecipient);
    }

    #[test]
    fn they_are_read_beside_the_key_that_tells_the_kind() {
        #[derive(Deserialize)]
        #[serde(tag = "kind", rename_all = "lowercase")]
        enum Any {
            Smpp(Box<SmppSettings>),
        }
        let text = format!("kind = 'smpp'\n{LEAST}enquire_link_seconds = 10");
        let Any::Smpp(settings) = toml::from_str(&text).unwrap();
        assert_eq!(settings.enquire_link, Duration::from_secs(10));
        assert!(toml::from_str::<Any>(&format!("{text}\nwindows = 3")).is_err());
    }
}
