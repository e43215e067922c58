//! Web hooks over HTTP: one signed POST for each attempt. Nothing is decided here about what is posted, or when it is tried
//! again.

mod guard;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clarion_domain::gateway::BoxFuture;
use clarion_domain::web_hook::{Answer, Post, Poster, signature, signed_content};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use ring::hmac;

use crate::authorities::{authorities, client_config};
use guard::Guard;

/// How long a connection is kept for the next event.
const IDLE: Duration = Duration::from_secs(30);

/// What is read of an answer's body, so that its connection can be used again; nobody looks at it.
const MOST_READ: usize = 16 * 1_024;

/// How long that may take. The answer itself counts from its first line on.
const DRAIN: Duration = Duration::from_secs(1);

/// How receivers are reached.
#[derive(Debug, Clone, Default)]
pub struct PosterSettings {
    /// Whether receivers may lie outside of the public internet, and this machine itself may be one.
    pub allow_private_addresses: bool,
    /// PEM file of the authorities that receivers' certificates may be issued by; empty: those that the system knows.
    pub tls_ca_file: PathBuf,
}

/// Why there is no way to web hooks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PosterFault {
    /// There are no such authorities.
    #[error("tls_ca_file: {0}")]
    Authorities(String),
    /// There is no HTTP client.
    #[error("there is no HTTP client: {0}")]
    Client(String),
}

/// Chooses whose cryptography other HTTP clients of this process use. To be called before any is made: since encryption is
/// compiled in for the one here, reqwest refuses to make another without it, even one that never encrypts.
pub fn choose_cryptography() {
    // Whoever was first has chosen already.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
}

/// Posts events over HTTP.
pub struct HttpPoster {
    client: Client,
    guard: Guard,
}

impl HttpPoster {
    /// As the settings have it.
    ///
    /// # Errors
    /// The authorities cannot be read.
    pub fn new(settings: &PosterSettings) -> Result<Self, PosterFault> {
        // Where the system knows no authority, receivers without encryption can still be reached.
        let authorities = authorities(&settings.tls_ca_file).map_err(PosterFault::Authorities)?;
        let tls =
            client_config(authorities).map_err(|error| PosterFault::Client(error.to_string()))?;
        let guard = Guard {
            allow_private: settings.allow_private_addresses,
        };
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(guard))
            // A proxy would look names up by itself.
            .no_proxy()
            .redirect(Policy::none())
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("Clarion/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PosterFault::Client(told(error)))?;
        Ok(Self { client, guard })
    }

    async fn attempt(&self, post: Post) -> Result<u16, String> {
        let url = Url::parse(&post.url).map_err(|_| "the address is none".to_owned())?;
        self.guard.check_literal(&url)?;
        let body = serde_json::to_vec(&post.event.body()).map_err(|error| error.to_string())?;
        let timestamp = post.at.timestamp();
        let response = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &post.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", sign(&post, timestamp, &body))
            .body(body)
            .send()
            .await
            .map_err(told)?;
        let status = response.status().as_u16();
        // Late or endless, it changes nothing about the answer.
        let _ = tokio::time::timeout(DRAIN, drain(response)).await;
        Ok(status)
    }
}

impl Poster for HttpPoster {
    fn post(&self, post: Post) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            match self.attempt(post).await {
                Ok(status) => Answer::Status(status),
                Err(reason) => Answer::None(reason),
            }
        })
    }
}

/// By the specification: a signature by each secret.
fn sign(post: &Post, timestamp: i64, body: &[u8]) -> String {
    let content = signed_content(&post.id, timestamp, body);
    signature(post.secrets.iter().map(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
        hmac::sign(&key, &content)
    }))
}

async fn drain(mut response: Response) {
    let mut read = 0;
    while read < MOST_READ
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read += chunk.len();
    }
}

/// What went wrong, for the web hook's owner, with its causes. The address may hold something secret, and stays out of it.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    reason
}
