//! Outcomes are written down: gathered for a moment, then many in one transaction.

mod verdict;

use std::sync::Arc;

use clarion_domain::breakage::{KillPoint, kill_point};
use clarion_domain::gateway::{MessageRoom, OutcomeSink, Submission, SubmitOutcome};
use clarion_domain::tariff::Tariffs;
use clarion_persistence::messages::{self, Settlement};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use crate::core::Core;
use crate::journal::{Journal, Segment};
use crate::lease::Lease;
use crate::retry::until_done;

pub(crate) use verdict::{broken, lost, settlement, unsent};

/// Most messages that may be marked and not yet settled. When the store is slower than the gateways, marking waits
/// here, so that neither memory nor what a crash leaves unknown grows.
const MAX_OPEN: usize = 20_000;

/// What a sender needs to have its messages settled.
#[derive(Clone)]
pub(crate) struct Desk {
    tariffs: Arc<Tariffs>,
    answers: mpsc::UnboundedSender<Answer>,
    room: Arc<Semaphore>,
}

/// A message's outcome on its way into the ledger.
pub(crate) struct Answer {
    lease: Arc<Lease>,
    pub(crate) settlement: Settlement,
    /// Kept until it is in the journal, or else until it is settled.
    room: MessageRoom,
    /// Where the journal has it.
    noted: Option<Arc<Segment>>,
}

impl Answer {
    /// It cannot get lost any more: the next message may have its room.
    pub(crate) fn noted_in(&mut self, segment: Arc<Segment>) {
        self.noted = Some(segment);
        self.room.give_back();
    }

    /// It is in the ledger.
    fn settled(self) {
        if let Some(segment) = &self.noted {
            segment.settled();
        }
        self.lease.settled();
    }
}

/// Takes the outcomes of one batch.
struct BatchSink {
    tariffs: Arc<Tariffs>,
    gateway: Arc<str>,
    leases: Vec<Arc<Lease>>,
    answers: mpsc::UnboundedSender<Answer>,
}

/// Writes outcomes down.
pub(crate) struct Settler {
    core: Arc<Core>,
    answers: mpsc::UnboundedReceiver<Answer>,
    room: Arc<Semaphore>,
}

/// Where outcomes go in, what notes them at once, and what writes them down. The journal is ended before the settler.
pub(crate) fn open(core: Arc<Core>) -> (Desk, Journal, Settler) {
    let (sender, coming) = mpsc::unbounded_channel();
    let (onward, answers) = mpsc::unbounded_channel();
    let journal = Journal::new(Arc::clone(&core), coming, onward);
    let room = Arc::new(Semaphore::new(MAX_OPEN));
    let desk = Desk {
        tariffs: Arc::clone(&core.settings.tariffs),
        answers: sender,
        room: Arc::clone(&room),
    };
    let settler = Settler {
        core,
        answers,
        room,
    };
    (desk, journal, settler)
}

impl Desk {
    /// Waits until so many messages more may be open. Whoever marks them keeps the permits (`forget`); settling gives
    /// them back.
    pub(crate) async fn room_for(&self, messages: usize) -> Option<SemaphorePermit<'_>> {
        let messages = u32::try_from(messages.min(MAX_OPEN)).ok()?;
        self.room.acquire_many(messages).await.ok()
    }

    /// Where the gateway reports on a batch whose messages are of these units.
    pub(crate) fn sink(&self, gateway: Arc<str>, leases: Vec<Arc<Lease>>) -> Arc<dyn OutcomeSink> {
        Arc::new(BatchSink {
            tariffs: Arc::clone(&self.tariffs),
            gateway,
            leases,
            answers: self.answers.clone(),
        })
    }
}

impl OutcomeSink for BatchSink {
    fn outcome(&self, submission: Submission, outcome: SubmitOutcome, room: MessageRoom) {
        kill_point(KillPoint::Answered);
        let lease = self
            .leases
            .iter()
            .find(|lease| lease.covers(submission.recipient));
        let Some(lease) = lease else {
            tracing::error!(
                gateway = &*self.gateway,
                campaign = submission.recipient.campaign.0,
                seq = submission.recipient.seq,
                "an outcome of a message that was not handed over"
            );
            return;
        };
        // Nobody listens only when the engine has been torn down: the message is then found open at the next claim.
        let _ = self.answers.send(Answer {
            lease: Arc::clone(lease),
            settlement: verdict::settlement(&self.tariffs, &self.gateway, submission, outcome),
            room,
            noted: None,
        });
    }
}

impl Settler {
    /// Settles until the journal, which passes outcomes on, has ended.
    pub(crate) async fn run(mut self) {
        while let Some(first) = self.answers.recv().await {
            let batch = self.gather(first).await;
            self.settle(batch).await;
        }
    }

    /// What comes in within the interval after the first, up to a full batch.
    async fn gather(&mut self, first: Answer) -> Vec<Answer> {
        let most = self.core.settings.settle_batch.max(1);
        let mut batch = vec![first];
        let end = tokio::time::Instant::now() + self.core.settings.settle_interval;
        while batch.len() < most {
            let room = most - batch.len();
            let more = self.answers.recv_many(&mut batch, room);
            match tokio::time::timeout_at(end, more).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => break,
            }
        }
        batch
    }

    async fn settle(&self, batch: Vec<Answer>) {
        let settlements = batch.iter().map(|answer| answer.settlement.clone());
        let settlements: Arc<[Settlement]> = settlements.collect();
        let settled = until_done("settling outcomes", || {
            let settlements = Arc::clone(&settlements);
            self.core.store.write(move |conn| {
                let settled = messages::settle(conn, &settlements)?;
                kill_point(KillPoint::Settling);
                Ok(settled)
            })
        })
        .await;
        self.core.traffic.joined(&settled.joined);
        self.room.add_permits(batch.len());
        batch.into_iter().for_each(Answer::settled);
        self.core.moved.notify_one();
    }
}
