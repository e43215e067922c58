//! One bound connection: writes parts within the window, reads what comes, answers what the peer asks, until one side
//! ends it. A single task owns it all, so nothing here is locked, and what is ready is written in one go.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt;
use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bind::Bind;
use super::codes::Class;
use super::connect::Link;
use super::deliveries::Deliveries;
use super::outbox::{Job, Next, Outbox};
use super::pace::Pace;
use super::phase::{End, Phase};
use super::settings::SmppSettings;
use crate::wire::frame::{self, Frame};
use crate::wire::output::Output;
use crate::wire::tlv::c_string;

/// Octets that may wait for the socket; beyond, nothing more is read, so that a peer cannot fill our memory with answers.
const UNWRITTEN: usize = 1 << 20;
/// Octets of parts that are written in one go.
const IN_ONE_GO: usize = 1 << 16;
/// How long a last word may take, ours or the peer's.
const LAST_WORD: Duration = Duration::from_secs(1);
/// How long a peer that unbinds is waited for to answer what it has.
const LEAVE: Duration = Duration::from_secs(5);
/// How often is looked while nothing is read, since no answer can be missed then.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// One bound connection.
pub(super) struct Session<'a> {
    bind: &'a Bind,
    settings: &'a SmppSettings,
    outbox: &'a mut Outbox,
    output: Output,
    deliveries: Deliveries,
    pace: Pace,
    /// When the pace allows the next part, where it is what holds it back.
    paced: Option<Instant>,
    heard: Instant,
    /// When an enquire_link must be answered.
    asked: Option<Instant>,
    phase: Phase,
}

impl<'a> Session<'a> {
    pub(super) fn new(bind: &'a Bind, outbox: &'a mut Outbox) -> Self {
        let now = Instant::now();
        Self {
            bind,
            settings: &bind.shared.settings,
            outbox,
            output: Output::default(),
            deliveries: Deliveries::default(),
            pace: Pace::new(bind.shared.limit.clone(), now),
            paced: None,
            heard: now,
            asked: None,
            phase: Phase::Open,
        }
    }

    /// Runs until the connection ends. Every message that was taken in has its outcome then, but for those that were
    /// written in part: the outbox keeps them.
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
        // Before the outcomes give their room back, so that nobody takes it on a bind that is gone.
        self.bind.show_down();
        if let End::Broken(_) = end {
            self.hear_out(&mut link).await;
        }
        self.outbox.disconnect(&self.output);
        self.bind.show_busy(self.outbox, None);
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
            self.finish_phase()?;
            let wake = self.wake();
            // Set anew only where it would be late: one that fires early does no harm, setting it costs.
            if timer.is_elapsed() || wake < timer.deadline() {
                timer.as_mut().reset(wake);
            }
            frame::make_room(&mut link.input);
            tokio::select! {
                read = link.reader.read_buf(&mut link.input), if self.may_read() => self.on_read(read)?,
                written = link.writer.work(&mut self.output), if link.writer.has_work(&self.output) => {
                    self.on_written(written)?;
                }
                stored = self.deliveries.next() => self.deliveries.answer(stored, &mut self.output.buffer),
                Some(batch) = jobs.recv(), if self.phase.takes_jobs() => self.accept(batch, jobs),
                () = stop.cancelled(), if self.phase == Phase::Open => self.drain(jobs),
                () = &mut timer => self.on_time(link)?,
            }
        }
    }

    fn may_read(&self) -> bool {
        !self.deliveries.is_full() && self.output.buffer.len() < UNWRITTEN
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

    fn on_written(&mut self, written: io::Result<()>) -> Result<(), End> {
        written.map_err(|error| {
            self.output.failed();
            End::Broken(error)
        })
    }

    fn accept(&mut self, batch: Vec<Job>, jobs: &mut mpsc::Receiver<Vec<Job>>) {
        let mut next = Some(batch);
        while let Some(batch) = next {
            if self.phase == Phase::Open {
                batch.into_iter().for_each(|job| self.outbox.accept(job));
            } else {
                self.bind.decline(batch);
            }
            next = jobs.try_recv().ok();
        }
    }

    fn write_parts(&mut self) {
        let now = Instant::now();
        self.paced = None;
        if self.may_write(now) && self.pace.ready(now).is_ok() {
            self.outbox.hand_back_stale(now);
        }
        while self.may_write(now) && self.outbox.can_write() {
            match self.next_part(now) {
                Ok(Some(part)) => self.outbox.write(part, &mut self.output, now),
                Ok(None) => break,
                Err(at) => {
                    self.paced = Some(at);
                    break;
                }
            }
        }
        self.bind.show_busy(self.outbox, self.pace.slowed_to());
    }

    /// Takes leave for the part to be written next, or tells when to ask again. The sender is asked last, since what it
    /// gave cannot be given back.
    fn next_part(&mut self, now: Instant) -> Result<Option<usize>, Instant> {
        self.pace.ready(now)?;
        let senders = &self.bind.shared.senders;
        match self.outbox.next(|sender| senders.take(sender, now)) {
            Next::Nothing => Ok(None),
            Next::From(at) => Err(at),
            Next::Part(part) => self.pace.take(now).map(|()| Some(part)),
        }
    }

    fn may_write(&self, now: Instant) -> bool {
        !self.bind.tenure.has_run_out(now)
            && self.output.buffer.len() < IN_ONE_GO
            && matches!(self.phase, Phase::Open | Phase::Draining { .. })
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
            CommandId::DeliverSm | CommandId::DataSm => self.on_delivery(frame),
            CommandId::EnquireLink => self.respond(frame.sequence, Pdu::EnquireLinkResp),
            CommandId::Unbind => self.leave(frame.sequence),
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
            Some(Class::Accepted) => {
                self.pace.taken(now);
                self.bind.shared.meter.taken(now);
            }
            Some(Class::Temporary) => self.pace.refused(now),
            Some(Class::Permanent(_)) => {}
            None => tracing::debug!(
                gateway = self.settings.name,
                sequence = frame.sequence,
                "an answer came that nothing waits for any more"
            ),
        }
        while let Some(late) = self.outbox.next_late() {
            self.deliveries.tell(late, &self.bind.shared.desk);
        }
    }

    fn on_delivery(&mut self, frame: Frame) {
        let sequence = frame.sequence;
        if let Err(error) = self.deliveries.take(frame, &self.bind.shared.desk) {
            let gateway = &self.settings.name;
            tracing::warn!(gateway, ?error, "a delivery cannot be read");
            self.refuse(CommandStatus::EsmeRinvcmdlen, sequence);
        }
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

    fn on_time(&mut self, link: &mut Link) -> Result<(), End> {
        self.catch_up(link)?;
        let now = Instant::now();
        if self.phase.until().is_some_and(|until| until <= now) {
            return Err(self.phase.end());
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

    /// Reads what is there already: if it was we who were held up, the answers that seem overdue may have come.
    fn catch_up(&mut self, link: &mut Link) -> Result<(), End> {
        while self.may_read() {
            frame::make_room(&mut link.input);
            let reading = link.reader.read_buf(&mut link.input);
            // Unconstrained: else it may seem that nothing is there, only since it is another task's turn.
            match tokio::task::unconstrained(reading).now_or_never() {
                Some(read) => self.on_read(read)?,
                None => break,
            }
            self.take_frames(&mut link.input)?;
        }
        Ok(())
    }

    fn give_up_overdue(&mut self, now: Instant) {
        let parts = self.outbox.expire(now);
        if parts > 0 {
            tracing::warn!(
                gateway = self.settings.name,
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
                self.asked = Some(now + self.settings.response_timeout);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn enquire_at(&self) -> Instant {
        self.heard + self.settings.enquire_link
    }

    /// When something must be done though nothing happens.
    fn wake(&mut self) -> Instant {
        let phase = self.phase.until();
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
        self.bind.close();
        self.accept(Vec::new(), jobs);
        self.outbox.withdraw();
        self.phase = Phase::Draining {
            until: Instant::now() + self.settings.response_timeout,
        };
    }

    fn leave(&mut self, sequence: u32) {
        self.bind.show_down();
        self.outbox.withdraw();
        self.phase = Phase::Leaving {
            until: Instant::now() + self.settings.response_timeout.min(LEAVE),
            sequence,
        };
    }

    /// Goes on to the next phase where the present one has nothing left to wait for.
    fn finish_phase(&mut self) -> Result<(), End> {
        match self.phase {
            Phase::Draining { .. } if self.outbox.is_empty() && self.deliveries.is_empty() => {
                let sequence = self.outbox.next_sequence();
                self.respond(sequence, Pdu::Unbind);
                self.phase = Phase::Unbinding {
                    until: Instant::now() + self.settings.response_timeout.min(LAST_WORD),
                };
                Ok(())
            }
            Phase::Leaving { .. }
                if self.outbox.in_flight() == 0
                    && self.deliveries.is_empty()
                    && self.output.buffer.is_empty() =>
            {
                Err(self.phase.end())
            }
            _ => Ok(()),
        }
    }

    /// What could not be written broke the connection, but the peer may have answered other parts before.
    async fn hear_out(&mut self, link: &mut Link) {
        let hearing = async {
            loop {
                while let Ok(Some(frame)) = frame::next_frame(&mut link.input) {
                    if frame.id == CommandId::SubmitSmResp {
                        self.on_answer(frame);
                    }
                }
                if !matches!(link.reader.read_buf(&mut link.input).await, Ok(1..)) {
                    break;
                }
            }
        };
        // Whatever is not heard by then counts as not answered.
        let _ = tokio::time::timeout(LAST_WORD, hearing).await;
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
