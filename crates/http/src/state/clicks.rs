//! Clicks on tracked links: remembered here by the redirects, and written down together a moment later, so that no redirect
//! waits for the database. What was taken in is written before the service stops; what there is no room for is counted.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clarion_domain::click::Click;
use clarion_persistence::{StoreError, clicks};
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::{error, warn};

use super::State;

/// The most clicks that wait to be written down; further ones are lost.
const ROOM: usize = 100_000;

/// Clicks of one transaction.
const AT_ONCE: usize = 1_000;

/// How often what waits is written down.
const EVERY: Duration = Duration::from_millis(200);

/// How long a stop goes on trying where the database does not take them.
const LAST_TRIES: Duration = Duration::from_secs(10);

/// Clicks that are not written down yet.
pub(super) struct Clicks {
    waiting: Mutex<Waiting>,
    room: usize,
}

#[derive(Default)]
struct Waiting {
    clicks: VecDeque<Click>,
    /// For which there was no room, since it was told last.
    lost: u64,
    /// For which there was no room before.
    lost_before: u64,
}

impl Default for Clicks {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            room: ROOM,
        }
    }
}

impl Clicks {
    /// A link was followed.
    pub(super) fn note(&self, click: Click) {
        let mut waiting = self.waiting();
        if waiting.clicks.len() < self.room {
            waiting.clicks.push_back(click);
        } else {
            waiting.lost += 1;
        }
    }

    /// Takes what is to be written down next; empty where nothing waits.
    fn take(&self) -> Vec<Click> {
        let mut waiting = self.waiting();
        let count = waiting.clicks.len().min(AT_ONCE);
        waiting.clicks.drain(..count).collect()
    }

    /// How many were lost since this was asked last.
    fn take_lost(&self) -> u64 {
        let mut waiting = self.waiting();
        waiting.lost_before += waiting.lost;
        std::mem::take(&mut waiting.lost)
    }

    /// How many were lost since the start.
    pub(super) fn lost(&self) -> u64 {
        let waiting = self.waiting();
        waiting.lost_before + waiting.lost
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes clicks down until told to stop, and then those that are left.
pub(super) async fn write_down(state: State, stop: impl Future<Output = ()>) {
    let mut timer = interval(EVERY);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch: Arc<[Click]> = Arc::default();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = timer.tick() => tell_lost(&state),
        }
        if let Err(error) = write_waiting(&state, &mut batch).await {
            warn!(%error, "clicks are not written down; trying again");
        }
    }
    write_last(&state, batch).await;
    tell_lost(&state);
}

/// Writes what waits. A batch that could not be written stays in `batch`, to be tried first the next time.
async fn write_waiting(state: &State, batch: &mut Arc<[Click]>) -> Result<(), StoreError> {
    loop {
        if batch.is_empty() {
            *batch = state.clicks.take().into();
        }
        if batch.is_empty() {
            return Ok(());
        }
        let (rules, clicks) = (Arc::clone(&state.click_rules), Arc::clone(batch));
        let write = move |conn: &mut _| clicks::insert(conn, &clicks, &rules);
        state.store.write(write).await?;
        *batch = Arc::default();
    }
}

async fn write_last(state: &State, mut batch: Arc<[Click]>) {
    let until = Instant::now() + LAST_TRIES;
    while let Err(failure) = write_waiting(state, &mut batch).await {
        if Instant::now() >= until {
            let lost = batch.len() + state.clicks.waiting().clicks.len();
            error!(%failure, lost, "clicks are lost: the database does not take them");
            return;
        }
        sleep(EVERY).await;
    }
}

fn tell_lost(state: &State) {
    let lost = state.clicks.take_lost();
    if lost > 0 {
        warn!(lost, "clicks are lost: too many wait to be written down");
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use clarion_domain::recipient::{CampaignKey, RecipientKey};

    use super::*;

    fn click(seq: u32) -> Click {
        Click {
            recipient: RecipientKey {
                campaign: CampaignKey(1),
                seq,
            },
            at: DateTime::UNIX_EPOCH,
            is_head: false,
            network: None,
            user_agent: String::new(),
            purpose: String::new(),
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let clicks = Clicks {
            room: 2,
            ..Clicks::default()
        };
        for seq in 1..=5 {
            clicks.note(click(seq));
        }
        assert_eq!(clicks.take(), [click(1), click(2)]);
        assert_eq!(clicks.take_lost(), 3);
        assert_eq!(clicks.take_lost(), 0, "it is told once");
        clicks.note(click(6));
        assert_eq!(clicks.take(), [click(6)]);
    }

    #[test]
    fn one_transaction_takes_so_many() {
        let clicks = Clicks::default();
        let count = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        for seq in 0..=count {
            clicks.note(click(seq));
        }
        assert_eq!(clicks.take().len(), AT_ONCE);
        assert_eq!(clicks.take(), [click(count)]);
        assert_eq!(clicks.take(), []);
    }
}
