//! Load over HTTP/1.1 from one thread: connections that are kept, each with one request at a time, and no more of HTTP than
//! that needs, since it shares the machine with what it measures.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::statistics::Latencies;
use crate::usage;

/// How long an answer to the largest request may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Requests that are sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) at: SocketAddr,
    /// Whole requests; each in its turn.
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
    pub(crate) connections: usize,
    pub(crate) until: Until,
    /// The status that each answer must have.
    pub(crate) status: u16,
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// After so many requests.
    Count(usize),
    /// After so long.
    Passed(Duration),
}

/// What came of a load.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) requests: usize,
    pub(crate) seconds: f64,
    pub(crate) latencies: Latencies,
    /// What making it took of the processors, in seconds.
    pub(crate) own_processor_seconds: f64,
}

impl Answered {
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// What making the load took, in microseconds a request.
    pub(crate) fn own_micros(&self) -> f64 {
        self.own_processor_seconds * 1e6 / self.requests as f64
    }
}

impl Load {
    /// Sends it.
    pub(crate) fn run(&self) -> anyhow::Result<Answered> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let worked = usage::processor_seconds(std::process::id())?;
        let begun = Instant::now();
        let times = runtime.block_on(self.all_connections(begun))?;
        let seconds = begun.elapsed().as_secs_f64();
        let worked = usage::processor_seconds(std::process::id())? - worked;
        Ok(Answered {
            requests: times.len(),
            seconds,
            latencies: Latencies::new(times),
            own_processor_seconds: worked,
        })
    }

    async fn all_connections(&self, begun: Instant) -> anyhow::Result<Vec<Duration>> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            let (load, next) = (self.clone(), Arc::clone(&next));
            connections.spawn(async move { load.one_connection(&next, begun).await });
        }
        let mut all = Vec::new();
        while let Some(times) = connections.join_next().await {
            all.append(&mut times??);
        }
        Ok(all)
    }

    async fn one_connection(
        &self,
        next: &AtomicUsize,
        begun: Instant,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut connection = Connection::open(self.at).await?;
        let mut times = Vec::new();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let is_over = match self.until {
                Until::Count(count) => nth >= count,
                Until::Passed(time) => begun.elapsed() >= time,
            };
            if is_over {
                return Ok(times);
            }
            let request = self.requests.get(nth % self.requests.len());
            let request = request.context("no request")?;
            let sent = Instant::now();
            let status = connection.call(request).await?;
            times.push(sent.elapsed());
            if status != self.status {
                bail!(
                    "{} was answered with {status}",
                    String::from_utf8_lossy(request)
                        .lines()
                        .next()
                        .unwrap_or_default()
                );
            }
        }
    }
}

/// A connection that is kept.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(at: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(1 << 16),
        })
    }

    /// Sends a request and reads its answer; the status.
    async fn call(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the connection was closed");
            if let Some(status) = status_of_whole(&self.buffer)? {
                return Ok(status);
            }
        }
    }
}

/// The status of an answer, once all of it is there.
fn status_of_whole(answer: &[u8]) -> anyhow::Result<Option<u16>> {
    let Some(head_length) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, rest) = answer.split_at(head_length);
    let head = std::str::from_utf8(head)?;
    let body = rest.len() - b"\r\n\r\n".len();
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let is_whole = match header(head, "content-length") {
        Some(length) => body >= length.parse::<usize>()?,
        None if header(head, "transfer-encoding").is_some() => rest.ends_with(b"\r\n0\r\n\r\n"),
        None => true,
    };
    Ok(is_whole.then_some(status))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = headers.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}

/// A request as it is written.
pub(crate) fn request(method: &str, path: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Posts a file of JSON, which the kernel alone carries to the socket; what was answered to it.
pub(crate) fn post_file(
    at: SocketAddr,
    path: &str,
    key: &str,
    file: &Path,
) -> anyhow::Result<serde_json::Value> {
    let mut file = std::fs::File::open(file)?;
    let length = file.metadata()?.len();
    let mut stream = std::net::TcpStream::connect(at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )?;
    std::io::copy(&mut file, &mut stream)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("it broke off")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(status.starts_with('2'), "{path} answered {head}\n{body}");
    Ok(serde_json::from_str(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-le", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", Some(200)),
            ("HTTP/1.1 204 No Content\r\n\r\n", Some(204)),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n",
                None,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
                Some(200),
            ),
        ] {
            let found = status_of_whole(answer.as_bytes()).unwrap();
            assert_eq!(found, expected, "{answer}");
        }
    }
}
