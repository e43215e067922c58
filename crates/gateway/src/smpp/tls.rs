//! Encryption: which certificates a peer may show, and what a refused one tells the operator to change.

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CertificateError, Error};

use super::settings::{SettingsFault, SmppSettings};
use crate::authorities::{authorities, client_config};

/// How a gateway's connections are encrypted.
pub(super) struct Tls {
    connector: TlsConnector,
    server_name: ServerName<'static>,
}

impl Tls {
    /// As the settings have it.
    pub(super) fn of(settings: &SmppSettings) -> Result<Self, SettingsFault> {
        let authorities = authorities(&settings.tls_ca_file);
        let authorities = authorities.map_err(|reason| fault("tls_ca_file", reason))?;
        if authorities.is_empty() {
            return Err(fault(
                "tls_ca_file",
                "the system knows no authority: name a file of your own",
            ));
        }
        let config = client_config(authorities).map_err(|error| fault("tls", error))?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server_name: server_name(settings)?,
        })
    }

    /// Encrypts a connection, or tells in the operator's words why not.
    pub(super) async fn wrap(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let wrapped = self
            .connector
            .connect(self.server_name.clone(), stream)
            .await;
        wrapped.map_err(|error| format!("no encrypted connection: {error}; {}", advice(&error)))
    }
}

fn server_name(settings: &SmppSettings) -> Result<ServerName<'static>, SettingsFault> {
    let (key, name) = match settings.tls_server_name.as_str() {
        "" => ("host", &settings.host),
        _ => ("tls_server_name", &settings.tls_server_name),
    };
    ServerName::try_from(name.clone()).map_err(|_| SettingsFault::Tls {
        key,
        reason: format!("{name:?} is no name that a certificate could bear"),
    })
}

fn fault(key: &'static str, reason: impl ToString) -> SettingsFault {
    SettingsFault::Tls {
        key,
        reason: reason.to_string(),
    }
}

fn advice(error: &io::Error) -> &'static str {
    let tls = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        )) => "name the file of the authority that issued the peer's certificate in tls_ca_file",
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "set tls_server_name to the name that the peer's certificate bears",
        Some(Error::InvalidCertificate(_)) => {
            "ask the provider for a certificate that is valid, and check this machine's clock"
        }
        _ => "check whether this port speaks TLS",
    }
}
