//! The signals that ask a process to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, taken from the moment this is made.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn take() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Runs what ends the process in order; another signal ends it at once.
    pub(super) async fn stop<T>(&mut self, stop: impl Future<Output = T>) -> T {
        tokio::select! {
            stopped = stop => stopped,
            () = self.next() => {
                tracing::warn!("asked again: stopping at once");
                // Not by returning: the runtime would wait for what is being written to the database.
                std::process::exit(1)
            }
        }
    }
}
