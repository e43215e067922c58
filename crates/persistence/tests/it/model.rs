//! The ledger against a small model of itself: whatever nodes mark, write, hear and take over from each other, and whoever opts
//! out, in any order, nothing is written twice under the same attempt, nothing after an opt-out, and each message stands where
//! the model says.

use std::collections::BTreeSet;
use std::time::Duration;

use clarion_domain::message::MessageStatus::{
    self, Accepted, Delivered, OptedOut, Queued, Rejected, Sent, Undeliverable, Unknown,
};
use clarion_domain::opt_out::{OptOutScope, OptOutSource, SenderName};
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::campaigns;
use clarion_persistence::messages::{self, Settlement};
use clarion_persistence::opt_outs::{self, ConsentChange};
use clarion_persistence::send_units::{self, Mark, Unit};
use clarion_persistence::{Change, Conn, StoreError, on_both, testing};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::fixtures::{
    CLIENT, accepted, at, campaign_id, contact, receipt, sending, settlement, status_of,
};

const MESSAGES: u32 = 8;
const NODES: usize = 2;
const CASES: u128 = 60;

/// What may happen. Numbers choose among what is there; a node beyond the last is whoever holds the unit.
#[derive(Debug, Clone)]
enum Event {
    /// All leases run out, and a node takes the unit up.
    TakeOver(usize),
    /// A node writes down what it found open, as it does before it sends.
    SettleLost(usize),
    /// A node marks so many of the messages after its mark, and writes them.
    Mark(usize, u32),
    /// A node marks what is queued, and writes it.
    HandOver(usize),
    /// The provider answers one of the messages that a node has in flight.
    Answer(usize, usize, MessageStatus),
    /// A receipt of a message that was taken.
    Receipt(usize, MessageStatus),
    /// A recipient opts out.
    OptOut(u32),
    Pause,
    Resume,
    Resend,
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop::sample::select(vec![Sent, Unknown, Queued, Unknown, Rejected]);
    let status = prop::sample::select(vec![Delivered, Accepted, Undeliverable]);
    let node = 0..2 * NODES;
    let answer = (node.clone(), 0..9_usize, outcome);
    let marked = (node.clone(), 1..3_u32);
    prop_oneof![
        3 => (0..NODES).prop_map(Event::TakeOver),
        3 => node.clone().prop_map(Event::SettleLost),
        5 => marked.prop_map(|(node, count)| Event::Mark(node, count)),
        4 => node.prop_map(Event::HandOver),
        6 => answer.prop_map(|(node, which, outcome)| Event::Answer(node, which, outcome)),
        3 => (0..9_usize, status).prop_map(|(which, status)| Event::Receipt(which, status)),
        1 => (1..=MESSAGES).prop_map(Event::OptOut),
        1 => Just(Event::Pause),
        3 => Just(Event::Resume),
        1 => Just(Event::Resend),
    ]
}

/// Where a message stands, by the model. The number is its current attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Untried,
    /// Marked for the first time.
    Open,
    /// Marked again.
    OpenAgain(i16),
    Waiting(i16),
    InDoubt(i16),
    Taken(i16),
    OnItsWay(i16),
    Ended(MessageStatus),
}

impl Place {
    fn status(self) -> Option<MessageStatus> {
        match self {
            Self::Untried | Self::Open => None,
            Self::OpenAgain(_) | Self::Waiting(_) => Some(Queued),
            Self::InDoubt(_) => Some(Unknown),
            Self::Taken(_) => Some(Sent),
            Self::OnItsWay(_) => Some(Accepted),
            Self::Ended(status) => Some(status),
        }
    }

    fn attempt(self) -> i16 {
        match self {
            Self::Untried | Self::Ended(_) => 0,
            Self::Open => 1,
            Self::OpenAgain(attempt)
            | Self::Waiting(attempt)
            | Self::InDoubt(attempt)
            | Self::Taken(attempt)
            | Self::OnItsWay(attempt) => attempt,
        }
    }

    /// An attempt is answered.
    fn answered(self, attempt: i16, outcome: MessageStatus) -> Self {
        let is_current = attempt == self.attempt();
        match (self, outcome) {
            (Self::Ended(_) | Self::Taken(_) | Self::OnItsWay(_), _) => self,
            (_, Sent) => Self::Taken(attempt),
            (_, Rejected) if is_current => Self::Ended(Rejected),
            (Self::Open | Self::OpenAgain(_), Unknown) if is_current => Self::InDoubt(attempt),
            (Self::Open | Self::OpenAgain(_), Queued) if is_current => Self::Waiting(attempt),
            _ => self,
        }
    }

    /// A receipt comes of an attempt.
    fn heard(self, attempt: i16, status: MessageStatus) -> Self {
        let is_current = attempt == self.attempt();
        match (self, status) {
            (Self::Ended(_), _) => self,
            (_, Delivered) => Self::Ended(Delivered),
            (_, Undeliverable) if is_current => Self::Ended(Undeliverable),
            (Self::Taken(attempt), Accepted) if is_current => Self::OnItsWay(attempt),
            _ => self,
        }
    }
}

#[derive(Default)]
struct Node {
    unit: Option<Unit>,
    /// The last message that it knows to be marked.
    marked: u32,
    lost: Vec<(u32, i16)>,
    in_flight: Vec<(u32, i16)>,
}

struct Model {
    key: CampaignKey,
    places: [Place; MESSAGES as usize],
    nodes: [Node; NODES],
    /// Whose lease is the last one.
    holder: Option<usize>,
    /// Whether the campaign is as it was when that one was taken.
    unchanged: bool,
    paused: bool,
    opted_out: BTreeSet<u32>,
    written: BTreeSet<(u32, i16)>,
    taken: Vec<(u32, i16)>,
    second: i64,
}

impl Model {
    fn new(key: CampaignKey) -> Self {
        Self {
            key,
            places: [Place::Untried; MESSAGES as usize],
            nodes: <[Node; NODES]>::default(),
            holder: None,
            unchanged: false,
            paused: false,
            opted_out: BTreeSet::new(),
            written: BTreeSet::new(),
            taken: Vec::new(),
            second: 10,
        }
    }

    fn place(&mut self, seq: u32) -> &mut Place {
        &mut self.places[seq as usize - 1]
    }

    fn may_send(&self, node: usize) -> bool {
        self.holder == Some(node) && self.unchanged && !self.paused
    }

    /// What goes to a socket goes there once for each attempt.
    fn write(&mut self, node: usize, seq: u32, attempt: i16) {
        assert!(
            self.written.insert((seq, attempt)),
            "written twice: {seq}, {attempt}"
        );
        self.nodes[node].in_flight.push((seq, attempt));
    }

    fn node(&self, number: usize) -> usize {
        match number {
            0..NODES => number,
            _ => self.holder.unwrap_or_default(),
        }
    }

    /// As a sender does it, in the transaction of the mark.
    fn write_unless_opted_out(
        &mut self,
        conn: &mut Conn,
        node: usize,
        seq: u32,
        attempt: i16,
    ) -> Result<(), StoreError> {
        let sender = SenderName::of("ACME");
        let found = opt_outs::suppressed(conn, CLIENT, &sender, self.key, &[seq])?;
        assert_eq!(found.contains(&seq), self.opted_out.contains(&seq), "{seq}");
        if found.is_empty() {
            self.write(node, seq, attempt);
            return Ok(());
        }
        let out = settlement(self.key, seq, OptedOut);
        messages::settle(conn, &[Settlement { attempt, ..out }])?;
        *self.place(seq) = Place::Ended(OptedOut);
        Ok(())
    }

    fn opt_out(&mut self, conn: &mut Conn, seq: u32) -> Result<(), StoreError> {
        let change = ConsentChange {
            scope: OptOutScope::Client,
            source: OptOutSource::Keyword,
            probable: false,
            evidence: Some("STOP"),
            at: at(self.second),
        };
        opt_outs::record(conn, CLIENT, contact(seq).phone, &change)?;
        self.opted_out.insert(seq);
        Ok(())
    }

    fn happen(&mut self, conn: &mut Conn, event: &Event) -> Result<(), StoreError> {
        self.second += 1;
        match *event {
            Event::TakeOver(node) => self.take_over(conn, node),
            Event::SettleLost(node) => self.settle_lost(conn, self.node(node)),
            Event::Mark(node, count) => self.mark(conn, self.node(node), count),
            Event::HandOver(node) => self.hand_over(conn, self.node(node)),
            Event::Answer(node, which, outcome) => {
                self.answer(conn, self.node(node), which, outcome)
            }
            Event::Receipt(which, status) => self.receive(conn, which, status),
            Event::OptOut(seq) => self.opt_out(conn, seq),
            Event::Pause => self.pause(conn),
            Event::Resume => self.resume(conn),
            Event::Resend => self.resend(conn),
        }
    }

    fn take_over(&mut self, conn: &mut Conn, node: usize) -> Result<(), StoreError> {
        testing::run_out_leases(conn)?;
        let name = ["a", "b"][node];
        let lease = Duration::from_secs(600);
        let mut units = send_units::claim(conn, self.key, name, lease, at(self.second), 1)?;
        let unit = units.remove(0);
        let found = &mut self.nodes[node];
        found.marked = unit.marked_upto;
        found.lost = send_units::unsettled(conn, &unit)?;
        found.unit = Some(unit);
        (self.holder, self.unchanged) = (Some(node), true);
        Ok(())
    }

    fn settle_lost(&mut self, conn: &mut Conn, node: usize) -> Result<(), StoreError> {
        for (seq, attempt) in std::mem::take(&mut self.nodes[node].lost) {
            self.settle(conn, seq, attempt, Unknown)?;
        }
        Ok(())
    }

    fn settle(
        &mut self,
        conn: &mut Conn,
        seq: u32,
        attempt: i16,
        outcome: MessageStatus,
    ) -> Result<(), StoreError> {
        let id = self.provider_id(seq, attempt);
        let settled = match outcome {
            Sent => accepted(self.key, seq, &[&id]),
            other => settlement(self.key, seq, other),
        };
        messages::settle(conn, &[Settlement { attempt, ..settled }])?;
        let place = self.place(seq);
        *place = place.answered(attempt, outcome);
        Ok(())
    }

    fn mark(&mut self, conn: &mut Conn, node: usize, count: u32) -> Result<(), StoreError> {
        let from = self.nodes[node].marked;
        let upto = (from + count).min(MESSAGES);
        let Some(unit) = self.nodes[node].unit.clone() else {
            return Ok(());
        };
        if upto == from || !self.nodes[node].lost.is_empty() {
            return Ok(());
        }
        let mark = send_units::mark(conn, &unit, upto)?;
        assert_eq!(mark == Mark::Marked, self.may_send(node));
        if mark == Mark::Marked {
            self.nodes[node].marked = upto;
            for seq in from + 1..=upto {
                assert_eq!(*self.place(seq), Place::Untried);
                *self.place(seq) = Place::Open;
                self.write_unless_opted_out(conn, node, seq, 1)?;
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, conn: &mut Conn, node: usize) -> Result<(), StoreError> {
        let Some(unit) = self.nodes[node].unit.clone() else {
            return Ok(());
        };
        let queued = send_units::queued(conn, &unit)?;
        if queued.is_empty() || !self.nodes[node].lost.is_empty() {
            return Ok(());
        }
        let seqs: Vec<u32> = queued.iter().map(|queued| queued.seq).collect();
        let mark = send_units::mark_queued(conn, &unit, &seqs)?;
        assert_eq!(mark == Mark::Marked, self.may_send(node));
        if mark == Mark::Marked {
            for queued in queued {
                assert_eq!(*self.place(queued.seq), Place::Waiting(queued.attempt));
                let attempt = queued.attempt + 1;
                *self.place(queued.seq) = Place::OpenAgain(attempt);
                self.write_unless_opted_out(conn, node, queued.seq, attempt)?;
            }
        }
        Ok(())
    }

    fn answer(
        &mut self,
        conn: &mut Conn,
        node: usize,
        which: usize,
        outcome: MessageStatus,
    ) -> Result<(), StoreError> {
        let in_flight = &mut self.nodes[node].in_flight;
        if in_flight.is_empty() {
            return Ok(());
        }
        let (seq, attempt) = in_flight.remove(which % in_flight.len());
        if outcome == Sent {
            self.taken.push((seq, attempt));
        }
        self.settle(conn, seq, attempt, outcome)
    }

    fn receive(
        &mut self,
        conn: &mut Conn,
        which: usize,
        status: MessageStatus,
    ) -> Result<(), StoreError> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let (seq, attempt) = self.taken[which % self.taken.len()];
        let id = self.provider_id(seq, attempt);
        let heard = messages::apply_receipts(conn, "main", &[receipt(&id, status, self.second)])?;
        assert_eq!(heard.unmatched, 0, "{id}");
        let place = self.place(seq);
        *place = place.heard(attempt, status);
        Ok(())
    }

    fn pause(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let done = campaigns::pause(conn, CLIENT, campaign_id(self.number()), at(self.second))?;
        assert_eq!(done == Change::Done, !self.paused);
        self.unchanged &= self.paused;
        self.paused = true;
        Ok(())
    }

    fn resume(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let done = campaigns::resume(conn, CLIENT, campaign_id(self.number()), at(self.second))?;
        assert_eq!(done == Change::Done, self.paused);
        self.unchanged &= !self.paused;
        self.paused = false;
        Ok(())
    }

    fn resend(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let id = campaign_id(self.number());
        let (change, resent) = campaigns::resend_unknown(conn, CLIENT, id, None, at(self.second))?;
        assert_eq!(change, Change::Done);
        self.unchanged = false;
        let mut expected = 0;
        for place in &mut self.places {
            if let Place::InDoubt(attempt) = *place {
                *place = Place::Waiting(attempt);
                expected += 1;
            }
        }
        assert_eq!(resent, expected);
        Ok(())
    }

    /// The id under which an attempt is taken; no other campaign's.
    fn provider_id(&self, seq: u32, attempt: i16) -> String {
        format!("{}x{seq}x{attempt}", self.key.0)
    }

    /// The campaign's public number, which the tests make the same as its key.
    fn number(&self) -> u128 {
        u128::try_from(self.key.0).unwrap()
    }

    fn check(&self, conn: &mut Conn) -> Result<(), StoreError> {
        for (seq, place) in (1..).zip(self.places) {
            assert_eq!(
                status_of(conn, self.key, seq)?,
                place.status(),
                "{seq}: {place:?}"
            );
        }
        let counts = messages::counts(conn, self.key)?;
        let tried = self.places.iter().filter(|place| place.status().is_some());
        assert_eq!(counts.all(), tried.count() as u64);
        let in_doubt = self
            .places
            .iter()
            .filter(|place| place.status() == Some(Unknown));
        assert_eq!(counts.unknown, in_doubt.count() as u64);
        Ok(())
    }
}

on_both! {
    async fn the_ledger_does_what_the_model_does(database) {
        let mut runner = TestRunner::deterministic();
        let (mut written, mut again) = (0, 0);
        for number in 1..=CASES {
            let key = sending(&database, number, MESSAGES).await;
            assert_eq!(u128::try_from(key.0).unwrap(), number);
            let events = prop::collection::vec(event(), 40..150);
            let events = events.new_tree(&mut runner).unwrap().current();
            let work = move |conn: &mut Conn| {
                let mut model = Model::new(key);
                for (index, event) in events.iter().enumerate() {
                    let so_far = std::panic::AssertUnwindSafe(|| {
                        model.happen(conn, event)?;
                        model.check(conn)
                    });
                    match std::panic::catch_unwind(so_far) {
                        Ok(done) => done?,
                        Err(_) => panic!("case {number}: {:#?}", &events[..=index]),
                    }
                }
                // The others are not to send this one's messages, nor heed its opt-outs.
                for seq in &model.opted_out {
                    opt_outs::opt_in(conn, CLIENT, contact(*seq).phone, OptOutSource::Keyword, None, at(999))?;
                }
                campaigns::delete(conn, CLIENT, campaign_id(number), at(999))?;
                Ok(model.written)
            };
            let all = database.write(work).await.unwrap();
            written += all.len();
            again += all.iter().filter(|(_, attempt)| *attempt > 1).count();
        }
        assert!(written > 100 && again > 20, "{written} written, {again} of them again");
    }
}
