//! The sections of the configuration and their defaults.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clarion_domain::network::Network;
use clarion_gateway::smpp::{Alphabet, BindMode, CodeClass, Concatenation, IdForm};
use serde::{Deserialize, Serialize};

use super::values::{self, LogFormat, Policy, QuietHours, Secret, Span, Switch};

/// `[server]`: the HTTP API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Server {
    #[serde(deserialize_with = "values::address")]
    pub(crate) listen: SocketAddr,
    #[serde(default, with = "values::address_or_none")]
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) workers: usize,
    pub(crate) max_body_mib: u32,
    pub(crate) max_contact_kib: u32,
    pub(crate) max_bodies: usize,
    pub(crate) body_deadline: Span,
    pub(crate) stop_deadline: Span,
    /// Defaults that are an empty list are lost on their way through the settings' layers.
    #[serde(default, with = "values::networks")]
    pub(crate) trusted_proxies: Vec<Network>,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) url: Secret,
    pub(crate) connections: u32,
    pub(crate) statement_timeout: Span,
    pub(crate) acquire_timeout: Span,
    pub(crate) prepared_statements: bool,
}

/// `[auth]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Auth {
    pub(crate) bootstrap_key: Secret,
    pub(crate) max_live_keys: u32,
}

/// `[limits]`: how fast requests may come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) requests_per_second: u32,
    pub(crate) burst: u32,
    pub(crate) refused_keys_per_minute: u32,
    pub(crate) unknown_links_per_minute: u32,
}

/// `[phone]`: how numbers are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Phone {
    pub(crate) default_region: String,
    pub(crate) allow_test_numbers: bool,
}

/// `[campaigns]`: what a campaign may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Campaigns {
    pub(crate) max_contacts: u32,
    pub(crate) max_segments: u8,
}

/// `[links]`: the links in messages.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Links {
    pub(crate) public_url: String,
}

/// `[sending]`: how the engine works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sending {
    pub(crate) poll_interval: Span,
    pub(crate) journal: PathBuf,
    pub(crate) settle_interval: Span,
    pub(crate) lease: Span,
    pub(crate) max_lateness: Span,
    #[serde(deserialize_with = "values::word")]
    pub(crate) on_unknown: Policy,
    pub(crate) unknown_wait: Span,
    pub(crate) receipt_timeout: Span,
    pub(crate) quiet_hours: QuietHours,
}

/// `[retention]`: how long what comes in is kept; nothing: for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Retention {
    pub(crate) unmatched_receipts: Span,
    pub(crate) inbound_messages: Span,
    pub(crate) web_hook_deliveries: Span,
}

/// `[web_hooks]`: how clients are told what becomes of their messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WebHooks {
    pub(crate) timeout: Span,
    pub(crate) allow_private_addresses: bool,
    pub(crate) tls_ca_file: PathBuf,
}

/// `[simulator]`: the built-in SMSC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Simulator {
    pub(crate) enabled: Switch,
    #[serde(deserialize_with = "values::address")]
    pub(crate) listen: SocketAddr,
    pub(crate) log: PathBuf,
    pub(crate) script: PathBuf,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) level: String,
    #[serde(deserialize_with = "values::word")]
    pub(crate) format: LogFormat,
}

/// One of `[[gateways]]`: a way out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Gateway {
    pub(crate) name: String,
    #[serde(deserialize_with = "values::word")]
    pub(crate) kind: GatewayKind,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) tls_ca_file: PathBuf,
    pub(crate) tls_server_name: String,
    pub(crate) system_id: String,
    pub(crate) password: Secret,
    pub(crate) system_type: String,
    pub(crate) address_ton: u8,
    pub(crate) address_npi: u8,
    pub(crate) address_range: String,
    pub(crate) binds: usize,
    #[serde(deserialize_with = "values::word")]
    pub(crate) bind_mode: BindMode,
    pub(crate) window: usize,
    pub(crate) parts_per_second: u32,
    pub(crate) parts_per_second_per_sender: u32,
    pub(crate) enquire_link: Span,
    pub(crate) response_timeout: Span,
    pub(crate) reconnect_min: Span,
    pub(crate) reconnect_max: Span,
    pub(crate) retry: Span,
    #[serde(deserialize_with = "values::word")]
    pub(crate) concatenation: Concatenation,
    #[serde(deserialize_with = "values::word")]
    pub(crate) alphabet: Alphabet,
    pub(crate) gsm_data_coding: u8,
    pub(crate) registered_delivery: u8,
    pub(crate) priority: u8,
    pub(crate) validity: Span,
    pub(crate) service_type: String,
    pub(crate) source_ton: i16,
    pub(crate) source_npi: i16,
    pub(crate) dest_ton: u8,
    pub(crate) dest_npi: u8,
    #[serde(deserialize_with = "values::word")]
    pub(crate) id_form: IdForm,
    pub(crate) region: String,
    pub(crate) join: Span,
    pub(crate) opted_out_errors: Vec<String>,
    #[serde(deserialize_with = "values::words")]
    pub(crate) codes: BTreeMap<String, CodeClass>,
}

/// How a gateway is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GatewayKind {
    /// SMPP 3.4 over TCP.
    #[default]
    Smpp,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: loopback(8_080),
            metrics: None,
            workers: 0,
            max_body_mib: 512,
            max_contact_kib: 64,
            max_bodies: 64,
            body_deadline: Span::of_seconds(300),
            stop_deadline: Span::of_seconds(30),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite://data/clarion.db".into(),
            connections: 6,
            statement_timeout: Span::of_seconds(30),
            acquire_timeout: Span::of_seconds(10),
            prepared_statements: true,
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            bootstrap_key: Secret::default(),
            max_live_keys: 100,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: 1_000,
            burst: 2_000,
            refused_keys_per_minute: 300,
            unknown_links_per_minute: 60,
        }
    }
}

impl Default for Phone {
    fn default() -> Self {
        Self {
            default_region: "GB".to_owned(),
            allow_test_numbers: false,
        }
    }
}

impl Default for Campaigns {
    fn default() -> Self {
        Self {
            max_contacts: 1_000_000,
            max_segments: 10,
        }
    }
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            poll_interval: Span::of_seconds(1),
            journal: PathBuf::new(),
            settle_interval: Span::of_millis(50),
            lease: Span::of_seconds(25),
            max_lateness: Span::of_seconds(6 * 3_600),
            on_unknown: Policy::Hold,
            unknown_wait: Span::of_seconds(600),
            receipt_timeout: Span::of_seconds(3 * 86_400),
            quiet_hours: QuietHours::default(),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            unmatched_receipts: Span::of_seconds(30 * 86_400),
            inbound_messages: Span::of_seconds(0),
            web_hook_deliveries: Span::of_seconds(30 * 86_400),
        }
    }
}

impl Default for WebHooks {
    fn default() -> Self {
        Self {
            timeout: Span::of_seconds(10),
            allow_private_addresses: false,
            tls_ca_file: PathBuf::new(),
        }
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self {
            enabled: Switch::Auto,
            listen: loopback(2_775),
            log: PathBuf::from("data/simulator.ndjson"),
            script: PathBuf::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: GatewayKind::Smpp,
            host: String::new(),
            port: 2_775,
            tls: false,
            tls_ca_file: PathBuf::new(),
            tls_server_name: String::new(),
            system_id: String::new(),
            password: Secret::default(),
            system_type: String::new(),
            address_ton: 0,
            address_npi: 0,
            address_range: String::new(),
            binds: 1,
            bind_mode: BindMode::Transceiver,
            window: 50,
            parts_per_second: 0,
            parts_per_second_per_sender: 0,
            enquire_link: Span::of_seconds(30),
            response_timeout: Span::of_seconds(30),
            reconnect_min: Span::of_seconds(1),
            reconnect_max: Span::of_seconds(60),
            retry: Span::of_seconds(3_600),
            concatenation: Concatenation::Udh8,
            alphabet: Alphabet::Gsm7,
            gsm_data_coding: 0,
            registered_delivery: 1,
            priority: 0,
            validity: Span::of_seconds(0),
            service_type: String::new(),
            source_ton: -1,
            source_npi: -1,
            dest_ton: 1,
            dest_npi: 1,
            id_form: IdForm::Same,
            region: String::new(),
            join: Span::of_seconds(3),
            opted_out_errors: Vec::new(),
            codes: BTreeMap::new(),
        }
    }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
