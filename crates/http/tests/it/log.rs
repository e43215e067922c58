//! What the log shows of a request, and what it must not.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Answer, campaign, on_each_database};

/// The log of this process, kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The only test that sets the log up for the whole process, since the server's threads write it.
#[tokio::test]
async fn no_line_shows_a_key_a_number_or_a_text() {
    let log = Kept::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    on_each_database(async |app| {
        let key = app.key.as_str();
        let path = format!("/api/Campaigns?api-key={key}");
        let post = app
            .anonymous(Method::POST, &path)
            .header("x-request-id", "order-4711");
        assert_eq!(Answer::to(post.json(&campaign())).await.status, 201);
        let log = log.text();
        assert!(log.contains("order-4711"), "the request is in the log");
        for secret in [&key[4..], "07700 900001", "447700900001", "Ann", "Hello"] {
            assert!(!log.contains(secret), "{secret} is in the log");
        }
    })
    .await;
}
