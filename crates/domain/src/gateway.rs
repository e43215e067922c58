//! The port to the ways out: what the engine asks of a gateway, and what a gateway hands back. SMPP and HTTP providers
//! implement it in the crate `gateway`; the engine implements the two sinks.
//!
//! The order that keeps a message from being lost or sent twice: *reserve* room in the window, *mark* the recipients in
//! the ledger (the engine), only then *submit*.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::message::MessageStatus;
use crate::phone::PhoneNumber;
use crate::recipient::RecipientKey;
use crate::sender::SenderId;

/// A boxed future: the ports are used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A way out.
pub trait Gateway: Send + Sync {
    /// The name given in the configuration.
    fn name(&self) -> &str;

    /// Waits until there is room for at least one message, and takes room for at most `most` (≥ 1).
    ///
    /// While no bind is up it waits: what cannot be written is not marked.
    ///
    /// # Errors
    /// [`Stopped`] once [`Gateway::stop`] was called.
    fn reserve(&self, most: usize) -> BoxFuture<'_, Result<Reservation, Stopped>>;

    /// Hands over marked messages, no more than `reservation.slots()`. Each gets exactly one call of
    /// [`OutcomeSink::outcome`], which is given its slot: that is free again when it is dropped. Slots without a message are
    /// free at once.
    fn submit(
        &self,
        reservation: Reservation,
        batch: Vec<Submission>,
        outcomes: Arc<dyn OutcomeSink>,
    );

    /// How many binds it has in the whole cluster, each of which is kept by the node that has leased it. 0: it has nothing
    /// that only one node could have, and any node uses it as it is.
    fn binds(&self) -> u16 {
        0
    }

    /// Keeps these of its binds, numbered from 0, until that moment (`None`: as long as it runs), and closes all others:
    /// no more is begun on them, and what is in flight is answered first. Its rates are limited to the share of its binds
    /// that are not closed.
    fn keep(&self, binds: &BTreeSet<u16>, until: Option<Instant>) {
        let _ = (binds, until);
    }

    /// Waits until that bind, which is not to be kept, is closed.
    fn closed(&self, bind: u16) -> BoxFuture<'_, ()> {
        let _ = bind;
        Box::pin(std::future::ready(()))
    }

    /// What there is to see of it now.
    fn state(&self) -> GatewayState;

    /// Takes no more, waits for what is in flight (bounded by the response timeout), unbinds and closes.
    fn stop(&self) -> BoxFuture<'_, ()>;
}

/// Room for messages in a gateway's window; given back when dropped.
pub struct Reservation {
    slots: usize,
    room: Box<dyn Any + Send>,
}

impl Reservation {
    /// Room for `slots` messages; `room` is the gateway's own proof of it.
    #[must_use]
    pub fn new(slots: usize, room: Box<dyn Any + Send>) -> Self {
        Self { slots, room }
    }

    /// How many messages it has room for.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// The gateway's own proof of the room.
    #[must_use]
    pub fn into_room(self) -> Box<dyn Any + Send> {
        self.room
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}

/// One message's room in a gateway's window; given back when dropped.
pub struct MessageRoom(Option<Box<dyn Any + Send>>);

impl MessageRoom {
    /// `room` is given back with it.
    #[must_use]
    pub fn new(room: impl Any + Send) -> Self {
        Self(Some(Box::new(room)))
    }

    /// No room at all.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Gives it back.
    pub fn give_back(&mut self) {
        self.0 = None;
    }
}

impl fmt::Debug for MessageRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MessageRoom")
            .field(&self.0.is_some())
            .finish()
    }
}

/// The gateway takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway has stopped")]
pub struct Stopped;

/// One message to be sent. The gateway splits it into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Whose message it is.
    pub recipient: RecipientKey,
    /// From 1; a resend counts up.
    pub attempt: i16,
    /// From whom.
    pub sender: SenderId,
    /// To whom.
    pub destination: PhoneNumber,
    /// The rendered text, any length.
    pub text: Arc<str>,
    /// Reference that ties the parts of a long message together; the same on a resend.
    pub reference: u16,
    /// After this moment it is not tried again.
    pub valid_until: Option<DateTime<Utc>>,
    /// From this moment on it is not begun: what nothing was written of is handed back as never written. What is begun is
    /// ended, since a part alone is of no use.
    pub not_begun_from: Option<DateTime<Utc>>,
}

/// What became of a submission: one outcome per part, in order; at least one.
///
/// A gateway that loses its peer between the parts writes the rest later. `NotWritten` beside other outcomes therefore
/// means that it stopped before it could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitOutcome {
    /// Each part's.
    pub parts: Vec<PartOutcome>,
    /// When the last part was answered or given up.
    pub at: DateTime<Utc>,
}

/// What became of one part. The difference between `NotWritten` and `Unknown` is what keeps a message from being sent twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartOutcome {
    /// The provider took it under this id, kept as it came.
    Accepted {
        /// As the provider wrote it.
        provider_id: String,
    },
    /// The provider refused it for good.
    Refused {
        /// What the message ends as.
        status: MessageStatus,
        /// The provider's raw code, as in `0x0000000B`.
        code: String,
    },
    /// It never left this process, so sending it again cannot send it twice.
    NotWritten,
    /// It made the gateway panic, and never left this process: trying it again may well do the same.
    Broke,
    /// It was written and not answered. An answer that comes later is an [`Inbound::Late`].
    Unknown,
}

/// Takes outcomes. Called from a gateway's task: it must not block, and needs no bound of its own, since whoever keeps the
/// room of what is under way has no more of it than the windows have.
pub trait OutcomeSink: Send + Sync {
    /// One message's outcome. Its room is for the next message once this outcome cannot get lost any more.
    fn outcome(&self, submission: Submission, outcome: SubmitOutcome, room: MessageRoom);
}

/// Takes what comes in from a gateway.
pub trait InboundSink: Send + Sync {
    /// Stores it. The gateway answers its peer only after `Ok`; on `Err` it answers with a temporary error, so that the
    /// peer tries again.
    fn receive(&self, gateway: &str, inbound: Inbound)
    -> BoxFuture<'static, Result<(), NotStored>>;
}

/// It could not be stored now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not stored")]
pub struct NotStored;

/// What comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A delivery receipt.
    Receipt(DeliveryReceipt),
    /// A message from a handset: a reply.
    Message(InboundMessage),
    /// What became of a message whose outcome was told as unknown.
    Late(Box<LateOutcome>),
}

/// What became of a message after all: answers came that had been given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateOutcome {
    /// The message, as it was handed over.
    pub submission: Submission,
    /// In which no part is unknown any more.
    pub outcome: SubmitOutcome,
}

/// A delivery receipt, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// As the provider wrote it.
    pub provider_id: String,
    /// The canonical form of the id in the submit response that it answers, as the gateway's settings have it
    /// (`receipt::response_id`): what it is matched by. `provider_id` is for people, and for the hint which other form
    /// would match (`receipt::id_candidates`).
    pub response_id: String,
    /// What it says; `None`: nothing that changes a status (ENROUTE, BUFFERED, a word nobody knows).
    pub status: Option<MessageStatus>,
    /// The provider's error code, where it gives one.
    pub error: Option<String>,
    /// The number it is about, where it tells; a second key where a provider reuses ids.
    pub destination: Option<String>,
    /// When it came in.
    pub received_at: DateTime<Utc>,
}

/// A message from a handset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// Who wrote it, as the provider gives it.
    pub source: String,
    /// Where it was sent to: a sender id of ours.
    pub destination: String,
    /// Decoded, joined from its parts.
    pub text: String,
    /// When it came in.
    pub received_at: DateTime<Utc>,
}

/// What there is to see of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GatewayState {
    /// The name given in the configuration.
    pub name: String,
    /// `smpp`, `http`.
    pub kind: &'static str,
    /// Each bind that this node keeps, or is about to close.
    pub binds: Vec<BindState>,
    /// Messages handed over whose outcome has not been told yet.
    pub queue: usize,
    /// Parts that the provider has taken since the start.
    pub sent: u64,
    /// Parts per second that the provider takes at present.
    pub rate: u32,
    /// Most parts per second, as configured; 0: no limit.
    pub limit: u32,
    /// Most parts per second of one sender, over the whole cluster; 0: no limit.
    pub sender_limit: u32,
}

/// What there is to see of one bind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BindState {
    /// Which of the gateway's binds, from 0.
    pub number: u16,
    /// What it is for: `transceiver`, `transmitter`, `receiver`.
    pub role: &'static str,
    /// Since when it is bound; `None`: it is not.
    pub connected_since: Option<DateTime<Utc>>,
    /// Parts in flight.
    pub in_flight: usize,
    /// The window: most parts in flight.
    pub window: usize,
    /// Parts per second that it has been slowed down to by the provider's refusals; `None`: it has not.
    pub slowed_to: Option<u32>,
    /// The last thing that went wrong, in words for the operator.
    pub last_error: Option<String>,
}
