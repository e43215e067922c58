//! As much of HTTP/1.1 as is needed to speak to the service: one request a connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// A service that has not answered by then is not going to.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer: its status, and its body as far as that is JSON.
#[derive(Debug)]
pub struct Answer {
    /// As in RFC 9110.
    pub status: u16,
    /// Null where it is no JSON.
    pub body: Value,
}

/// A request.
pub struct Request<'a> {
    /// GET and the like.
    pub method: &'a str,
    /// From the first slash on.
    pub path: &'a str,
    /// The API key.
    pub key: &'a str,
    /// JSON; may be empty.
    pub body: &'a str,
}

/// Sends it and reads the answer.
///
/// # Errors
/// Nobody answers in time, or not in HTTP.
pub fn call(at: SocketAddr, request: &Request<'_>) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Request {
        method, path, key, ..
    } = request;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n",
        request.body.len()
    );
    stream.write_all(format!("{head}\r\n{}", request.body).as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    read(&String::from_utf8_lossy(&bytes))
}

fn read(text: &str) -> anyhow::Result<Answer> {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        bail!("the answer broke off");
    };
    let status = head.split(' ').nth(1).context("no status line")?.parse()?;
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    Ok(Answer { status, body })
}
