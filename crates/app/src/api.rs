//! The API as a caller sees it: how commands speak to a running service, which may be another machine's.

mod answer;
mod error;

use std::time::Duration;

use clarion_gateway::web_hooks::choose_cryptography;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Body, Client, Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub(crate) use answer::{Campaign, Contact, Created, Page};
pub(crate) use error::{ApiError, Refusal};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait for an answer that takes no work.
const ANSWER: Duration = Duration::from_secs(60);

/// A running service, and the key it is spoken to with.
pub(crate) struct Api {
    http: Client,
    address: String,
    key: String,
}

impl Api {
    /// The service at an address, with or without the `/api` at its end.
    pub(crate) fn new(address: &str, key: String) -> Result<Self, ApiError> {
        let address = address.trim_end_matches('/');
        let address = address.strip_suffix("/api").unwrap_or(address);
        if !["https://", "http://"]
            .iter()
            .any(|scheme| address.starts_with(scheme))
        {
            return Err(ApiError::Scheme);
        }
        choose_cryptography();
        let http = Client::builder().connect_timeout(CONNECT).build();
        Ok(Self {
            http: http.map_err(|error| ApiError::unreachable(&error))?,
            address: address.to_owned(),
            key,
        })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Reads a resource.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, ApiError> {
        let request = self.request(Method::GET, path).query(query).timeout(ANSWER);
        read(self.send(request).await?).await
    }

    /// Has something done that answers nothing.
    pub(crate) async fn act(&self, method: Method, path: &str) -> Result<(), ApiError> {
        let request = self.request(method, path).timeout(ANSWER);
        self.send(request).await.map(drop)
    }

    /// A campaign.
    pub(crate) async fn campaign(&self, id: Uuid) -> Result<Campaign, ApiError> {
        self.get(&format!("Campaigns/{id}"), &[]).await
    }

    /// Creates a campaign. However often it is asked to with one key, there is one campaign.
    pub(crate) async fn create(
        &self,
        body: Body,
        ignore_invalid: bool,
        idempotency_key: &str,
    ) -> Result<Created, ApiError> {
        let request = self
            .request(Method::POST, &format!("Campaigns/{ignore_invalid}"))
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", idempotency_key)
            .body(body);
        let answer = self.send(request).await?;
        let headers = answer.headers().clone();
        Ok(Created {
            id: read(answer).await?,
            invalid: count(&headers, "X-Invalid-Contacts"),
            duplicates: count(&headers, "X-Duplicate-Contacts"),
            is_replayed: headers.contains_key("Idempotency-Replayed"),
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/{path}", self.address);
        self.http.request(method, url).bearer_auth(&self.key)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ApiError> {
        let sent = request.send().await;
        let answer = sent.map_err(|error| ApiError::unreachable(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let body = answer.bytes().await;
        let body = body.map_err(|error| ApiError::unreachable(&error))?;
        Err(ApiError::answered(status, &body))
    }
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, ApiError> {
    let status = answer.status().as_u16();
    let body = answer.bytes().await;
    let body = body.map_err(|error| ApiError::unreachable(&error))?;
    serde_json::from_slice(&body).map_err(|_| ApiError::Foreign { status })
}

fn count(headers: &HeaderMap, name: &str) -> u64 {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}
