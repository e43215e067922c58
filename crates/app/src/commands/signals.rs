//! The signals that ask a process to end.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals so shortly after the first are the same request: `timeout` and supervisors tell the process, and then its
/// whole group.
const SAME_REQUEST: Duration = Duration::from_secs(1);

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

    /// Waits for one that is another request.
    async fn again(&mut self) {
        let same = async {
            loop {
                self.next().await;
            }
        };
        let _ = tokio::time::timeout(SAME_REQUEST, same).await;
        self.next().await;
    }

    /// Runs what ends the process in order; another signal ends it at once.
    pub(super) async fn stop<T>(&mut self, stop: impl Future<Output = T>) -> T {
        tokio::select! {
            stopped = stop => stopped,
            () = self.again() => {
                tracing::warn!("asked again: stopping at once");
                // Not by returning: the runtime would wait for what is being written to the database.
                std::process::exit(1)
            }
        }
    }
}
