//! Tracers that kill a node at one of its writes, or have it fail to write.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clarion_rig::node::{Node, lines_of};
use clarion_rig::program::signal;

/// A tracer that has not attached by then does not.
const START: Duration = Duration::from_secs(60);
/// The system calls by which anything leaves the process.
const WRITES: &str = "sendto,sendmsg,write,writev,pwrite64,fdatasync";

/// One that is attached to a node, until it is dropped.
pub(crate) struct Tracer(Child);

impl Tracer {
    /// Has a node fail to write to a SQLite database, as on a file system that has become read-only, until the tracer goes.
    pub(crate) fn refuse_writes(node: &Node, database: &Path) -> anyhow::Result<Self> {
        let mut strace = Command::new("strace");
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            strace.arg("-P").arg(path);
        }
        let refused = "pwrite64,write,ftruncate,fallocate,fdatasync,fsync";
        strace
            .arg(format!("--trace={refused}"))
            .arg(format!("--inject={refused}:error=EROFS"));
        Self::attach(node, strace)
    }

    /// Has a node killed at the `nth` write that any one of its threads begins from now on.
    pub(crate) fn kill_at_write(node: &Node, nth: u64) -> anyhow::Result<Self> {
        let mut strace = Command::new("strace");
        strace
            .arg(format!("--trace={WRITES}"))
            .arg(format!("--inject={WRITES}:signal=KILL:when={nth}"));
        Self::attach(node, strace)
    }

    fn attach(node: &Node, mut strace: Command) -> anyhow::Result<Self> {
        let mut child = strace
            .args(["-f", "-o", "/dev/null", "-p"])
            .arg(node.process().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .context("strace does not start")?;
        let said = lines_of(child.stderr.take().context("no output")?);
        let line = said.recv_timeout(START).unwrap_or_default();
        if line.contains("attached") {
            return Ok(Self(child));
        }
        drop(child.kill());
        bail!("strace could not attach: {line}")
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // It lets go of the process where it has not killed it.
        drop(signal("INT", self.0.id()));
        drop(self.0.wait());
    }
}
