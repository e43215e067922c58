//! What the API does beside answering: it writes down which keys were used and which links were followed, and forgets answers and limits that nobody
//! will ask for any more.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use clarion_persistence::{StoreError, api_keys, idempotency};
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use super::{State, clicks};
use crate::rate::Rates;

const NOTE_EVERY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// Does it until told to stop, or until nobody can tell any more.
pub(crate) async fn run(state: State, rates: web::Data<Rates>, stop: oneshot::Receiver<()>) {
    let stop = stop.map(drop).shared();
    let clicks = clicks::write_down(state.clone(), stop.clone());
    tokio::join!(keep_up(state, rates, stop), clicks);
}

async fn keep_up(state: State, rates: web::Data<Rates>, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let [mut note, mut sweep] = [NOTE_EVERY, SWEEP_EVERY].map(|every| {
        let mut timer = interval(every);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        timer
    });
    loop {
        let (what, done) = tokio::select! {
            () = &mut stop => break,
            _ = note.tick() => {
                rates.forget_idle();
                ("the use of keys is not noted", note_uses(&state).await)
            }
            _ = sweep.tick() => ("old idempotency keys stay", forget_answers(&state).await),
        };
        if let Err(error) = done {
            warn!(%error, "{what}");
        }
    }
    if let Err(error) = note_uses(&state).await {
        warn!(%error, "the last use of keys is not noted");
    }
}

async fn note_uses(state: &State) -> Result<(), StoreError> {
    let uses: Arc<[_]> = state.uses.take().into();
    if uses.is_empty() {
        return Ok(());
    }
    state
        .store
        .write(move |conn| {
            uses.iter()
                .try_for_each(|(id, at)| api_keys::touch(conn, *id, *at))
        })
        .await
}

async fn forget_answers(state: &State) -> Result<(), StoreError> {
    let now = state.now();
    state
        .store
        .write(move |conn| idempotency::sweep(conn, now).map(drop))
        .await
}
