//! Whether the database takes what is written, and the journal. While it does not, nothing is marked, and somebody looks whether it does again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clarion_persistence::StoreError;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::core::Core;
use crate::node;
use crate::retry::Backoff;

/// How long an answer to the question whether the database takes what is written is good for others who ask.
const FRESH: Duration = Duration::from_secs(1);
/// A database that takes longer to write one row does not take what is written.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long after a time of trouble those who held units have to settle what they know before others take over. They try
/// again after 5 s at most.
const SETTLING: Duration = Duration::from_secs(10);

/// What an operator has to see to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarms {
    /// The database takes nothing that is written: nothing is sent.
    pub database: bool,
    /// The journal cannot be written: sending goes no faster than the database, and a crash leaves more unknown.
    pub journal: bool,
}

/// Whether there is trouble with the database, or with the journal.
pub(crate) struct Trouble {
    state: watch::Sender<State>,
    journal: AtomicBool,
    /// The last answer to who asked, and when it was given.
    asked: Mutex<Option<(Instant, Option<String>)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There has been none yet.
    Never,
    Since(Instant),
    Until(Instant),
}

impl Trouble {
    pub(crate) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::Never),
            journal: AtomicBool::new(false),
            asked: Mutex::default(),
        }
    }

    /// A write has failed: if it was for the database's sake, nothing more is marked.
    pub(crate) fn heed(&self, failure: &StoreError) {
        if failure.is_outage() {
            self.begin(failure);
        }
    }

    fn begin(&self, failure: &StoreError) {
        let began = self.state.send_if_modified(|state| {
            let begins = !matches!(state, State::Since(_));
            if begins {
                *state = State::Since(Instant::now());
            }
            begins
        });
        if began {
            error!(error = %failure, "the database takes nothing that is written; sending pauses");
        }
    }

    /// A write has succeeded.
    fn end(&self) {
        let mut lasted = None;
        self.state.send_if_modified(|state| {
            if let State::Since(since) = *state {
                lasted = Some(since.elapsed());
                *state = State::Until(Instant::now());
            }
            lasted.is_some()
        });
        if let Some(lasted) = lasted {
            info!(
                ?lasted,
                "the database takes what is written again; sending goes on"
            );
        }
    }

    /// The journal can be written, or cannot; whether that is new.
    pub(crate) fn journal_fails(&self, fails: bool) -> bool {
        self.journal.swap(fails, Ordering::Relaxed) != fails
    }

    /// What there is at present.
    pub(crate) fn alarms(&self) -> Alarms {
        Alarms {
            database: self.is_present(),
            journal: self.journal.load(Ordering::Relaxed),
        }
    }

    fn is_present(&self) -> bool {
        matches!(*self.state.borrow(), State::Since(_))
    }

    /// Whether it ended so lately that others may not have settled yet what they know.
    pub(crate) fn is_recent(&self) -> bool {
        match *self.state.borrow() {
            State::Never => false,
            State::Since(_) => true,
            State::Until(end) => end.elapsed() < SETTLING,
        }
    }
}

/// Waits until there is no trouble.
pub(crate) async fn over(core: &Core) {
    let mut state = core.trouble.state.subscribe();
    while core.trouble.is_present() {
        tokio::select! {
            // The sender lives as long as the core.
            _ = state.changed() => {}
            () = tokio::time::sleep(FRESH) => drop(ask(core).await),
        }
    }
}

/// Looks whether the database takes what is written, for whoever asks.
///
/// # Errors
/// It does not.
pub(crate) async fn ask(core: &Core) -> Result<(), StoreError> {
    let mut asked = core.trouble.asked.lock().await;
    let answer = match asked.take_if(|(at, _)| at.elapsed() < FRESH) {
        Some(answer) => answer,
        None => (
            Instant::now(),
            look(core).await.err().map(|error| error.to_string()),
        ),
    };
    let (_, failure) = asked.insert(answer);
    match failure {
        None => Ok(()),
        Some(failure) => Err(StoreError::Unavailable(failure.clone())),
    }
}

/// Writes one row.
async fn look(core: &Core) -> Result<(), StoreError> {
    let looked = tokio::time::timeout(PATIENCE, node::beat(core)).await;
    match looked.unwrap_or(Err(StoreError::Busy)) {
        Ok(()) => {
            core.trouble.end();
            Ok(())
        }
        Err(failure) => {
            core.trouble.begin(&failure);
            Err(failure)
        }
    }
}

/// Says that this node is there as often as it should, which shows trouble; while there is some, looks whether it is over.
pub(crate) async fn watch(core: Arc<Core>, every: Duration, stop: CancellationToken) {
    let mut state = core.trouble.state.subscribe();
    let mut backoff = Backoff::new();
    loop {
        let wait = match *state.borrow_and_update() {
            State::Since(_) => backoff.next_wait().min(FRESH),
            State::Never | State::Until(_) => {
                backoff.reset();
                every
            }
        };
        let pause = async {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = state.changed() => {}
            }
        };
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
        // What failed is told when it begins, and not again.
        let _ = look(&core).await;
    }
}
