//! What has to be done from time to time: joining receipts that missed their message, giving up on those that never
//! came, queueing again what is in doubt, clearing away campaigns whose contacts were never taken in to the end, and
//! forgetting what was kept long enough, nodes that are gone among it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clarion_persistence::web_hooks::{self, deliveries};
use clarion_persistence::{
    Conn, StoreError, campaigns, inbound_messages, messages, nodes, person_sends,
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::core::{Core, earlier};

const REMATCH_EVERY: Duration = Duration::from_secs(5);
const REMATCH_BATCH: u32 = 1_000;
/// How far back a receipt and its submit response can have crossed: far beyond any transaction's length.
const CROSSING: TimeDelta = TimeDelta::minutes(10);

const RESEND_EVERY: Duration = Duration::from_secs(1);

const EXPIRE_EVERY: Duration = Duration::from_secs(60);

const CLEAR_EVERY: Duration = Duration::from_secs(600);
/// An intake writes every few thousand contacts; one that has not for so long is dead.
const ABANDONED_AFTER: TimeDelta = TimeDelta::hours(1);

const FORGET_EVERY: Duration = Duration::from_secs(600);

/// Does all of it until told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    let [mut rematch, mut resend, mut expire, mut clear, mut forget] = [
        REMATCH_EVERY,
        RESEND_EVERY,
        EXPIRE_EVERY,
        CLEAR_EVERY,
        FORGET_EVERY,
    ]
    .map(|every| {
        let mut timer = interval(every);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        timer
    });
    loop {
        let (what, done) = tokio::select! {
            () = stop.cancelled() => return,
            _ = rematch.tick() => ("receipts joined late", rematch_receipts(&core).await),
            _ = resend.tick() => ("messages of unknown outcome queued again", resend_unknown(&core).await),
            _ = expire.tick() => ("receipts given up", give_up_receipts(&core).await),
            _ = clear.tick() => ("unfinished campaigns cleared away", clear_abandoned(&core).await),
            _ = forget.tick() => ("old receipts, replies and deliveries forgotten", forget_old(&core).await),
        };
        match done {
            Ok(0) => {}
            Ok(count) => {
                info!(count, "{what}");
                core.moved.notify_one();
            }
            Err(error) => warn!(%error, "no {what}"),
        }
    }
}

async fn rematch_receipts(core: &Core) -> Result<usize, StoreError> {
    let since = core.now() - CROSSING;
    let joined = core
        .store
        .write(move |conn| messages::rematch(conn, since, REMATCH_BATCH))
        .await?;
    core.traffic.joined(&joined);
    Ok(joined.values().sum())
}

/// It looks before it writes, since most times there is nothing and a write would keep others waiting.
async fn resend_unknown(core: &Core) -> Result<usize, StoreError> {
    let (now, usual) = (core.now(), core.settings.on_unknown);
    let unknown_before = earlier(now, core.settings.unknown_wait);
    let mut resent = 0;
    loop {
        let due = core
            .store
            .read(move |conn| campaigns::is_resend_due(conn, usual, unknown_before))
            .await?;
        if !due {
            return Ok(resent);
        }
        resent += core
            .store
            .write(move |conn| campaigns::resend_due(conn, usual, unknown_before, now))
            .await?;
        core.wake();
    }
}

async fn give_up_receipts(core: &Core) -> Result<usize, StoreError> {
    let now = core.now();
    let sent_before = earlier(now, core.settings.receipt_timeout);
    let mut given_up = 0;
    loop {
        let expired = core
            .store
            .write(move |conn| messages::expire_outstanding(conn, sent_before, now))
            .await?;
        given_up += expired.given_up;
        if expired.removed == 0 {
            return Ok(given_up);
        }
    }
}

async fn clear_abandoned(core: &Core) -> Result<usize, StoreError> {
    let untouched_since = core.now() - ABANDONED_AFTER;
    let abandoned = core
        .store
        .read(move |conn| campaigns::abandoned_loading(conn, untouched_since))
        .await?;
    for &key in &abandoned {
        core.store
            .write(move |conn| campaigns::discard_loading(conn, key))
            .await?;
    }
    Ok(abandoned.len())
}

async fn forget_old(core: &Core) -> Result<usize, StoreError> {
    let settings = &core.settings;
    let receipts = settings.keep_unmatched_receipts;
    let receipts = forget(core, receipts, messages::forget_unmatched).await?;
    let now = core.now();
    core.store
        .write(move |conn| nodes::forget(conn, now))
        .await?;
    let replies = settings.keep_inbound_messages;
    let replies = forget(core, replies, inbound_messages::forget).await?;
    let deliveries = settings.keep_web_hook_deliveries;
    let deliveries = forget(core, deliveries, deliveries::forget).await?;
    // How long they count is each client's own.
    let sends = forget(core, Some(Duration::ZERO), person_sends::forget).await?;
    let left_behind = forget(core, Some(Duration::ZERO), |conn, _| {
        web_hooks::clear_deleted(conn)
    });
    Ok(receipts + replies + deliveries + sends + left_behind.await?)
}

/// Forgets what is older than it is to be kept, in transactions so small that nobody waits for them.
async fn forget(
    core: &Core,
    kept_for: Option<Duration>,
    some: fn(&mut Conn, DateTime<Utc>) -> Result<usize, StoreError>,
) -> Result<usize, StoreError> {
    let Some(kept_for) = kept_for else {
        return Ok(0);
    };
    let before = earlier(core.now(), kept_for);
    let mut forgotten = 0;
    loop {
        let count = core.store.write(move |conn| some(conn, before)).await?;
        forgotten += count;
        if count == 0 {
            return Ok(forgotten);
        }
    }
}
