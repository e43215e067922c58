//! Deliveries to web hooks: what the ledger says is to be told goes out, several at a time for each web hook, and is tried
//! again in longer and longer waits. At least once: what was answered when a node vanished is told again, under the same id.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clarion_domain::web_hook::{self, Answer, MAX_AGE, Post, Poster, Secret, WebHookKey};
use clarion_persistence::StoreError;
use clarion_persistence::web_hooks::delivering::{self, Claimed, ClaimedDelivery, Tried};
use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::core::Core;
use crate::retry::until_done;

/// Attempts under way at the same time to one web hook.
const PER_WEB_HOOK: usize = 8;

/// Attempts under way at the same time on this node.
const AT_ONCE: usize = 512;

/// Deliveries to one web hook that are claimed together.
const BATCH: u32 = 64;

/// After so long nothing more of a batch is begun: the rest is given back while its lease still holds.
const BATCH_TIME: Duration = Duration::from_secs(15);

/// How much longer a lease lasts than a batch can take: for writing down what came of it.
const RESERVE: Duration = Duration::from_secs(45);

/// Why a delivery is given up that nobody could try.
const TOO_OLD: &str =
    "it waited for more than 4 days, since its web hook was disabled or its receiver out of reach";

/// What is delivered with.
#[derive(Clone)]
pub struct Posting {
    /// Makes the attempts.
    pub poster: Arc<dyn Poster>,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// Draws a number, by which waits differ a little.
    pub chance: fn() -> u32,
}

impl fmt::Debug for Posting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posting")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Delivers until told to stop. What is under way then is brought to its end.
pub(crate) async fn run(core: Arc<Core>, posting: Posting, stop: CancellationToken) {
    let desk = Arc::new(Desk {
        core,
        posting,
        stop,
        busy: Mutex::default(),
        room: Semaphore::new(AT_ONCE),
    });
    let tasks = TaskTracker::new();
    if desk
        .stop
        .run_until_cancelled(desk.take_from_former())
        .await
        .is_some()
    {
        while !desk.stop.is_cancelled() {
            desk.look(&tasks).await;
            let rest = tokio::time::sleep(desk.core.settings.poll_interval);
            desk.stop.run_until_cancelled(rest).await;
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// What the deliverers share.
struct Desk {
    core: Arc<Core>,
    posting: Posting,
    stop: CancellationToken,
    /// Web hooks that a task of this node is at: one that is slow keeps its own task, and nobody else's.
    busy: Mutex<HashSet<WebHookKey>>,
    room: Semaphore,
}

/// A web hook in the hands of one task.
struct Busy {
    desk: Arc<Desk>,
    hook: WebHookKey,
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut busy = self
            .desk
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.hook);
    }
}

impl Desk {
    async fn take_from_former(&self) {
        let released = until_done("taking up what a former process was to deliver", || {
            let owner = self.core.settings.node.clone();
            self.core
                .store
                .write(move |conn| delivering::release_of_others(conn, &owner))
        })
        .await;
        if released > 0 {
            info!(
                deliveries = released,
                "taken up from a process that is gone"
            );
        }
    }

    /// Sets a task on each web hook for which something waits, and which has none.
    async fn look(self: &Arc<Self>, tasks: &TaskTracker) {
        let now = self.core.now();
        let due = self.core.store.read(move |conn| delivering::due(conn, now));
        match due.await {
            Ok(hooks) => {
                for busy in hooks.into_iter().filter_map(|hook| self.take(hook)) {
                    tasks.spawn(work_off(busy));
                }
            }
            Err(error) => warn!(%error, "nothing could be delivered to web hooks"),
        }
    }

    fn take(self: &Arc<Self>, hook: WebHookKey) -> Option<Busy> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(hook).then(|| Busy {
            desk: Arc::clone(self),
            hook,
        })
    }

    async fn claim(&self, hook: WebHookKey) -> Result<Option<Claimed>, StoreError> {
        let owner = self.core.settings.node.clone();
        let lease = BATCH_TIME + self.posting.timeout + RESERVE;
        let now = self.core.now();
        self.core
            .store
            .write(move |conn| delivering::claim(conn, hook, &owner, lease, now, BATCH))
            .await
    }

    async fn record(&self, hook: WebHookKey, tried: Vec<Tried>) {
        let tried = Arc::new(tried);
        until_done("deliveries to a web hook", || {
            let (owner, tried) = (self.core.settings.node.clone(), Arc::clone(&tried));
            self.core
                .store
                .write(move |conn| delivering::record(conn, hook, &owner, &tried))
        })
        .await;
    }
}

/// Delivers what waits for a web hook until nothing does, or its receiver is in trouble: then it waits for the next look.
async fn work_off(busy: Busy) {
    let (desk, hook) = (&busy.desk, busy.hook);
    while !desk.stop.is_cancelled() {
        let claimed = match desk.claim(hook).await {
            Ok(Some(claimed)) if !claimed.deliveries.is_empty() => claimed,
            Ok(_) => return,
            Err(error) => {
                warn!(%error, "no deliveries could be taken up");
                return;
            }
        };
        let batch = Batch::of(desk, claimed.url, claimed.secrets);
        let tried: Vec<Tried> = stream::iter(claimed.deliveries)
            .map(|delivery| batch.deliver(delivery))
            .buffer_unordered(PER_WEB_HOOK)
            .collect()
            .await;
        let in_trouble = batch.trouble.is_cancelled();
        debug!(
            hook = hook.0,
            deliveries = tried.len(),
            in_trouble,
            "delivered"
        );
        desk.record(hook, tried).await;
        if in_trouble {
            return;
        }
    }
}

/// Deliveries to one web hook that were claimed together.
struct Batch<'a> {
    desk: &'a Desk,
    url: String,
    secrets: Vec<Secret>,
    begun: Instant,
    /// Set once the receiver is out of reach or overburdened: the rest of the batch had better wait.
    trouble: CancellationToken,
}

impl<'a> Batch<'a> {
    fn of(desk: &'a Desk, url: String, secrets: Vec<Secret>) -> Self {
        Self {
            desk,
            url,
            secrets,
            begun: Instant::now(),
            trouble: CancellationToken::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.trouble.is_cancelled()
            || self.desk.stop.is_cancelled()
            || self.begun.elapsed() > BATCH_TIME
    }

    async fn deliver(&self, delivery: ClaimedDelivery) -> Tried {
        let Ok(_room) = self.desk.room.acquire().await else {
            return Tried::Untried(delivery.id);
        };
        let at = self.desk.core.now();
        if self.is_over() {
            return Tried::Untried(delivery.id);
        }
        if at - delivery.due_at > MAX_AGE {
            return Tried::GivenUp(delivery.id, TOO_OLD);
        }
        let (id, attempts) = (delivery.id, delivery.attempts);
        let post = Post {
            url: self.url.clone(),
            id: delivery.event_id,
            event: delivery.event,
            secrets: self.secrets.clone(),
            at,
        };
        let answer = self.attempt(post).await;
        if answer.is_trouble() {
            self.trouble.cancel();
        }
        let chance = (self.desk.posting.chance)();
        Tried::Answered {
            id,
            at,
            next: web_hook::next(&answer, attempts.saturating_add(1), at, chance),
            answer,
        }
    }

    async fn attempt(&self, post: Post) -> Answer {
        let timeout = self.desk.posting.timeout;
        match tokio::time::timeout(timeout, self.desk.posting.poster.post(post)).await {
            Ok(answer) => answer,
            Err(_) => Answer::None(format!("no answer within {} s", timeout.as_secs())),
        }
    }
}
