//! The simulator's log: one line of JSON per event, so that what a campaign really did can be checked against it.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Takes the lines; without a file it takes none.
#[derive(Debug, Clone)]
pub(super) struct Journal(Option<mpsc::UnboundedSender<Vec<u8>>>);

/// One event. What it does not have is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line<'a> {
    #[serde(serialize_with = "rfc3339")]
    pub(super) t: DateTime<Utc>,
    pub(super) event: &'static str,
    /// The number of the connection, from 1.
    pub(super) bind: u64,
    pub(super) sequence: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destination: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decision: Option<Cow<'a, str>>,
}

fn rfc3339<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

impl Journal {
    /// A log that goes nowhere.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Opens the file, behind what it holds, and starts its writer, which ends with the last journal.
    pub(super) fn open(path: &Path) -> io::Result<(Self, JoinHandle<()>)> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        // Unbounded: the log is the evidence, so no line may be dropped, and a session must not wait for the disk. The
        // disk is far faster than the sessions are.
        let (sender, lines) = mpsc::unbounded_channel();
        let writer = tokio::task::spawn_blocking(move || write(file, lines));
        Ok((Self(Some(sender)), writer))
    }

    /// Writes one line, soon; without a file the line is not even made.
    pub(super) fn write<'a>(&self, line: impl FnOnce() -> Line<'a>) {
        let Some(sender) = &self.0 else {
            return;
        };
        if let Ok(mut octets) = serde_json::to_vec(&line()) {
            octets.push(b'\n');
            // The writer ends only after the last journal.
            let _ = sender.send(octets);
        }
    }
}

/// Flushed whenever nothing waits.
fn write(file: File, mut lines: mpsc::UnboundedReceiver<Vec<u8>>) {
    let mut file = BufWriter::with_capacity(1 << 18, file);
    while let Some(line) = lines.blocking_recv() {
        let mut written = file.write_all(&line);
        while let Ok(line) = lines.try_recv() {
            written = written.and_then(|()| file.write_all(&line));
        }
        if let Err(error) = written.and_then(|()| file.flush()) {
            tracing::error!(%error, "the simulator cannot write its log");
        }
    }
}
