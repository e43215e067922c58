//! The oracle: an SMSC that takes down every part that it is given, and can be told to misbehave. What the service says about
//! its messages is held against what stands here.

mod connection;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use connection::Connection;

/// How it behaves from now on.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    /// How long an answer takes.
    pub(crate) delay: Duration,
    /// Every so manieth answer is never given; 0: none is withheld.
    pub(crate) swallow_every: u64,
    /// Until then it refuses everything for now.
    pub(crate) throttle_until: Option<Instant>,
    /// After so many parts the connection breaks in the middle of the answer.
    pub(crate) cut_after: Option<usize>,
    pub(crate) receipts: Receipts,
}

/// When receipts are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipts {
    /// So long after the part was taken.
    After(Duration),
    /// Not for the time being.
    Held,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(5),
            swallow_every: 0,
            throttle_until: None,
            cut_after: None,
            receipts: Receipts::After(Duration::from_millis(100)),
        }
    }
}

/// A part as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Submit {
    pub(crate) at: Instant,
    pub(crate) destination: String,
    pub(crate) source: String,
    pub(crate) text: String,
    pub(crate) part: u8,
    pub(crate) id: String,
    /// Whether it is on its way to the handset now.
    pub(crate) accepted: bool,
    /// Whether the answer was written to the socket.
    pub(crate) answered: bool,
    pub(crate) receipt: Receipt,
}

/// Where the receipt of a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// Still to be given, after that moment.
    Owed(Instant),
    /// Written at that moment on the connection of this number, and not acknowledged.
    Given(u64, Instant),
    /// Acknowledged.
    Taken,
}

/// Everything that was seen, and the rules for what comes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) behaviour: Behaviour,
    pub(crate) submits: Vec<Submit>,
    connections: u64,
    /// Connections that are bound now, and the most at once.
    bound: usize,
    most_bound: usize,
    /// Receipts that were given again because nobody had answered them.
    reminders: usize,
    /// Parts that were forgotten: no id is given twice.
    forgotten: usize,
    /// Replies that are to be given.
    replies: VecDeque<Reply>,
    /// Who wrote replies that were acknowledged, and when.
    heeded: Vec<(String, Instant)>,
}

/// What a handset writes.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: &'static str,
}

/// A running oracle; it goes on until the process ends.
pub(crate) struct Oracle {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

impl Oracle {
    /// Listens at any free port.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = next_number(&shared);
                Connection::serve(stream, number, Arc::clone(&shared));
            }
        });
        Ok(Self { state, address })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Forgets what it has seen, and behaves like this from now on.
    pub(crate) fn begin(&self, behaviour: Behaviour) {
        let mut state = lock(&self.state);
        state.forgotten += state.submits.len();
        state.submits.clear();
        state.reminders = 0;
        state.most_bound = state.bound;
        state.replies.clear();
        state.heeded.clear();
        state.behaviour = behaviour;
    }

    /// Changes how it behaves in one respect.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut lock(&self.state).behaviour);
    }

    /// Has handsets write.
    pub(crate) fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state).replies.extend(replies);
    }

    /// Who wrote replies that were acknowledged, and when that was.
    pub(crate) fn heeded(&self) -> Vec<(String, Instant)> {
        lock(&self.state).heeded.clone()
    }

    /// How many parts it has seen.
    pub(crate) fn seen(&self) -> usize {
        lock(&self.state).submits.len()
    }

    /// What it has seen.
    pub(crate) fn submits(&self) -> Vec<Submit> {
        lock(&self.state).submits.clone()
    }

    /// How many receipts were given again because nobody had answered them.
    pub(crate) fn reminders(&self) -> usize {
        lock(&self.state).reminders
    }

    /// The most connections that were bound at once.
    pub(crate) fn most_bound(&self) -> usize {
        lock(&self.state).most_bound
    }

    /// How many receipts are not acknowledged yet.
    pub(crate) fn receipts_owed(&self) -> usize {
        let state = lock(&self.state);
        let parts = state.submits.iter();
        parts.filter(|part| part.receipt != Receipt::Taken).count()
    }
}

fn next_number(state: &Mutex<State>) -> u64 {
    let mut state = lock(state);
    state.connections += 1;
    state.connections
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
