//! The settings as the other crates take them: plain values of their own types.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clarion_domain::link::Links;
use clarion_engine::EngineSettings;
use clarion_gateway::simulator::SimulatorSettings;
use clarion_gateway::smpp::SmppSettings;
use clarion_gateway::web_hooks::PosterSettings;
use clarion_http::HttpSettings;
use clarion_persistence::DatabaseSettings;

use super::values::QuietHours;
use super::{Database, Gateway, Phone, Settings, Simulator};

impl Database {
    /// For the store.
    pub(crate) fn for_store(&self) -> DatabaseSettings {
        DatabaseSettings {
            url: self.url.reveal().to_owned(),
            connections: self.connections,
            statement_timeout_ms: self.statement_timeout.millis(),
            acquire_timeout_ms: self.acquire_timeout.millis(),
            prepared_statements: self.prepared_statements,
        }
    }
}

impl Settings {
    /// For the HTTP server.
    pub(crate) fn for_http(&self) -> HttpSettings {
        let (server, usual) = (&self.server, HttpSettings::default());
        HttpSettings {
            listen: server.listen,
            workers: match server.workers {
                0 => usual.workers,
                workers => workers,
            },
            max_body: u64::from(server.max_body_mib) << 20,
            max_element: u64::from(server.max_contact_kib) << 10,
            max_bodies: server.max_bodies,
            body_deadline: server.body_deadline.duration(),
            stop_deadline: server.stop_deadline.duration(),
            requests_per_second: self.limits.requests_per_second,
            request_burst: self.limits.burst,
            refused_keys_per_minute: self.limits.refused_keys_per_minute,
            unknown_links_per_minute: self.limits.unknown_links_per_minute,
            trusted_proxies: server.trusted_proxies.clone(),
            max_live_keys: self.auth.max_live_keys,
        }
    }

    /// What the links in messages begin with.
    pub(crate) fn public_url(&self) -> String {
        match self.links.public_url.as_str() {
            "" => format!("http://{}", reached(self.server.listen)),
            url => url.trim_end_matches('/').to_owned(),
        }
    }

    /// Where the journal is: beside the database's file unless it is set.
    pub(crate) fn journal(&self) -> PathBuf {
        if !self.sending.journal.as_os_str().is_empty() {
            return self.sending.journal.clone();
        }
        let file = self.database.url.reveal().strip_prefix("sqlite://");
        let directory = file.and_then(|file| Path::new(file).parent());
        directory.unwrap_or(Path::new("data")).join("journal")
    }

    /// For whoever speaks to web hooks.
    pub(crate) fn for_poster(&self) -> PosterSettings {
        PosterSettings {
            allow_private_addresses: self.web_hooks.allow_private_addresses,
            tls_ca_file: self.web_hooks.tls_ca_file.clone(),
        }
    }

    /// For the engine of the node with this name.
    pub(crate) fn for_engine(&self, node: String, links: Arc<Links>) -> EngineSettings {
        EngineSettings {
            lease: self.sending.lease.duration(),
            journal: Some(self.journal()),
            settle_interval: self.sending.settle_interval.duration(),
            poll_interval: self.sending.poll_interval.duration(),
            max_lateness: self.sending.max_lateness.duration(),
            on_unknown: self.sending.on_unknown.into(),
            unknown_wait: self.sending.unknown_wait.duration(),
            receipt_timeout: self.sending.receipt_timeout.duration(),
            quiet_hours: self.sending.quiet_hours.into(),
            keep_unmatched_receipts: self.retention.unmatched_receipts.unless_none(),
            keep_inbound_messages: self.retention.inbound_messages.unless_none(),
            keep_web_hook_deliveries: self.retention.web_hook_deliveries.unless_none(),
            max_segments: self.campaigns.max_segments,
            max_contacts: self.campaigns.max_contacts,
            ..EngineSettings::of_node(node, links)
        }
    }
}

impl From<QuietHours> for clarion_engine::QuietHours {
    fn from(hours: QuietHours) -> Self {
        match hours {
            QuietHours::Windowed => Self::Windowed,
            QuietHours::Always => Self::Always,
        }
    }
}

/// An address that can be asked: who listens on all of them is found on this machine's own.
fn reached(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    listen
}

impl Simulator {
    /// For the simulator.
    pub(crate) fn for_simulator(&self) -> SimulatorSettings {
        SimulatorSettings {
            enabled: true,
            listen: self.listen.to_string(),
            log: self.log.clone(),
            script: self.script.clone(),
        }
    }

    /// The file of its log, where it keeps one.
    pub(crate) fn log(&self) -> Option<&Path> {
        (!self.log.as_os_str().is_empty()).then_some(&self.log)
    }
}

impl Gateway {
    /// The gateway that is meant where none is configured: the built-in simulator, at this address.
    pub(crate) fn to_simulator(address: SocketAddr) -> Self {
        Self {
            name: "simulator".to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
            system_id: "clarion".to_owned(),
            ..Self::default()
        }
    }

    /// That the sender's type of number and numbering plan are octets, or left to its form.
    pub(super) fn check_source(&self) -> Result<(), (&'static str, &'static str)> {
        let source = [
            ("source_ton", self.source_ton),
            ("source_npi", self.source_npi),
        ];
        match source
            .into_iter()
            .find(|(_, octet)| !(-1..=255).contains(octet))
        {
            Some((key, _)) => Err((key, "must be between 0 and 255, or -1")),
            None => Ok(()),
        }
    }

    /// For an SMPP gateway of a service with these rules for numbers.
    pub(crate) fn for_smpp(&self, phone: &Phone) -> SmppSettings {
        SmppSettings {
            name: self.name.clone(),
            host: self.host.clone(),
            port: self.port,
            tls: self.tls,
            tls_ca_file: self.tls_ca_file.clone(),
            tls_server_name: self.tls_server_name.clone(),
            system_id: self.system_id.clone(),
            password: self.password.reveal().into(),
            system_type: self.system_type.clone(),
            address_ton: self.address_ton,
            address_npi: self.address_npi,
            address_range: self.address_range.clone(),
            binds: self.binds,
            bind_mode: self.bind_mode,
            window: self.window,
            parts_per_second: self.parts_per_second,
            parts_per_second_per_sender: self.parts_per_second_per_sender,
            enquire_link: self.enquire_link.duration(),
            response_timeout: self.response_timeout.duration(),
            reconnect_min: self.reconnect_min.duration(),
            reconnect_max: self.reconnect_max.duration(),
            retry: self.retry.duration(),
            concatenation: self.concatenation,
            alphabet: self.alphabet,
            gsm_data_coding: self.gsm_data_coding,
            registered_delivery: self.registered_delivery,
            priority: self.priority,
            validity: self.validity.duration(),
            service_type: self.service_type.clone(),
            source_ton: u8::try_from(self.source_ton).ok(),
            source_npi: u8::try_from(self.source_npi).ok(),
            dest_ton: self.dest_ton,
            dest_npi: self.dest_npi,
            id_form: self.id_form,
            region: match self.region.as_str() {
                "" => phone.default_region.clone(),
                region => region.to_owned(),
            },
            join: self.join.duration(),
            opted_out_errors: self.opted_out_errors.clone(),
            codes: self.codes.clone(),
        }
    }
}

/// As it is shown to whoever starts the service.
impl std::fmt::Display for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (SMPP at {}:{})", self.name, self.host, self.port)
    }
}
