//! What comes in from the gateways: receipts are stored before they are answered, many in one transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clarion_domain::gateway::{
    BoxFuture, DeliveryReceipt, Inbound, InboundMessage, InboundSink, NotStored,
};
use clarion_persistence::messages;
use futures_util::FutureExt;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::core::Core;

/// Receipts that wait at most; beyond it the gateways wait, and through them the providers.
const WAITING: usize = 4_096;
/// Most receipts stored in one transaction.
const BATCH: usize = 1_000;

/// A receipt on its way into the store.
struct Incoming {
    gateway: String,
    receipt: DeliveryReceipt,
    stored: oneshot::Sender<Result<(), NotStored>>,
}

/// Where the gateways put what comes in. It exists before the gateways do, and before anything is started: what comes
/// early waits.
pub(crate) struct Inbox {
    queue: mpsc::Sender<Incoming>,
    waiting: Mutex<mpsc::Receiver<Incoming>>,
    replies: AtomicU64,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        Self {
            queue,
            waiting: Mutex::new(waiting),
            replies: AtomicU64::new(0),
        }
    }

    /// Replies have no table yet. Refusing one would make the provider send it forever, so it is answered, counted and
    /// told to the operator.
    fn note_reply(&self, gateway: &str, message: &InboundMessage) {
        let count = self.replies.fetch_add(1, Ordering::Relaxed) + 1;
        let source = masked(&message.source);
        warn!(
            gateway,
            source, count, "a reply came in; replies are not kept"
        );
    }
}

impl InboundSink for Inbox {
    fn receive(
        &self,
        gateway: &str,
        inbound: Inbound,
    ) -> BoxFuture<'static, Result<(), NotStored>> {
        let receipt = match inbound {
            Inbound::Receipt(receipt) => receipt,
            Inbound::Message(message) => {
                self.note_reply(gateway, &message);
                return futures_util::future::ready(Ok(())).boxed();
            }
        };
        let (stored, answer) = oneshot::channel();
        let incoming = Incoming {
            gateway: gateway.to_owned(),
            receipt,
            stored,
        };
        let queue = self.queue.clone();
        Box::pin(async move {
            queue.send(incoming).await.map_err(|_| NotStored)?;
            answer.await.unwrap_or(Err(NotStored))
        })
    }
}

/// Stores receipts until told that no more come, and then what still waits.
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

/// Stores a batch and answers each of its receipts. What could not be stored is not kept here: the provider has it
/// still, and sends it again.
async fn store(core: &Core, batch: Vec<Incoming>) {
    let mut by_gateway: HashMap<String, Vec<DeliveryReceipt>> = HashMap::new();
    let mut answers = Vec::with_capacity(batch.len());
    for incoming in batch {
        by_gateway
            .entry(incoming.gateway)
            .or_default()
            .push(incoming.receipt);
        answers.push(incoming.stored);
    }
    let stored = core
        .store
        .write(move |conn| {
            by_gateway.iter().try_for_each(|(gateway, receipts)| {
                let receipts = messages::apply_receipts(conn, gateway, receipts)?;
                debug!(gateway, ?receipts, "receipts stored");
                Ok(())
            })
        })
        .await
        .map_err(|error| {
            warn!(%error, receipts = answers.len(), "receipts could not be stored");
            NotStored
        });
    for answer in answers {
        // A gateway that has hung up meanwhile needs no answer.
        let _ = answer.send(stored);
    }
    core.moved.notify_one();
}

/// A number as a log may show it: its last three characters.
fn masked(number: &str) -> String {
    let shown = number
        .char_indices()
        .rev()
        .nth(2)
        .map_or("", |(at, _)| &number[at..]);
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_its_end_only() {
        assert_eq!(masked("+447700900123"), "…123");
        assert_eq!(masked("12"), "…");
        assert_eq!(masked("12ü4"), "…2ü4");
    }
}
