//! Whose certificates are believed.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// The authorities in a PEM file; where none is named those that the system knows, which may be none.
pub(crate) fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    if file.as_os_str().is_empty() {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(store);
    }
    let unreadable = |error| format!("cannot read {}: {error}", file.display());
    for certificate in CertificateDer::pem_file_iter(file).map_err(&unreadable)? {
        store
            .add(certificate.map_err(&unreadable)?)
            .map_err(|error| error.to_string())?;
    }
    match store.is_empty() {
        true => Err(format!("{} holds no certificate", file.display())),
        false => Ok(store),
    }
}

/// How a client of TLS goes about it that believes these authorities.
pub(crate) fn client_config(authorities: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(config)
}
