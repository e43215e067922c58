//! The messages of one bind on their way out: which part is written next, which are in flight, and what became of them.
//! Knows no socket: it writes into an [`Output`] and is told what came back.
//!
//! It outlives the connection. A message of which some parts were written when the connection went is kept, and its
//! other parts are written on the next one: no part is written twice, and the handset can put the whole together. One
//! of which nothing was written is handed back.

mod message;
mod overdue;
#[cfg(test)]
mod tests;
mod tries;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use clarion_domain::breakage::{fail_point, guarded};
use clarion_domain::clock::Clock;
use clarion_domain::gateway::{LateOutcome, PartOutcome};
use clarion_domain::sender::SenderId;
use rusmpp::CommandStatus;
use tokio::time::Instant;

use self::message::{Message, Part};
use self::overdue::Overdue;
use super::codes::{self, Class, Codes};
use super::connect::BIND_SEQUENCE;
use super::pdu::Form;
use super::settings::SmppSettings;
use crate::wire::frame;
use crate::wire::output::{Output, Place};

pub(super) use self::message::Job;
pub(super) use self::tries::Tries;

/// The messages of one bind on their way out.
pub(super) struct Outbox {
    form: Arc<Form>,
    codes: Arc<Codes>,
    clock: Arc<dyn Clock>,
    tries: Arc<Tries>,
    window: usize,
    response_timeout: Duration,
    retry: Duration,
    messages: HashMap<u64, Message>,
    next_message: u64,
    ready: VecDeque<PartKey>,
    flights: HashMap<u32, Flight>,
    /// Sequence numbers by the time their answer is due: all wait equally long, so the oldest is always in front.
    due: VecDeque<(Instant, u32)>,
    overdue: Overdue,
    late: VecDeque<LateOutcome>,
    sequence: u32,
}

#[derive(Debug, Clone, Copy)]
struct PartKey {
    message: u64,
    part: usize,
}

struct Flight {
    key: PartKey,
    place: Place,
}

/// What can be written now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Nothing,
    /// Nothing before then, since the senders of all that waits have had their share.
    From(Instant),
    /// A part, at this place among those that wait.
    Part(usize),
}

impl Outbox {
    pub(super) fn new(
        settings: &SmppSettings,
        form: Arc<Form>,
        codes: Arc<Codes>,
        clock: Arc<dyn Clock>,
        tries: Arc<Tries>,
    ) -> Self {
        Self {
            form,
            codes,
            clock,
            tries,
            window: settings.window,
            response_timeout: settings.response_timeout,
            retry: settings.retry,
            messages: HashMap::new(),
            next_message: 0,
            ready: VecDeque::new(),
            flights: HashMap::new(),
            due: VecDeque::new(),
            overdue: Overdue::default(),
            late: VecDeque::new(),
            sequence: BIND_SEQUENCE + 1,
        }
    }

    /// Takes a message in.
    pub(super) fn accept(&mut self, job: Job) {
        let letter = guarded(|| {
            fail_point("encoding", &job.submission.text);
            self.form.letter(&job.submission)
        });
        let letter = match letter.unwrap_or(Err(PartOutcome::Broke)) {
            Ok(letter) => letter,
            Err(refusal) => return job.finish(vec![refusal], self.clock.now()),
        };
        let message = self.next_message;
        self.next_message += 1;
        self.ready
            .extend((0..letter.parts()).map(|part| PartKey { message, part }));
        let tried = self.tries.take(job.submission.recipient);
        self.messages
            .insert(message, Message::new(job, letter, tried, Instant::now()));
    }

    /// Whether a part waits and the window has room for it.
    pub(super) fn can_write(&mut self) -> bool {
        while let Some(key) = self.ready.front()
            && !self.is_waiting(*key)
        {
            self.ready.pop_front();
        }
        !self.ready.is_empty() && self.flights.len() < self.window
    }

    /// Chooses what to write next: the first that waits and whose sender has leave.
    pub(super) fn next(&self, mut leave: impl FnMut(&SenderId) -> Result<(), Instant>) -> Next {
        let mut earliest: Option<Instant> = None;
        for (index, key) in self.ready.iter().enumerate() {
            if !self.is_waiting(*key) {
                continue;
            }
            match leave(&self.messages[&key.message].job.submission.sender) {
                Ok(()) => return Next::Part(index),
                Err(at) => earliest = Some(earliest.map_or(at, |earliest| earliest.min(at))),
            }
        }
        earliest.map_or(Next::Nothing, Next::From)
    }

    /// Writes the part at that place among those that wait, or ends it where its time is over.
    pub(super) fn write(&mut self, index: usize, output: &mut Output, now: Instant) {
        let Some(key) = self.ready.remove(index) else {
            return;
        };
        let sequence = self.next_sequence();
        let time = self.clock.now();
        let Some(message) = self.messages.get_mut(&key.message) else {
            return;
        };
        if message.is_too_late_to_begin(time) {
            return self.end(key.message);
        }
        if message.is_over(time, now) {
            let refusal = message.expired();
            return self.settle(key, refusal);
        }
        message.is_tried(now, self.retry);
        let submit = guarded(|| {
            fail_point("writing", &message.job.submission.text);
            self.form.submit_sm(&message.letter, key.part, time)
        });
        let Some(submit) = submit else {
            message.breaks();
            return self.end_if_done(key.message);
        };
        message.parts[key.part] = Part::InFlight;
        let place = output.place();
        frame::put(&mut output.buffer, CommandStatus::EsmeRok, sequence, submit);
        self.flights.insert(sequence, Flight { key, place });
        self.due.push_back((now + self.response_timeout, sequence));
    }

    /// The answer to a part; `None` where none is waited for under that number.
    pub(super) fn answered(
        &mut self,
        sequence: u32,
        code: u32,
        provider_id: String,
    ) -> Option<Class> {
        let class = self.codes.class(code);
        let outcome = match class {
            Class::Accepted => Some(PartOutcome::Accepted { provider_id }),
            Class::Permanent(status) => {
                let code = codes::text(code);
                Some(PartOutcome::Refused { status, code })
            }
            Class::Temporary => None,
        };
        match (self.flights.remove(&sequence), outcome) {
            (Some(flight), Some(outcome)) => self.settle(flight.key, outcome),
            (Some(flight), None) => self.defer(flight.key, code),
            (None, outcome) => self.answered_late(sequence, outcome)?,
        }
        Some(class)
    }

    /// The next message whose outcome was told as unknown, and is known now.
    pub(super) fn next_late(&mut self) -> Option<LateOutcome> {
        self.late.pop_front()
    }

    /// One that was refused for now stays unknown: its message may be on its way again already.
    fn answered_late(&mut self, sequence: u32, outcome: Option<PartOutcome>) -> Option<()> {
        let key = self.overdue.part(sequence)?;
        let Some(outcome) = outcome else {
            return Some(());
        };
        let at = self.clock.now();
        let late = self.overdue.answered(sequence, outcome.clone(), at);
        self.late.extend(late);
        // It may have other parts that are still waited for.
        self.settle(key, outcome);
        Some(())
    }

    /// Gives up waiting for answers that are overdue; tells how many.
    pub(super) fn expire(&mut self, now: Instant) -> usize {
        let mut expired = 0;
        while let Some((_, sequence)) = self.due.pop_front_if(|(due, _)| *due <= now) {
            if let Some(flight) = self.flights.remove(&sequence) {
                self.overdue.note(sequence, flight.key);
                self.settle(flight.key, PartOutcome::Unknown);
                expired += 1;
            }
        }
        expired
    }

    /// When the oldest answer is due.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        while let Some((_, sequence)) = self.due.front()
            && !self.flights.contains_key(sequence)
        {
            self.due.pop_front();
        }
        self.due.front().map(|(due, _)| *due)
    }

    /// Hands back the messages of which nothing is written or in flight.
    pub(super) fn withdraw(&mut self) {
        for key in self.keys() {
            if self.messages.get(&key).is_some_and(Message::is_untouched) {
                self.end(key);
            }
        }
    }

    /// Hands back the messages that have waited too long for their turn, to be marked again: their recipients may have opted
    /// out since, or their campaigns been paused.
    pub(super) fn hand_back_stale(&mut self, now: Instant) {
        let waiting = self.ready.iter().map(|key| key.message);
        let mut stale: Vec<_> = waiting
            .filter(|key| {
                let message = self.messages.get(key);
                message.is_some_and(|message| message.is_stale(now))
            })
            .collect();
        stale.sort_unstable();
        stale.dedup();
        stale.into_iter().for_each(|key| self.end(key));
    }

    /// The connection is gone: what has begun to be written is unknown, the rest was never written. Messages that were
    /// written in part wait for the next connection, the others are handed back.
    pub(super) fn disconnect(&mut self, output: &Output) {
        self.overdue.clear();
        for flight in std::mem::take(&mut self.flights).into_values() {
            if output.has_begun(flight.place) {
                self.settle(flight.key, PartOutcome::Unknown);
            } else if let Some(message) = self.messages.get_mut(&flight.key.message) {
                message.parts[flight.key.part] = Part::Waiting;
            }
        }
        self.due.clear();
        self.sequence = BIND_SEQUENCE + 1;
        self.withdraw();
        self.ready.clear();
        for message in self.keys() {
            let waiting = self.messages[&message].waiting();
            self.ready
                .extend(waiting.map(|part| PartKey { message, part }));
        }
    }

    /// Ends what waits for a connection longer than its message may.
    pub(super) fn expire_waiting(&mut self) {
        let (time, now) = (self.clock.now(), Instant::now());
        for key in self.keys() {
            if let Some(message) = self.messages.get_mut(&key)
                && message.is_over(time, now)
            {
                let expired = message.expired();
                message.end_waiting(&expired);
                self.end(key);
            }
        }
    }

    /// No connection will come any more: what was never written is told so.
    pub(super) fn abandon(&mut self) {
        self.keys().into_iter().for_each(|key| self.end(key));
    }

    /// Whether all messages have ended.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many messages have not ended.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many parts are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The next free sequence number; SMPP has them from 1 to 0x7FFFFFFF.
    pub(super) fn next_sequence(&mut self) -> u32 {
        loop {
            let sequence = self.sequence;
            self.sequence = if sequence >= 0x7FFF_FFFF {
                1
            } else {
                sequence + 1
            };
            if !self.flights.contains_key(&sequence) {
                return sequence;
            }
        }
    }

    fn is_waiting(&self, key: PartKey) -> bool {
        self.messages
            .get(&key.message)
            .is_some_and(|message| message.parts[key.part] == Part::Waiting)
    }

    /// In the order they came in.
    fn keys(&self) -> Vec<u64> {
        let mut keys: Vec<_> = self.messages.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    fn defer(&mut self, key: PartKey, code: u32) {
        if let Some(message) = self.messages.get_mut(&key.message) {
            message.defer(key.part, code);
            self.ready.push_front(key);
        }
    }

    fn settle(&mut self, key: PartKey, outcome: PartOutcome) {
        let Some(message) = self.messages.get_mut(&key.message) else {
            return;
        };
        message.settle(key.part, outcome);
        self.end_if_done(key.message);
    }

    fn end_if_done(&mut self, key: u64) {
        if self.messages.get(&key).is_some_and(Message::is_done) {
            self.end(key);
        }
    }

    fn end(&mut self, key: u64) {
        if let Some(message) = self.messages.remove(&key) {
            let at = self.clock.now();
            self.overdue.keep(key, &message, at);
            message.end(at, &self.tries);
        }
    }
}
