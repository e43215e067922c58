//! What waits in the mailboxes outlives a stop in a file beside the log, as a real SMSC's store does: without it, a
//! service that restarts with its own simulator would wait for receipts that never come.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::mailbox::Delivery;

/// One delivery and whom it is for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) system_id: String,
    pub(super) delivery: Delivery,
}

/// `simulator.ndjson` has `simulator.waiting.ndjson` beside it.
pub(super) fn beside(log: &Path) -> PathBuf {
    log.with_extension("waiting.ndjson")
}

/// Writes what waits; nothing waiting leaves no file.
pub(super) fn save(path: &Path, waiting: &[Kept]) -> io::Result<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for kept in waiting {
        text.push_str(&serde_json::to_string(kept)?);
        text.push('\n');
    }
    fs::write(path, text)
}

/// Reads what waited, and removes the file: from now on it waits in the mailboxes again.
pub(super) fn load(path: &Path) -> io::Result<Vec<Kept>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    let kept = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    fs::remove_file(path)?;
    Ok(kept)
}
