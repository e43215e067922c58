//! A TLS server in front of the service, as a proxy would be, with a certificate that only its own file vouches for.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The server, until the test ends.
pub(crate) struct Front {
    pub(crate) url: String,
    /// In PEM.
    pub(crate) certificate: String,
}

impl Front {
    /// Before the service at an address such as `http://127.0.0.1:8080/api`.
    pub(crate) async fn before(api: &str) -> Self {
        let inner = api.strip_prefix("http://").unwrap();
        let inner = inner.split('/').next().unwrap().to_owned();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![cert.der().clone()],
                PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), inner));
        Self {
            url: format!("https://localhost:{port}"),
            certificate: cert.pem(),
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, inner: String) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, inner) = (acceptor.clone(), inner.clone());
        tokio::spawn(async move {
            let mut outside = acceptor.accept(stream).await?;
            let mut inside = TcpStream::connect(inner).await?;
            tokio::io::copy_bidirectional(&mut outside, &mut inside).await
        });
    }
}
