//! A POST written to the socket byte by byte, for what no well-behaved client does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestApp;

pub(crate) struct Wire(TcpStream);

impl Wire {
    /// Connects, and sends the head of a request with these further header lines.
    pub(crate) async fn open(app: &TestApp, headers: &str) -> Self {
        let mut wire = Self(TcpStream::connect(app.address).await.expect("a connection"));
        let head = format!(
            "POST /api/Campaigns HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\napi-key: {}\r\n\
             content-type: application/json\r\n{headers}\r\n\r\n",
            app.key.as_str()
        );
        wire.send(head.as_bytes()).await;
        wire
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("an open connection");
    }

    /// Sends one chunk; the empty one ends the body.
    pub(crate) async fn chunk(&mut self, bytes: &[u8]) {
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes()).await;
        self.send(bytes).await;
        self.send(b"\r\n").await;
    }

    /// The first line that comes back, with the empty one behind it.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n\r\n") {
            line.push(self.0.read_u8().await.expect("an open connection"));
        }
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Sends no more.
    pub(crate) async fn hang_up(&mut self) {
        self.0.shutdown().await.expect("an open connection");
    }

    /// Everything that comes back until the server closes.
    pub(crate) async fn answer(mut self) -> String {
        let mut answer = Vec::new();
        // A connection that is reset has no answer.
        let _ = self.0.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}
