//! A receiver of web hooks, at a free port.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Far longer than a busy machine needs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Keeps what it is told.
pub(crate) struct Receiver {
    pub(crate) url: String,
    requests: mpsc::UnboundedReceiver<Told>,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    head: String,
    pub(crate) text: String,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = headers.find(|(given, _)| given.eq_ignore_ascii_case(name));
        found
            .unwrap_or_else(|| panic!("no {name}: {}", self.head))
            .1
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }
}

impl Receiver {
    /// Answers everything with this status.
    pub(crate) async fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (told, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, status, told.clone()));
            }
        });
        Self {
            url: format!("http://{address}/hook"),
            requests,
        }
    }

    /// The next request.
    pub(crate) async fn told(&mut self) -> Told {
        let told = timeout(DEADLINE, self.requests.recv()).await;
        told.expect("nothing came").expect("a request")
    }
}

async fn serve(mut stream: TcpStream, status: u16, told: mpsc::UnboundedSender<Told>) {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or_default();
        if count == 0 {
            return;
        }
        read.extend_from_slice(&buffer[..count]);
        if let Some(request) = whole(&read) {
            let _ = told.send(request);
            read.clear();
            let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    }
}

/// A request, once all of it is there.
fn whole(read: &[u8]) -> Option<Told> {
    let text = String::from_utf8(read.to_vec()).ok()?;
    let (head, text) = text.split_once("\r\n\r\n")?;
    let told = Told {
        head: head.to_owned(),
        text: text.to_owned(),
    };
    let length: usize = told.header("content-length").parse().ok()?;
    (told.text.len() == length).then_some(told)
}
