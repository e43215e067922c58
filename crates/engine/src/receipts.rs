//! What comes in from the gateways: receipts and replies are stored before they are answered, many in one transaction, and
//! with them what became of messages whose outcome was unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::breakage::{KillPoint, kill_point};
use clarion_domain::gateway::{BoxFuture, DeliveryReceipt, Inbound, InboundSink, NotStored};
use clarion_domain::tariff::Tariffs;
use clarion_persistence::messages::{self, Receipts, Settlement};
use clarion_persistence::{Conn, StoreError};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::core::Core;
use crate::replies::ReplyRules;
use crate::settle::settlement;

/// Receipts and replies that wait at most; beyond it the gateways wait, and through them the providers.
const WAITING: usize = 4_096;
/// Most of them stored in one transaction.
const BATCH: usize = 1_000;

/// A receipt or reply on its way into the store.
struct Incoming {
    gateway: String,
    inbound: Inbound,
    stored: oneshot::Sender<Result<(), NotStored>>,
}

/// Where the gateways put what comes in. It exists before the gateways do, and before anything is started: what comes
/// early waits.
pub(crate) struct Inbox {
    queue: mpsc::Sender<Incoming>,
    waiting: Mutex<mpsc::Receiver<Incoming>>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        Self {
            queue,
            waiting: Mutex::new(waiting),
        }
    }
}

impl InboundSink for Inbox {
    fn receive(
        &self,
        gateway: &str,
        inbound: Inbound,
    ) -> BoxFuture<'static, Result<(), NotStored>> {
        let (stored, answer) = oneshot::channel();
        let incoming = Incoming {
            gateway: gateway.to_owned(),
            inbound,
            stored,
        };
        let queue = self.queue.clone();
        Box::pin(async move {
            queue.send(incoming).await.map_err(|_| NotStored)?;
            answer.await.unwrap_or(Err(NotStored))
        })
    }
}

/// Stores receipts and replies until told that no more come, and then what still waits.
///
/// It never lingers for a fuller batch: what comes in during one transaction is the next one's batch, and a provider
/// that sends one receipt at a time is not slowed down.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    let inbox = Arc::clone(&core.inbox);
    let mut waiting = inbox.waiting.lock().await;
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let received = tokio::select! {
            received = waiting.recv_many(&mut batch, BATCH) => received,
            () = stop.cancelled(), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        store(&core, std::mem::take(&mut batch)).await;
    }
}

/// Stores a batch and answers each that it holds. What could not be stored is not kept here: the provider has it still,
/// and sends it again.
async fn store(core: &Core, batch: Vec<Incoming>) {
    let (answers, received): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|incoming| (incoming.stored, (incoming.gateway, incoming.inbound)))
        .unzip();
    let late = late_settlements(&core.settings.tariffs, &received);
    let (replies, now) = (Arc::clone(&core.replies), core.now());
    let written = core
        .store
        .write(move |conn| write(conn, &replies, &late, &received, now))
        .await;
    let stored = match written {
        Ok(Written {
            by_gateway,
            answers,
        }) => {
            if answers {
                core.wake();
            }
            for (gateway, receipts) in by_gateway {
                debug!(gateway, ?receipts, "receipts stored");
                core.traffic
                    .matched(&gateway, receipts.matched + receipts.repeated);
            }
            Ok(())
        }
        Err(error) => {
            warn!(%error, count = answers.len(), "receipts and replies could not be stored");
            Err(NotStored)
        }
    };
    kill_point(KillPoint::Received);
    for answer in answers {
        // A gateway that has hung up meanwhile needs no answer.
        let _ = answer.send(stored);
    }
    core.moved.notify_one();
}

/// What came of a batch.
struct Written {
    by_gateway: Vec<(String, Receipts)>,
    /// A reply is to be answered.
    answers: bool,
}

/// Replies come first: they may change consent, whose lock comes before all others. So may receipts, by which providers tell of
/// opt-outs.
fn write(
    conn: &mut Conn,
    replies: &ReplyRules,
    late: &[Settlement],
    received: &[(String, Inbound)],
    now: DateTime<Utc>,
) -> Result<Written, StoreError> {
    let mut answers = false;
    let mut receipts: BTreeMap<&str, Vec<DeliveryReceipt>> = BTreeMap::new();
    for (gateway, inbound) in received {
        match inbound {
            Inbound::Receipt(receipt) => {
                receipts.entry(gateway).or_default().push(receipt.clone());
            }
            Inbound::Message(message) => answers |= replies.take(conn, gateway, message, now)?,
            Inbound::Late(_) => {}
        }
    }
    for (gateway, receipts) in &receipts {
        messages::lock_for_receipts(conn, gateway, receipts)?;
    }
    // Before receipts, since those of the same batch may be about their parts.
    let mut by_gateway = settle_late(conn, late)?;
    for (gateway, receipts) in receipts {
        let receipts = messages::apply_receipts(conn, gateway, &receipts)?;
        by_gateway.push((gateway.to_owned(), receipts));
    }
    Ok(Written {
        by_gateway,
        answers,
    })
}

/// What became of messages after all.
fn late_settlements(tariffs: &Tariffs, received: &[(String, Inbound)]) -> Vec<Settlement> {
    let late = |(gateway, inbound): &(String, Inbound)| match inbound {
        Inbound::Late(late) => {
            let (submission, outcome) = (late.submission.clone(), late.outcome.clone());
            Some(settlement(tariffs, gateway, submission, outcome))
        }
        Inbound::Receipt(_) | Inbound::Message(_) => None,
    };
    received.iter().filter_map(late).collect()
}

/// Settles messages that were unknown; the receipts that had waited for them.
fn settle_late(
    conn: &mut Conn,
    late: &[Settlement],
) -> Result<Vec<(String, Receipts)>, StoreError> {
    let joined = messages::settle(conn, late)?.joined.into_iter();
    let receipts = |matched| Receipts {
        matched,
        ..Receipts::default()
    };
    Ok(joined
        .map(|(gateway, matched)| (gateway, receipts(matched)))
        .collect())
}
