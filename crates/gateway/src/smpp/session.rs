//! One bound connection: writes parts within the window, reads what comes, answers what the peer asks, until one side
//! ends it. A single task owns it all, so nothing here is locked, and what is ready is written in one go.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use clarion_domain::gateway::{BoxFuture, NotStored};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rusmpp::pdus::{DataSmResp, DeliverSmResp};
use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bind::{Bind, Link};
use super::codes::Class;
use super::inbound::Delivery;
use super::outbox::{Job, Outbox};
use super::pace::Pace;
use crate::wire::frame::{self, Frame, FrameFault};
use crate::wire::output::Output;
use crate::wire::tlv::c_string;

/// Deliveries that may wait for the sink at a time; beyond, nothing more is read.
const DELIVERIES: usize = 1_000;
/// Octets that may wait for the socket; beyond, nothing more is read, so that a peer cannot fill our memory with answers.
const UNWRITTEN: usize = 1 << 20;
/// Octets of parts that are written in one go.
const IN_ONE_GO: usize = 1 << 16;
/// How long a last word may take.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How often is looked while nothing is read, since no answer can be missed then.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// We stopped.
    #[error("stopped")]
    Stopped,
    /// The peer unbound.
    #[error("the peer has unbound")]
    Unbound {
        /// Its request.
        sequence: u32,
    },
    /// The peer closed without a word.
    #[error("the peer has closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection is broken: {0}")]
    Broken(io::Error),
    /// What the peer sends cannot be cut into PDUs any more.
    #[error("the peer does not speak SMPP: {0}")]
    Garbled(#[from] FrameFault),
    /// The peer is silent.
    #[error("the peer does not answer any more (enquire_link)")]
    Silent,
}

/// One bound connection.
pub(super) struct Session<'a> {
    bind: &'a Bind,
    outbox: Outbox,
    output: Output,
    deliveries: FuturesUnordered<BoxFuture<'static, Stored>>,
    pace: Pace,
    /// When the pace allows the next part, where it is what holds it back.
    paced: Option<Instant>,
    heard: Instant,
    /// When an enquire_link must be answered.
    asked: Option<Instant>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Draining { until: Instant },
    Unbinding { until: Instant },
}

/// What the sink made of a delivery.
struct Stored {
    response: CommandId,
    sequence: u32,
    result: Result<(), NotStored>,
}

impl<'a> Session<'a> {
    pub(super) fn new(bind: &'a Bind) -> Self {
        let now = Instant::now();
        Self {
            bind,
            outbox: Outbox::new(
                &bind.settings,
                Arc::clone(&bind.form),
                Arc::clone(&bind.clock),
            ),
            output: Output::default(),
            deliveries: FuturesUnordered::new(),
            pace: Pace::new(bind.limit.clone(), now),
            paced: None,
            heard: now,
            asked: None,
            phase: Phase::Open,
        }
    }

    /// Runs until the connection ends; every message that was taken in has its outcome then.
    pub(super) async fn run(
        mut self,
        mut link: Link,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) -> End {
        let end = match self.converse(&mut link, jobs, stop).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.outbox.close(&self.output);
        self.bind.show_in_flight(0);
        self.last_word(&mut link, &end).await;
        end
    }

    async fn converse(
        &mut self,
        link: &mut Link,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) -> Result<std::convert::Infallible, End> {
        let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
        loop {
            self.take_frames(&mut link.input)?;
            self.write_parts();
            self.unbind_when_drained();
            let wake = self.wake();
            // Set anew only where it would be late: one that fires early does no harm, setting it costs.
            if timer.is_elapsed() || wake < timer.deadline() {
                timer.as_mut().reset(wake);
            }
            tokio::select! {
                read = link.reader.read_buf(&mut link.input), if self.may_read() => self.on_read(read)?,
                written = link.writer.write_buf(&mut self.output.buffer),
                    if !self.output.buffer.is_empty() => self.on_written(written)?,
                Some(stored) = self.deliveries.next(), if !self.deliveries.is_empty() => self.answer(&stored),
                Some(batch) = jobs.recv(), if self.phase == Phase::Open => self.accept(batch, jobs),
                () = stop.cancelled(), if self.phase == Phase::Open => self.drain(jobs),
                () = &mut timer => self.on_time()?,
            }
        }
    }

    fn may_read(&self) -> bool {
        self.deliveries.len() < DELIVERIES && self.output.buffer.len() < UNWRITTEN
    }

    fn on_read(&mut self, read: io::Result<usize>) -> Result<(), End> {
        match read {
            Ok(0) => Err(End::Closed),
            Ok(_) => {
                self.heard = Instant::now();
                self.asked = None;
                Ok(())
            }
            Err(error) => Err(End::Broken(error)),
        }
    }

    fn on_written(&mut self, written: io::Result<usize>) -> Result<(), End> {
        match written {
            Ok(octets) => {
                self.output.took(octets);
                Ok(())
            }
            Err(error) => {
                self.output.failed();
                Err(End::Broken(error))
            }
        }
    }

    fn accept(&mut self, batch: Vec<Job>, jobs: &mut mpsc::Receiver<Vec<Job>>) {
        let mut next = Some(batch);
        while let Some(batch) = next {
            batch.into_iter().for_each(|job| self.outbox.accept(job));
            next = jobs.try_recv().ok();
        }
    }

    fn write_parts(&mut self) {
        let now = Instant::now();
        self.paced = None;
        while self.output.buffer.len() < IN_ONE_GO && self.outbox.can_write() {
            if let Err(at) = self.pace.take(now) {
                self.paced = Some(at);
                break;
            }
            self.outbox.write_next(&mut self.output, now);
        }
        self.bind.show_in_flight(self.outbox.in_flight());
    }

    fn take_frames(&mut self, input: &mut BytesMut) -> Result<(), End> {
        while self.may_read()
            && let Some(frame) = frame::next_frame(input)?
        {
            self.on_frame(frame)?;
        }
        Ok(())
    }

    fn on_frame(&mut self, frame: Frame) -> Result<(), End> {
        match frame.id {
            CommandId::SubmitSmResp | CommandId::GenericNack => self.on_answer(frame),
            CommandId::DeliverSm => {
                let delivery = Delivery::of_deliver_sm(frame.body);
                self.deliver(delivery, CommandId::DeliverSmResp, frame.sequence);
            }
            CommandId::DataSm => {
                let delivery = Delivery::of_data_sm(frame.body);
                self.deliver(delivery, CommandId::DataSmResp, frame.sequence);
            }
            CommandId::EnquireLink => self.respond(frame.sequence, Pdu::EnquireLinkResp),
            CommandId::Unbind => {
                return Err(End::Unbound {
                    sequence: frame.sequence,
                });
            }
            CommandId::UnbindResp if matches!(self.phase, Phase::Unbinding { .. }) => {
                return Err(End::Stopped);
            }
            // A notification, which has no response.
            CommandId::AlertNotification => {}
            other if is_response(other) => {}
            _ => self.refuse(CommandStatus::EsmeRinvcmdid, frame.sequence),
        }
        Ok(())
    }

    fn on_answer(&mut self, frame: Frame) {
        // Not by the codec: some peers leave out the terminating zero or write ids that are not ASCII, and it matters
        // more that the part was taken.
        let provider_id = c_string(&frame.body).unwrap_or_default();
        let now = Instant::now();
        match self
            .outbox
            .answered(frame.sequence, frame.status, provider_id)
        {
            Some(Class::Accepted) => self.pace.taken(now),
            Some(Class::Temporary) => self.pace.refused(now),
            Some(Class::Permanent(_)) => {}
            None => tracing::debug!(
                gateway = self.bind.settings.name,
                sequence = frame.sequence,
                "an answer came that nothing waits for any more"
            ),
        }
    }

    fn deliver(
        &mut self,
        delivery: Result<Delivery, rusmpp::decode::DecodeError>,
        response: CommandId,
        sequence: u32,
    ) {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => {
                tracing::warn!(
                    gateway = self.bind.settings.name,
                    ?error,
                    "a delivery cannot be read"
                );
                return self.refuse(CommandStatus::EsmeRinvcmdlen, sequence);
            }
        };
        let inbound = delivery.into_inbound(self.bind.clock.now());
        let storing = self.bind.sink.receive(&self.bind.settings.name, inbound);
        self.deliveries.push(Box::pin(async move {
            Stored {
                response,
                sequence,
                result: storing.await,
            }
        }));
    }

    /// Only now is the delivery ours: a peer that gets no answer, or a temporary error, delivers again.
    fn answer(&mut self, stored: &Stored) {
        let status = match stored.result {
            Ok(()) => CommandStatus::EsmeRok,
            Err(NotStored) => CommandStatus::EsmeRxTAppn,
        };
        let pdu = match stored.response {
            CommandId::DataSmResp => Pdu::DataSmResp(DataSmResp::default()),
            _ => Pdu::DeliverSmResp(DeliverSmResp::default()),
        };
        frame::put(&mut self.output.buffer, status, stored.sequence, pdu);
    }

    fn respond(&mut self, sequence: u32, pdu: Pdu) {
        frame::put(
            &mut self.output.buffer,
            CommandStatus::EsmeRok,
            sequence,
            pdu,
        );
    }

    fn refuse(&mut self, status: CommandStatus, sequence: u32) {
        frame::put(&mut self.output.buffer, status, sequence, Pdu::GenericNack);
    }

    fn on_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if let Phase::Draining { until } | Phase::Unbinding { until } = self.phase
            && until <= now
        {
            return Err(End::Stopped);
        }
        if self.may_read() {
            self.give_up_overdue(now);
            return self.enquire(now);
        }
        // While nothing is read, the silence is ours.
        self.heard = now;
        self.asked = None;
        Ok(())
    }

    fn give_up_overdue(&mut self, now: Instant) {
        let parts = self.outbox.expire(now);
        if parts > 0 {
            tracing::warn!(
                gateway = self.bind.settings.name,
                parts,
                "the peer did not answer in time: the outcome of these parts is unknown"
            );
        }
    }

    fn enquire(&mut self, now: Instant) -> Result<(), End> {
        match self.asked {
            Some(due) if due <= now => Err(End::Silent),
            None if self.enquire_at() <= now => {
                let sequence = self.outbox.next_sequence();
                self.respond(sequence, Pdu::EnquireLink);
                self.asked = Some(now + self.bind.settings.response_timeout);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn enquire_at(&self) -> Instant {
        self.heard + self.bind.settings.enquire_link
    }

    /// When something must be done though nothing happens.
    fn wake(&mut self) -> Instant {
        let phase = match self.phase {
            Phase::Open => None,
            Phase::Draining { until } | Phase::Unbinding { until } => Some(until),
        };
        if !self.may_read() {
            let later = Instant::now() + LOOK_AGAIN;
            return phase.map_or(later, |until| until.min(later));
        }
        let enquire = self.asked.unwrap_or_else(|| self.enquire_at());
        [self.outbox.next_due(), self.paced, phase]
            .into_iter()
            .flatten()
            .fold(enquire, Instant::min)
    }

    fn drain(&mut self, jobs: &mut mpsc::Receiver<Vec<Job>>) {
        jobs.close();
        self.accept(Vec::new(), jobs);
        self.outbox.withdraw();
        self.phase = Phase::Draining {
            until: Instant::now() + self.bind.settings.response_timeout,
        };
    }

    fn unbind_when_drained(&mut self) {
        if matches!(self.phase, Phase::Draining { .. })
            && self.outbox.is_empty()
            && self.deliveries.is_empty()
        {
            let sequence = self.outbox.next_sequence();
            self.respond(sequence, Pdu::Unbind);
            self.phase = Phase::Unbinding {
                until: Instant::now() + self.bind.settings.response_timeout.min(LAST_WORD),
            };
        }
    }

    /// Says why we go, where the output is at the end of a PDU and the peer may still listen.
    async fn last_word(&mut self, link: &mut Link, end: &End) {
        if !self.output.buffer.is_empty() {
            return;
        }
        match end {
            End::Unbound { sequence } => self.respond(*sequence, Pdu::UnbindResp),
            End::Garbled(_) => self.refuse(CommandStatus::EsmeRinvcmdlen, 0),
            End::Stopped | End::Closed | End::Broken(_) | End::Silent => return,
        }
        let writing = link.writer.write_all(&self.output.buffer);
        // The peer may be gone already: there is nobody left to tell of a failure.
        let _ = tokio::time::timeout(LAST_WORD, writing).await;
    }
}

fn is_response(id: CommandId) -> bool {
    u32::from(id) & 0x8000_0000 != 0
}
