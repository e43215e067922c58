//! One connection to the oracle: a thread that reads, and one that writes what is due.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Receipt, Receipts, Reply, State, Submit, lock};
use crate::pdu::{self, Frame};

/// Between two looks for what is due.
const TICK: Duration = Duration::from_millis(1);
/// Most receipts that await their answer on one connection.
const RECEIPTS_OPEN: usize = 50;
/// After how long a receipt that was not answered is given again.
const UNANSWERED: Duration = Duration::from_secs(3);
/// After how long a receipt that was refused is given again.
const GIVEN_AGAIN: Duration = Duration::from_millis(500);

/// An answer that waits for its time.
struct Due {
    at: Instant,
    bytes: Vec<u8>,
    /// The part that it answers.
    answers: Option<usize>,
}

/// What was written and is to be acknowledged.
enum Open {
    /// The receipt of this part.
    Receipt(usize),
    Reply(Reply),
}

/// A connection, as its two threads share it.
pub(super) struct Connection {
    number: u64,
    state: Arc<Mutex<State>>,
    due: Mutex<VecDeque<Due>>,
    /// What was written and is to be acknowledged, by sequence number.
    open: Mutex<HashMap<u32, Open>>,
    receives: AtomicBool,
    bound: AtomicBool,
    ended: AtomicBool,
}

impl Connection {
    /// Serves a client on threads of its own.
    pub(super) fn serve(stream: TcpStream, number: u64, state: Arc<Mutex<State>>) {
        let connection = Arc::new(Self {
            number,
            state,
            due: Mutex::default(),
            open: Mutex::default(),
            receives: AtomicBool::new(false),
            bound: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let Ok(reader) = stream.try_clone() else {
            return;
        };
        let reading = Arc::clone(&connection);
        std::thread::spawn(move || {
            // However it ends: the client is gone.
            drop(reading.read(reader));
            reading.set_bound(false);
            reading.ended.store(true, Ordering::SeqCst);
        });
        std::thread::spawn(move || {
            drop(connection.write(&stream));
            drop(stream.shutdown(Shutdown::Both));
            connection.ended.store(true, Ordering::SeqCst);
            connection.take_receipts_back();
        });
    }

    fn read(&self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let frame = Frame::read(&mut stream)?;
            self.take(&frame);
        }
    }

    fn take(&self, frame: &Frame) {
        let sequence = frame.sequence;
        let plain =
            |body: &[u8]| pdu::frame(frame.command | pdu::RESPONSE, pdu::OK, sequence, body);
        match frame.command {
            pdu::SUBMIT_SM => self.take_submit(frame),
            pdu::BIND_TRANSCEIVER | pdu::BIND_RECEIVER => {
                self.set_bound(true);
                self.receives.store(true, Ordering::SeqCst);
                self.answer_now(plain(&pdu::text("oracle")));
            }
            pdu::BIND_TRANSMITTER => {
                self.set_bound(true);
                self.answer_now(plain(&pdu::text("oracle")));
            }
            pdu::UNBIND => {
                self.set_bound(false);
                self.answer_now(plain(&[]));
            }
            pdu::ENQUIRE_LINK => self.answer_now(plain(&[])),
            command if command & pdu::RESPONSE != 0 => self.acknowledged(frame),
            _ => {
                let refusal = pdu::frame(pdu::GENERIC_NACK, pdu::INVALID_COMMAND, sequence, &[]);
                self.answer_now(refusal);
            }
        }
    }

    fn set_bound(&self, bound: bool) {
        if self.bound.swap(bound, Ordering::SeqCst) != bound {
            let mut state = lock(&self.state);
            state.bound = state
                .bound
                .saturating_add_signed(if bound { 1 } else { -1 });
            state.most_bound = state.most_bound.max(state.bound);
        }
    }

    fn take_submit(&self, frame: &Frame) {
        let Some(submit) = frame.submit_sm() else {
            let refusal = pdu::frame(pdu::GENERIC_NACK, pdu::INVALID_COMMAND, frame.sequence, &[]);
            return self.answer_now(refusal);
        };
        let at = Instant::now();
        let mut state = lock(&self.state);
        let index = state.submits.len();
        let id = (1_000_000 + state.forgotten + index).to_string();
        let rules = state.behaviour.clone();
        let accepted = rules.throttle_until.is_none_or(|until| at >= until);
        state.submits.push(Submit {
            at,
            destination: submit.destination,
            source: submit.source,
            text: submit.text,
            part: submit.part,
            id: id.clone(),
            accepted,
            answered: false,
            receipt: if accepted {
                Receipt::Owed(at)
            } else {
                Receipt::Taken
            },
        });
        drop(state);
        let nth = u64::try_from(index).unwrap_or_default();
        if accepted && rules.swallow_every > 0 && nth.is_multiple_of(rules.swallow_every) {
            return;
        }
        let (status, body) = match accepted {
            true => (pdu::OK, pdu::text(&id)),
            false => (pdu::THROTTLED, Vec::new()),
        };
        self.answer(Due {
            at: at + rules.delay,
            bytes: pdu::frame(
                pdu::SUBMIT_SM | pdu::RESPONSE,
                status,
                frame.sequence,
                &body,
            ),
            answers: Some(index),
        });
    }

    fn answer_now(&self, bytes: Vec<u8>) {
        self.answer(Due {
            at: Instant::now(),
            bytes,
            answers: None,
        });
    }

    fn answer(&self, due: Due) {
        self.due
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(due);
    }

    /// What was answered with an error is given again, a receipt after a while, as SMSCs do.
    fn acknowledged(&self, frame: &Frame) {
        let Some(open) = self.open().remove(&frame.sequence) else {
            return;
        };
        let (mut state, is_ok) = (lock(&self.state), frame.status == pdu::OK);
        match open {
            Open::Receipt(index) => {
                if let Some(submit) = state.submits.get_mut(index) {
                    submit.receipt = match is_ok {
                        true => Receipt::Taken,
                        false => Receipt::Owed(Instant::now() + GIVEN_AGAIN),
                    };
                }
            }
            Open::Reply(reply) if is_ok => state.heeded.push((reply.from, Instant::now())),
            Open::Reply(reply) => state.replies.push_back(reply),
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut sequence = 0;
        while !self.ended.load(Ordering::SeqCst) {
            while let Some(due) = self.next_due() {
                if due.answers.is_some() && self.is_to_break() {
                    let half = due.bytes.len() / 2;
                    return stream.write_all(due.bytes.get(..half).unwrap_or_default());
                }
                stream.write_all(&due.bytes)?;
                self.answered(due.answers);
            }
            for bytes in self.receipts_due(&mut sequence) {
                stream.write_all(&bytes)?;
            }
            while let Some(bytes) = self.next_reply(&mut sequence) {
                stream.write_all(&bytes)?;
            }
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    fn next_due(&self) -> Option<Due> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.pop_front_if(|first| first.at <= Instant::now())
    }

    fn is_to_break(&self) -> bool {
        let mut state = lock(&self.state);
        let seen = state.submits.len();
        state
            .behaviour
            .cut_after
            .take_if(|at| seen >= *at)
            .is_some()
    }

    fn answered(&self, part: Option<usize>) {
        let mut state = lock(&self.state);
        if let Some(submit) = part.and_then(|index| state.submits.get_mut(index)) {
            submit.answered = true;
        }
    }

    fn receipts_due(&self, sequence: &mut u32) -> Vec<Vec<u8>> {
        if !self.receives.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut open = self.open();
        let mut state = lock(&self.state);
        let Receipts::After(delay) = state.behaviour.receipts else {
            return Vec::new();
        };
        let (now, room) = (Instant::now(), RECEIPTS_OPEN.saturating_sub(open.len()));
        let is_due = |submit: &Submit| match submit.receipt {
            Receipt::Owed(from) => from <= now && submit.at + delay <= now,
            Receipt::Given(_, at) => at + UNANSWERED <= now,
            Receipt::Taken => false,
        };
        let parts = state.submits.iter_mut().enumerate();
        let due = parts.filter(|(_, submit)| is_due(submit)).take(room);
        let mut reminders = 0;
        let frames = due.map(|(index, submit)| {
            reminders += usize::from(matches!(submit.receipt, Receipt::Given(..)));
            *sequence += 1;
            submit.receipt = Receipt::Given(self.number, now);
            open.insert(*sequence, Open::Receipt(index));
            pdu::receipt(*sequence, &submit.id, &submit.destination, &submit.source)
        });
        let frames = frames.collect();
        state.reminders += reminders;
        frames
    }

    fn next_reply(&self, sequence: &mut u32) -> Option<Vec<u8>> {
        if !self.receives.load(Ordering::SeqCst) {
            return None;
        }
        let reply = lock(&self.state).replies.pop_front()?;
        *sequence += 1;
        let bytes = pdu::reply(*sequence, &reply.from, &reply.to, reply.text);
        self.open().insert(*sequence, Open::Reply(reply));
        Some(bytes)
    }

    /// What was not acknowledged here is given once more elsewhere.
    fn take_receipts_back(&self) {
        let mut state = lock(&self.state);
        for submit in &mut state.submits {
            if matches!(submit.receipt, Receipt::Given(number, _) if number == self.number) {
                submit.receipt = Receipt::Owed(Instant::now());
            }
        }
        let open = std::mem::take(&mut *self.open());
        let replies = open.into_values().filter_map(|open| match open {
            Open::Reply(reply) => Some(reply),
            Open::Receipt(_) => None,
        });
        state.replies.extend(replies);
    }
}
