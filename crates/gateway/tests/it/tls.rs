//! Encrypted connections: to a simulator behind a TLS server with a certificate of its own authority.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clarion_domain::gateway::{Gateway, Inbound};
use clarion_gateway::smpp::{SmppSettings, try_bind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::support::{bench, id_of, message, settings, simulator};

/// A TLS server in front of something else.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Front {
    /// Its certificate bears the names `smsc.example` and `localhost`.
    pub(crate) async fn before(inner: SocketAddr) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let server =
            CertificateParams::new(["smsc.example", "localhost"].map(ToOwned::to_owned)).unwrap();
        let server = server.signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(server.der().to_vec())],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), inner));
        Self { address, folder }
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn settings(&self) -> SmppSettings {
        SmppSettings {
            tls: true,
            tls_ca_file: self.authority(),
            tls_server_name: "smsc.example".to_owned(),
            ..settings(self.address, "")
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, inner: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut outside = acceptor.accept(stream).await?;
            let mut inside = TcpStream::connect(inner).await?;
            tokio::io::copy_bidirectional(&mut outside, &mut inside).await
        });
    }
}

async fn check_refused(settings: SmppSettings, advice: &str) {
    let fault = try_bind(&settings).await.unwrap_err().to_string();
    assert!(fault.contains(advice), "{fault}");
}

#[tokio::test]
async fn messages_and_receipts_go_over_an_encrypted_connection() {
    let simulator = simulator("[[rules]]\nreceipt.delay_ms = [0, 0]", None).await;
    let front = Front::before(simulator.local_addr()).await;
    let mut bench = bench(
        front.address,
        &format!(
            "tls = true\ntls_ca_file = '{}'\ntls_server_name = 'smsc.example'\nwindow = 1000",
            front.authority().display()
        ),
    );
    bench
        .send((0..900).map(|number| message(number, &"long ".repeat(100))))
        .await;
    let mut ids = Vec::new();
    for _ in 0..900 {
        ids.extend(
            bench
                .outcome()
                .await
                .1
                .iter()
                .map(|part| id_of(part).to_owned()),
        );
    }
    assert_eq!(ids.len(), 3_600);
    for _ in 0..3_600 {
        assert!(matches!(bench.inbound().await, Inbound::Receipt(_)));
    }
    bench.gateway.stop().await;
}

#[tokio::test]
async fn an_encrypted_bind_can_be_tried() {
    let simulator = simulator("", None).await;
    let front = Front::before(simulator.local_addr()).await;
    let reports = try_bind(&front.settings()).await.unwrap();
    assert!(reports[0].tls);
    assert!(reports[0].to_string().contains(", encrypted, in "));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_tells_what_to_change() {
    let simulator = simulator("", None).await;
    let front = Front::before(simulator.local_addr()).await;
    let other = Front::before(simulator.local_addr()).await;
    let foreign = SmppSettings {
        tls_ca_file: other.authority(),
        ..front.settings()
    };
    check_refused(foreign, "tls_ca_file").await;
    let misnamed = SmppSettings {
        tls_server_name: String::new(),
        ..front.settings()
    };
    check_refused(misnamed, "set tls_server_name").await;
}

#[tokio::test]
async fn encryption_on_one_side_only_tells_what_to_check() {
    let simulator = simulator("", None).await;
    let front = Front::before(simulator.local_addr()).await;
    let plain = SmppSettings {
        host: simulator.local_addr().ip().to_string(),
        port: simulator.local_addr().port(),
        ..front.settings()
    };
    check_refused(plain, "check whether this port speaks TLS").await;
    check_refused(settings(front.address, ""), "check port and tls").await;
}
