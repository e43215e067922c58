//! The parts of messages from handsets, until they are whole. Shared by the binds of a gateway, since parts may come over
//! any of them.
//!
//! A part is answered only when its message is stored: what is held here is the peer's still, and comes again where we
//! end before. Parts that stay alone for too long are handed over as they are.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use clarion_domain::gateway::{Inbound, InboundMessage, InboundSink, NotStored};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::wire::coding;
use crate::wire::udh::Place;

/// Unfinished messages that are held; beyond, parts are handed over one by one.
const HELD: usize = 1_000;

/// Joins the parts of messages from handsets.
pub(super) struct Joiner {
    gateway: String,
    sink: Arc<dyn InboundSink>,
    patience: Duration,
    held: Mutex<Held>,
}

/// A part of a message from a handset.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) place: Place,
    pub(super) data_coding: u8,
    pub(super) octets: Bytes,
    pub(super) received_at: DateTime<Utc>,
}

type Answer = oneshot::Sender<Result<(), NotStored>>;

#[derive(Default)]
struct Held {
    unfinished: HashMap<Key, Unfinished>,
    /// Tells one message from a later one under the same key.
    counter: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    source: String,
    destination: String,
    reference: u16,
    parts: u8,
}

struct Unfinished {
    number: u64,
    until: Instant,
    parts: BTreeMap<u8, Part>,
    answers: Vec<Answer>,
}

/// What a part is to its message.
enum Came {
    /// The last that was missing.
    Last(Unfinished),
    /// One of which others are missing; the answer comes with them.
    Early {
        key: Key,
        number: u64,
        until: Instant,
        answer: oneshot::Receiver<Result<(), NotStored>>,
    },
}

impl Joiner {
    pub(super) fn new(gateway: &str, sink: Arc<dyn InboundSink>, patience: Duration) -> Self {
        Self {
            gateway: gateway.to_owned(),
            sink,
            patience,
            held: Mutex::default(),
        }
    }

    /// Takes a part in; ends when its message is stored, whole or as far as it came in time.
    pub(super) async fn receive(self: Arc<Self>, part: Part) -> Result<(), NotStored> {
        match self.put(part, Instant::now()) {
            Came::Last(message) => self.store(message).await,
            Came::Early {
                key,
                number,
                until,
                mut answer,
            } => {
                if let Ok(stored) = tokio::time::timeout_at(until, &mut answer).await {
                    return stored.unwrap_or(Err(NotStored));
                }
                match self.take(&key, number) {
                    Some(message) => self.store(message).await,
                    // Another of its parts was quicker, and stores it.
                    None => answer.await.unwrap_or(Err(NotStored)),
                }
            }
        }
    }

    fn put(&self, part: Part, now: Instant) -> Came {
        let key = Key::of(&part);
        let mut held = self.lock();
        // Whoever waited for these is gone: the peer has their parts still.
        held.unfinished
            .retain(|_, message| message.answers.iter().any(|answer| !answer.is_closed()));
        if held.unfinished.len() >= HELD && !held.unfinished.contains_key(&key) {
            let mut alone = Unfinished::new(0, now);
            alone.parts.insert(part.place.part, part);
            return Came::Last(alone);
        }
        held.counter += 1;
        let number = held.counter;
        let mut message = match held.unfinished.remove(&key) {
            Some(message) => message,
            None => Unfinished::new(number, now + self.patience),
        };
        message.parts.insert(part.place.part, part);
        if message.parts.len() == usize::from(key.parts) {
            return Came::Last(message);
        }
        let (sender, answer) = oneshot::channel();
        message.answers.push(sender);
        let (number, until) = (message.number, message.until);
        held.unfinished.insert(key.clone(), message);
        Came::Early {
            key,
            number,
            until,
            answer,
        }
    }

    fn take(&self, key: &Key, number: u64) -> Option<Unfinished> {
        let mut held = self.lock();
        match held.unfinished.get(key) {
            Some(message) if message.number == number => held.unfinished.remove(key),
            _ => None,
        }
    }

    async fn store(&self, message: Unfinished) -> Result<(), NotStored> {
        let Unfinished { parts, answers, .. } = message;
        let Some(inbound) = joined(parts) else {
            return Err(NotStored);
        };
        let stored = self
            .sink
            .receive(&self.gateway, Inbound::Message(inbound))
            .await;
        for answer in answers {
            // The bind that it came over may be gone; its peer then delivers it again.
            let _ = answer.send(stored);
        }
        stored
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn of(part: &Part) -> Self {
        Self {
            source: part.source.clone(),
            destination: part.destination.clone(),
            reference: part.place.reference,
            parts: part.place.parts,
        }
    }
}

impl Unfinished {
    fn new(number: u64, until: Instant) -> Self {
        Self {
            number,
            until,
            parts: BTreeMap::new(),
            answers: Vec::new(),
        }
    }
}

/// Octets of one coding are read as a whole, since some senders split within a character.
fn joined(parts: BTreeMap<u8, Part>) -> Option<InboundMessage> {
    let mut text = String::new();
    let mut run: Option<(u8, BytesMut)> = None;
    let first = parts.first_key_value()?.1.clone();
    for part in parts.values() {
        match &mut run {
            Some((coding, octets)) if *coding == part.data_coding => {
                octets.extend_from_slice(&part.octets);
            }
            _ => {
                let next = (part.data_coding, BytesMut::from(&part.octets[..]));
                text.extend(run.replace(next).map(decoded));
            }
        }
    }
    text.extend(run.map(decoded));
    Some(InboundMessage {
        text,
        source: first.source,
        destination: first.destination,
        received_at: first.received_at,
    })
}

fn decoded((data_coding, octets): (u8, BytesMut)) -> String {
    coding::decode(&octets, data_coding)
}

#[cfg(test)]
mod tests {
    use clarion_domain::gateway::BoxFuture;
    use futures_util::FutureExt;

    use super::*;

    #[derive(Default)]
    struct Inbox {
        texts: Mutex<Vec<String>>,
        refuses: bool,
    }

    impl InboundSink for Inbox {
        fn receive(&self, _: &str, inbound: Inbound) -> BoxFuture<'static, Result<(), NotStored>> {
            let Inbound::Message(message) = inbound else {
                panic!("no message");
            };
            self.texts.lock().unwrap().push(message.text);
            let answer = if self.refuses { Err(NotStored) } else { Ok(()) };
            Box::pin(std::future::ready(answer))
        }
    }

    fn joiner(inbox: &Arc<Inbox>) -> Arc<Joiner> {
        Arc::new(Joiner::new("main", inbox.clone(), Duration::from_secs(3)))
    }

    fn part(reference: u16, (part, parts): (u8, u8), octets: &[u8]) -> Part {
        Part {
            source: "447700900001".to_owned(),
            destination: "ACME".to_owned(),
            place: Place {
                reference,
                parts,
                part,
            },
            data_coding: 8,
            octets: Bytes::copy_from_slice(octets),
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    fn texts(inbox: &Inbox) -> Vec<String> {
        std::mem::take(&mut inbox.texts.lock().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn parts_are_joined_in_their_order_and_answered_together() {
        let inbox = Arc::new(Inbox::default());
        let joiner = joiner(&inbox);
        // The character lies across both parts.
        let second = tokio::spawn(
            joiner
                .clone()
                .receive(part(1, (2, 2), &[0xdc, 0x33, 0, 0x21])),
        );
        tokio::task::yield_now().await;
        assert_eq!(texts(&inbox), [""; 0]);
        let other = tokio::spawn(joiner.clone().receive(part(2, (2, 2), &[0, 0x41])));
        tokio::task::yield_now().await;
        assert_eq!(
            joiner.clone().receive(part(1, (1, 2), &[0xd8, 0x3d])).await,
            Ok(())
        );
        assert_eq!(texts(&inbox), ["🐳!"]);
        assert_eq!(second.await.unwrap(), Ok(()));
        assert!(!other.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_alone_is_handed_over_as_far_as_it_came() {
        let inbox = Arc::new(Inbox::default());
        let joiner = joiner(&inbox);
        let begun = Instant::now();
        let third = joiner.clone().receive(part(1, (3, 3), &[0, 0x43]));
        let first = joiner.clone().receive(part(1, (1, 3), &[0, 0x41]));
        assert_eq!(tokio::join!(third, first), (Ok(()), Ok(())));
        assert_eq!(texts(&inbox), ["AC"]);
        assert_eq!(begun.elapsed().as_secs(), 3);
        assert!(joiner.lock().unfinished.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_cannot_be_stored_is_refused_with_all_its_parts() {
        let inbox = Arc::new(Inbox {
            refuses: true,
            ..Inbox::default()
        });
        let joiner = joiner(&inbox);
        let first = joiner.clone().receive(part(1, (1, 2), &[0, 0x41]));
        let second = joiner.clone().receive(part(1, (2, 2), &[0, 0x42]));
        assert_eq!(
            tokio::join!(first, second),
            (Err(NotStored), Err(NotStored))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn parts_whose_bind_is_gone_are_forgotten_and_may_come_again() {
        let inbox = Arc::new(Inbox::default());
        let joiner = joiner(&inbox);
        let lost = tokio::spawn(joiner.clone().receive(part(1, (1, 2), &[0, 0x41])));
        tokio::task::yield_now().await;
        lost.abort();
        let _ = lost.await;
        let second = tokio::spawn(joiner.clone().receive(part(1, (2, 2), &[0, 0x42])));
        tokio::task::yield_now().await;
        assert_eq!(texts(&inbox), [""; 0]);
        assert_eq!(
            joiner.clone().receive(part(1, (1, 2), &[0, 0x41])).await,
            Ok(())
        );
        assert_eq!(second.await.unwrap(), Ok(()));
        assert_eq!(texts(&inbox), ["AB"]);
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_what_can_be_held_parts_are_handed_over_at_once() {
        let inbox = Arc::new(Inbox::default());
        let joiner = joiner(&inbox);
        let mut held: Vec<_> = (0..1_000)
            .map(|reference| Box::pin(joiner.clone().receive(part(reference, (1, 2), &[0, 0x41]))))
            .collect();
        for waits in &mut held {
            assert_eq!(waits.as_mut().now_or_never(), None);
        }
        let further = joiner.clone().receive(part(1_000, (1, 2), &[0, 0x42]));
        assert_eq!(further.await, Ok(()));
        assert_eq!(texts(&inbox), ["B"]);
    }
}
