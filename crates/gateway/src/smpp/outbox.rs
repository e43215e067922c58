//! The messages of one bind on their way out: which part is written next, which are in flight, and what became of them.
//! Knows no socket: it writes into an [`Output`] and is told what came back.
//!
//! It outlives the connection. A message of which some parts were written when the connection went is kept, and its
//! other parts are written on the next one: no part is written twice, and the handset can put the whole together. One
//! of which nothing was written is handed back.

mod message;
mod overdue;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI64, Ordering};

    use chrono::{DateTime, TimeDelta, Utc};
    use clarion_domain::gateway::{MessageRoom, OutcomeSink, Submission, SubmitOutcome};
    use clarion_domain::message::MessageStatus;
    use clarion_domain::phone::{PhoneNumber, Region};
    use clarion_domain::recipient::{CampaignKey, RecipientKey};
    use clarion_domain::sender::SenderId;

    use super::super::window::{Room, Window};
    use super::*;

    #[derive(Default)]
    struct Outcomes(Mutex<Vec<(u32, Vec<PartOutcome>)>>);

    impl OutcomeSink for Outcomes {
        fn outcome(&self, submission: Submission, outcome: SubmitOutcome, _: MessageRoom) {
            let mut outcomes = self.0.lock().unwrap();
            outcomes.push((submission.recipient.seq, outcome.parts));
        }
    }

    /// Stands still until it is set.
    #[derive(Default)]
    struct Seconds(AtomicI64);

    impl Clock for Seconds {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
        }
    }

    /// An outbox with messages of so many parts each, and what comes out of it.
    async fn outbox(window: usize, parts: &[usize]) -> (Outbox, Arc<Outcomes>) {
        outbox_at(Arc::default(), window, parts).await
    }

    async fn outbox_at(
        clock: Arc<Seconds>,
        window: usize,
        parts: &[usize],
    ) -> (Outbox, Arc<Outcomes>) {
        let settings: SmppSettings = toml::from_str(&format!(
            "name = 'main'\nhost = 'smsc'\nsystem_id = 'x'\npassword = 'x'\nwindow = {window}"
        ))
        .unwrap();
        let form = Arc::new(Form::new(&settings));
        let codes = Arc::new(Codes::new(&BTreeMap::new()).unwrap());
        let mut outbox = Outbox::new(&settings, form, codes, clock, Arc::default());
        let outcomes = Arc::new(Outcomes::default());
        let seats = Window::new(1, parts.len());
        seats.set_up(0, true);
        let mut room: Room = seats.reserve(parts.len()).await.unwrap();
        for (seq, parts) in (1..).zip(parts) {
            outbox.accept(Job {
                submission: submission(seq, *parts),
                outcomes: outcomes.clone(),
                slot: room.take().unwrap(),
            });
        }
        (outbox, outcomes)
    }

    #[tokio::test]
    async fn a_message_that_breaks_the_writer_is_handed_back_and_the_others_are_written() {
        let (mut outbox, outcomes) = outbox(9, &[1]).await;
        let seats = Window::new(1, 9);
        seats.set_up(0, true);
        let mut room: Room = seats.reserve(3).await.unwrap();
        let long = "x".repeat(200);
        for (seq, text) in [
            (2, "[break at encoding]".to_owned()),
            (3, format!("[break at writing]{long}")),
            (4, "Hello".to_owned()),
        ] {
            outbox.accept(Job {
                submission: Submission {
                    text: text.into(),
                    ..submission(seq, 1)
                },
                outcomes: outcomes.clone(),
                slot: room.take().unwrap(),
            });
        }
        let mut output = Output::default();
        while outbox.can_write() {
            outbox.write(0, &mut output, Instant::now());
        }
        assert_eq!(
            told(&outcomes),
            [
                (2, vec![PartOutcome::Broke]),
                (3, vec![PartOutcome::Broke; 2])
            ]
        );
        assert_eq!(outbox.in_flight(), 2);
    }

    fn submission(seq: u32, parts: usize) -> Submission {
        Submission {
            recipient: RecipientKey {
                campaign: CampaignKey(1),
                seq,
            },
            attempt: 1,
            sender: SenderId::Alphanumeric("ACME".to_owned()),
            destination: PhoneNumber::from_stored("+447700900001", Region::new("GB").unwrap())
                .unwrap(),
            text: "a".repeat(if parts == 1 { 1 } else { parts * 153 }).into(),
            reference: 1,
            valid_until: None,
            not_begun_from: None,
        }
    }

    fn write_all(outbox: &mut Outbox, output: &mut Output, now: Instant) {
        while outbox.can_write() {
            outbox.write(0, output, now);
        }
    }

    fn told(outcomes: &Outcomes) -> Vec<(u32, Vec<PartOutcome>)> {
        std::mem::take(&mut outcomes.0.lock().unwrap())
    }

    #[tokio::test]
    async fn sequence_numbers_go_round_and_pass_over_those_in_flight() {
        let (mut outbox, _) = outbox(10, &[1]).await;
        outbox.sequence = 0x7FFF_FFFF;
        write_all(&mut outbox, &mut Output::default(), Instant::now());
        assert_eq!(outbox.next_sequence(), 1);
        outbox.sequence = 0x7FFF_FFFF;
        assert_eq!(outbox.next_sequence(), 1);
    }

    #[tokio::test]
    async fn only_overdue_answers_are_given_up() {
        let (mut outbox, outcomes) = outbox(10, &[1, 1]).await;
        let (mut output, begun) = (Output::default(), Instant::now());
        outbox.write(0, &mut output, begun);
        outbox.write(0, &mut output, begun + Duration::from_secs(5));
        assert_eq!(outbox.next_due(), Some(begun + Duration::from_secs(30)));
        assert_eq!(outbox.expire(begun + Duration::from_secs(30)), 1);
        assert_eq!(told(&outcomes), [(1, vec![PartOutcome::Unknown])]);
        assert_eq!(outbox.next_due(), Some(begun + Duration::from_secs(35)));
        assert_eq!(outbox.answered(4, 0, "nobody's".to_owned()), None);
    }

    #[tokio::test]
    async fn answers_that_come_late_settle_what_was_unknown() {
        let (mut outbox, outcomes) = outbox(10, &[2]).await;
        let begun = Instant::now();
        write_all(&mut outbox, &mut Output::default(), begun);
        assert_eq!(outbox.expire(begun + Duration::from_secs(30)), 2);
        assert_eq!(told(&outcomes), [(1, vec![PartOutcome::Unknown; 2])]);

        let accepted = |id: &str| PartOutcome::Accepted {
            provider_id: id.to_owned(),
        };
        let mut answer = |sequence, code, id: &str| {
            outbox.answered(sequence, code, id.to_owned());
            outbox.next_late().map(|late| late.outcome.parts)
        };
        assert_eq!(answer(3, 0, "b"), None);
        assert_eq!(answer(2, 0x58, ""), None);
        assert_eq!(answer(2, 0, "a"), Some(vec![accepted("a"), accepted("b")]));
        assert_eq!(answer(2, 0, "a"), None);
        assert_eq!(told(&outcomes), []);
    }

    #[tokio::test]
    async fn an_answer_that_comes_late_but_before_the_others_is_an_answer() {
        let (mut outbox, outcomes) = outbox(10, &[2]).await;
        let (mut output, begun) = (Output::default(), Instant::now());
        outbox.write(0, &mut output, begun);
        outbox.write(0, &mut output, begun + Duration::from_secs(5));
        assert_eq!(outbox.expire(begun + Duration::from_secs(30)), 1);
        outbox.answered(2, 0, "a".to_owned());
        outbox.answered(3, 0, "b".to_owned());
        let accepted = |id: &str| PartOutcome::Accepted {
            provider_id: id.to_owned(),
        };
        assert_eq!(told(&outcomes), [(1, vec![accepted("a"), accepted("b")])]);
        assert_eq!(outbox.next_late(), None);
    }

    #[tokio::test]
    async fn what_has_not_begun_is_handed_back_and_what_the_socket_has_is_unknown() {
        let (mut outbox, outcomes) = outbox(3, &[1, 1, 1]).await;
        let mut output = Output::default();
        outbox.write(0, &mut output, Instant::now());
        outbox.write(0, &mut output, Instant::now());
        // The socket has taken the first part only.
        let first = u32::from_be_bytes(*output.buffer.first_chunk().unwrap()) as usize;
        let _ = output.buffer.split_to(first);
        output.took(first);
        outbox.disconnect(&output);
        let mut told = told(&outcomes);
        told.sort_by_key(|(seq, _)| *seq);
        assert_eq!(
            told,
            [
                (1, vec![PartOutcome::Unknown]),
                (2, vec![PartOutcome::NotWritten]),
                (3, vec![PartOutcome::NotWritten])
            ]
        );
        assert!(outbox.is_empty());
    }

    #[tokio::test]
    async fn a_message_written_in_part_goes_on_with_the_parts_that_were_not() {
        let (mut outbox, outcomes) = outbox(2, &[3]).await;
        let mut output = Output::default();
        write_all(&mut outbox, &mut output, Instant::now());
        // The socket has taken the first part and one octet of the second.
        let first = u32::from_be_bytes(*output.buffer.first_chunk().unwrap()) as usize;
        let _ = output.buffer.split_to(first + 1);
        output.took(first + 1);
        outbox.disconnect(&output);
        assert_eq!(told(&outcomes), []);

        let mut output = Output::default();
        write_all(&mut outbox, &mut output, Instant::now());
        assert_eq!(outbox.in_flight(), 1);
        outbox.answered(BIND_SEQUENCE + 1, 0, "3".to_owned());
        let parts = vec![
            PartOutcome::Unknown,
            PartOutcome::Unknown,
            PartOutcome::Accepted {
                provider_id: "3".to_owned(),
            },
        ];
        assert_eq!(told(&outcomes), [(1, parts)]);
    }

    #[tokio::test(start_paused = true)]
    async fn how_long_a_message_is_tried_begins_with_its_first_part() {
        let clock = Arc::<Seconds>::default();
        let (mut outbox, outcomes) = outbox_at(Arc::clone(&clock), 1, &[1, 1]).await;
        // Neither the clock on the wall counts nor the wait for its turn.
        clock.0.store(86_400, Ordering::SeqCst);
        tokio::time::advance(Duration::from_secs(3_601)).await;
        outbox.write(0, &mut Output::default(), Instant::now());
        outbox.answered(BIND_SEQUENCE + 1, 0x58, String::new());
        tokio::time::advance(Duration::from_secs(3_600)).await;
        outbox.expire_waiting();
        assert_eq!(told(&outcomes), []);
        tokio::time::advance(Duration::from_secs(1)).await;
        outbox.expire_waiting();
        let expired = PartOutcome::Refused {
            status: MessageStatus::Expired,
            code: "0x00000058".to_owned(),
        };
        assert_eq!(told(&outcomes), [(1, vec![expired])]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_long_for_its_turn_is_marked_again_before_it_is_written() {
        let (mut outbox, outcomes) = outbox(9, &[1, 2, 1]).await;
        let mut output = Output::default();
        write_all(&mut outbox, &mut output, Instant::now());
        // The first is refused for now; of the second a part is taken, and the other refused.
        outbox.answered(BIND_SEQUENCE + 1, 0x58, String::new());
        outbox.answered(BIND_SEQUENCE + 2, 0, "a".to_owned());
        outbox.answered(BIND_SEQUENCE + 3, 0x58, String::new());
        tokio::time::advance(Duration::from_millis(999)).await;
        outbox.hand_back_stale(Instant::now());
        assert_eq!(told(&outcomes), []);
        tokio::time::advance(Duration::from_millis(1)).await;
        outbox.hand_back_stale(Instant::now());
        assert_eq!(told(&outcomes), [(1, vec![PartOutcome::NotWritten])]);
        // A part alone is of no use.
        let now = Instant::now();
        write_all(&mut outbox, &mut output, now);
        assert_eq!(outbox.in_flight(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_was_handed_back_is_tried_for_no_longer() {
        let (mut outbox, outcomes) = outbox(1, &[1]).await;
        outbox.write(0, &mut Output::default(), Instant::now());
        outbox.answered(BIND_SEQUENCE + 1, 0x58, String::new());
        tokio::time::advance(Duration::from_secs(3_600)).await;
        outbox.hand_back_stale(Instant::now());
        assert_eq!(told(&outcomes), [(1, vec![PartOutcome::NotWritten])]);
        let seats = Window::new(1, 1);
        seats.set_up(0, true);
        outbox.accept(Job {
            submission: submission(1, 1),
            outcomes: outcomes.clone(),
            slot: seats.reserve(1).await.unwrap().take().unwrap(),
        });
        tokio::time::advance(Duration::from_millis(1)).await;
        write_all(&mut outbox, &mut Output::default(), Instant::now());
        let expired = PartOutcome::Refused {
            status: MessageStatus::Expired,
            code: "0x00000058".to_owned(),
        };
        assert_eq!(told(&outcomes), [(1, vec![expired])]);
    }

    #[tokio::test]
    async fn a_sender_that_has_had_its_share_holds_up_nobody_else() {
        let (mut outbox, _) = outbox(10, &[1, 1]).await;
        let later = Instant::now() + Duration::from_secs(1);
        assert_eq!(outbox.next(|_| Err(later)), Next::From(later));
        let mut asked = 0;
        let second = outbox.next(|_| {
            asked += 1;
            if asked == 1 { Err(later) } else { Ok(()) }
        });
        assert_eq!(second, Next::Part(1));
        write_all(&mut outbox, &mut Output::default(), Instant::now());
        assert_eq!(outbox.next(|_| Ok(())), Next::Nothing);
    }
}
