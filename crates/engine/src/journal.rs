//! The journal of this node: what became of messages is noted in a local file at once, while the database hears of it many
//! at a time. A process that is killed in between leaves the file behind, and the next start on this machine settles from it
//! ([ADR 18](../../../docs/adr/0018-a-journal-of-answers.md)).
//!
//! The room of a message in its gateway's window is given back when its outcome is noted here, or else when it is settled: so
//! what a crash leaves unknown is never more than the windows have room for.

mod record;
mod replay;
mod segment;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::core::Core;
use crate::settle::Answer;
use segment::Writer;

pub(crate) use replay::replay;
pub(crate) use segment::Segment;

/// Most outcomes noted by one write.
const BATCH: usize = 1_000;

/// Notes outcomes on their way to being settled.
pub(crate) struct Journal {
    core: Arc<Core>,
    answers: mpsc::UnboundedReceiver<Answer>,
    onward: mpsc::UnboundedSender<Answer>,
    writer: Option<Writer>,
}

impl Journal {
    /// Notes what comes in from there, and passes it on.
    pub(crate) fn new(
        core: Arc<Core>,
        answers: mpsc::UnboundedReceiver<Answer>,
        onward: mpsc::UnboundedSender<Answer>,
    ) -> Self {
        Self {
            core,
            answers,
            onward,
            writer: None,
        }
    }

    /// Notes outcomes until told that no more come, and then what still waits.
    ///
    /// It never lingers for a fuller batch: what comes in during one write is the next one's batch.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        self.open().await;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let received = tokio::select! {
                received = self.answers.recv_many(&mut batch, BATCH) => received,
                () = stop.cancelled(), if !self.answers.is_closed() => {
                    self.answers.close();
                    continue;
                }
            };
            if received == 0 {
                return;
            }
            self.note(&mut batch).await;
            for answer in batch.drain(..) {
                // Nobody listens only when the engine has been torn down: the journal has it.
                let _ = self.onward.send(answer);
            }
        }
    }

    async fn open(&mut self) {
        let directory: Option<PathBuf> = self.core.settings.journal.clone();
        if let Some(directory) = directory {
            let database = replay::database(&self.core).await;
            let node = self.core.settings.node.clone();
            self.writer = Some(Writer::new(directory, node, database));
        }
    }

    /// Notes a batch. Where that fails, each keeps its room until it is settled: sending goes on as fast as the database
    /// takes outcomes, and stops with it.
    async fn note(&mut self, batch: &mut [Answer]) {
        let Some(mut writer) = self.writer.take() else {
            return;
        };
        let settlements = batch.iter().map(|answer| &answer.settlement);
        let frames = record::frames(settlements);
        let count = batch.len();
        let written = spawn_blocking(move || {
            let written = writer.write(&frames, count);
            (writer, written)
        });
        match written.await {
            Ok((writer, Ok(segment))) => {
                self.writer = Some(writer);
                self.recovered();
                for answer in batch {
                    answer.noted_in(Arc::clone(&segment));
                }
            }
            Ok((writer, Err(error))) => {
                self.writer = Some(writer);
                self.failed(&error.to_string());
            }
            Err(error) => self.failed(&error.to_string()),
        }
    }

    fn failed(&self, error: &str) {
        if self.core.trouble.journal_fails(true) {
            error!(
                error,
                "the journal cannot be written: sending goes no faster than the database"
            );
        }
    }

    fn recovered(&self) {
        if self.core.trouble.journal_fails(false) {
            info!("the journal is written again");
        }
    }
}
