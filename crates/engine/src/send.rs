//! Sending: for each gateway, one sender that reserves room, marks, and only then submits.

mod batch;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use clarion_domain::breakage::{KillPoint, kill_point};
use clarion_domain::gateway::{Gateway, Reservation, Stopped};
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::StoreError;
use clarion_persistence::send_units::Unit;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::claim::{self, HeldUnit, Wish};
use crate::core::Core;
use crate::retry::Backoff;
use crate::settle::Desk;
use crate::trouble;
use batch::Batch;

/// Most units in a sender's hands: how many campaigns it sends side by side.
const MAX_HELD: usize = 64;
/// Most messages of one batch.
const MAX_BATCH: usize = 500;
/// With fewer messages than this of a campaign without a pace in hand, its next unit is fetched.
const LOW_WATER: usize = 500;
/// A gateway without room for so long gives its units back, for others to send.
const PATIENCE: Duration = Duration::from_secs(5);

type Claiming = JoinHandle<Claimed>;
type Claimed = Result<Vec<HeldUnit>, StoreError>;

/// Sends through one gateway.
pub(crate) struct Sender {
    core: Arc<Core>,
    gateway: Arc<dyn Gateway>,
    name: Arc<str>,
    desk: Desk,
    /// Where units go when they are done with.
    done: mpsc::UnboundedSender<Unit>,
    stop: CancellationToken,
    work: watch::Receiver<()>,
    held: VecDeque<HeldUnit>,
    /// Units on their way here, fetched while others are sent.
    claiming: Option<Claiming>,
    /// A campaign ran low since units were last asked for.
    thirsty: bool,
    last_claim: Option<Instant>,
    /// The campaign whose turn was last.
    turn: CampaignKey,
    backoff: Backoff,
}

impl Sender {
    pub(crate) fn new(
        core: Arc<Core>,
        gateway: Arc<dyn Gateway>,
        desk: Desk,
        done: mpsc::UnboundedSender<Unit>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            work: core.work.subscribe(),
            name: Arc::from(gateway.name()),
            core,
            gateway,
            desk,
            done,
            stop,
            held: VecDeque::new(),
            claiming: None,
            thirsty: true,
            last_claim: None,
            turn: CampaignKey(0),
            backoff: Backoff::new(),
        }
    }

    /// Sends until told to stop, or until the gateway takes nothing more; then gives back what it holds.
    ///
    /// It is stopped only while it waits: a batch that is marked is always submitted.
    pub(crate) async fn run(mut self) {
        // Units are taken once there is room: a node without binds has none of them.
        self.wait_for_room().await;
        while !self.stop.is_cancelled() {
            self.wait_for_database().await;
            self.fetch().await;
            if self.held.is_empty() {
                self.wait_for_units().await;
            } else if let Some(wait) = self.wait() {
                self.wait_for_pace(wait).await;
            } else if let Some(reservation) = self.reserve().await {
                self.send(reservation).await;
            }
        }
        self.give_all_back().await;
    }

    /// Nothing is marked that could not be settled.
    async fn wait_for_database(&self) {
        let over = trouble::over(&self.core);
        self.stop.run_until_cancelled(over).await;
    }

    /// Takes in units that have arrived, and asks for more where some are wanted.
    async fn fetch(&mut self) {
        if let Some(claiming) = self.claiming.take_if(|claiming| claiming.is_finished()) {
            self.take_in(claiming.await).await;
        }
        let polled = self
            .last_claim
            .is_none_or(|last| last.elapsed() >= self.core.settings.poll_interval);
        let wanted = self.thirsty || polled || self.work.has_changed().unwrap_or(false);
        if polled && self.claiming.is_none() {
            self.make_room();
        }
        if wanted && self.claiming.is_none() && self.held.len() < MAX_HELD {
            self.work.mark_unchanged();
            self.thirsty = false;
            self.last_claim = Some(Instant::now());
            let claim = claim::claim(Arc::clone(&self.core), self.wish(), self.done.clone());
            self.claiming = Some(tokio::spawn(claim));
        }
    }

    fn wish(&self) -> Wish {
        let mut in_hand: HashMap<CampaignKey, usize> = HashMap::new();
        for unit in &self.held {
            *in_hand.entry(unit.campaign()).or_default() += unit.remaining();
        }
        in_hand.retain(|campaign, remaining| *remaining >= self.low_water(*campaign));
        Wish {
            except: in_hand.into_keys().collect(),
            after: self.turn,
            most: MAX_HELD - self.held.len(),
        }
    }

    /// With fewer messages than this of a campaign in hand, its next unit is fetched.
    fn low_water(&self, campaign: CampaignKey) -> usize {
        let soon = self.core.paces.soon(campaign, &self.core.share);
        soon.map_or(LOW_WATER, |soon| LOW_WATER.min(soon.div_ceil(2)))
    }

    async fn take_in(&mut self, claimed: Result<Claimed, JoinError>) {
        match claimed.unwrap_or_else(|error| Err(StoreError::Panicked(error.to_string()))) {
            Ok(units) => {
                if let Some(last) = units.last() {
                    self.turn = last.campaign();
                }
                self.held.extend(units);
                self.backoff.reset();
            }
            Err(error) => self.rest(error, "no unit could be claimed").await,
        }
    }

    /// Waits for the units on their way, or else for the next occasion to ask for some.
    async fn wait_for_units(&mut self) {
        if let Some(claiming) = self.claiming.take() {
            return self.take_in(claiming.await).await;
        }
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.work.changed() => self.thirsty = true,
            () = tokio::time::sleep(self.core.settings.poll_interval) => {}
        }
    }

    /// How long the paces of all that is in hand let it wait; `None`: some of it may go.
    fn wait(&self) -> Option<Duration> {
        let waits = self.held.iter().map(|unit| unit.wait(&self.core));
        waits.min().filter(|wait| !wait.is_zero())
    }

    /// Waits so long, unless there may be something else to send before.
    async fn wait_for_pace(&mut self, wait: Duration) {
        let arrival = async {
            match &mut self.claiming {
                Some(claiming) => claiming.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.work.changed() => self.thirsty = true,
            claimed = arrival => {
                self.claiming = None;
                self.take_in(claimed).await;
            }
            () = tokio::time::sleep(wait.min(self.core.settings.poll_interval)) => {}
        }
    }

    /// Gives back units whose campaign's pace leaves nothing to this node: they are for others. Where as much is in hand as may
    /// be, also such that wait for their pace, a quarter of all at most and those that wait the longest: the units of other
    /// campaigns need not wait with them. Only now and then, since it costs the reading of those units.
    fn make_room(&mut self) {
        let core = Arc::clone(&self.core);
        self.let_go_where(|unit| unit.wait(&core) == Duration::MAX);
        if self.held.len() < MAX_HELD {
            return;
        }
        let waits = self.held.iter().map(|unit| unit.wait(&self.core));
        let mut waits: Vec<_> = waits.filter(|wait| !wait.is_zero()).collect();
        waits.sort_unstable_by(|one, other| other.cmp(one));
        waits.truncate(MAX_HELD / 4);
        if let Some(least) = waits.last() {
            self.let_go_where(|unit| unit.wait(&core) >= *least);
        }
    }

    /// Room at the gateway for some of what is in hand; `None` where there was none for long, or it is time to stop.
    async fn reserve(&mut self) -> Option<Reservation> {
        let may_go = self
            .held
            .iter()
            .filter(|unit| unit.wait(&self.core).is_zero());
        let remaining: usize = may_go.map(HeldUnit::remaining).sum();
        let reserving = self.gateway.reserve(remaining.clamp(1, MAX_BATCH));
        let reserved = tokio::select! {
            () = self.stop.cancelled() => return None,
            reserved = tokio::time::timeout(PATIENCE, reserving) => reserved,
        };
        match reserved {
            Ok(Ok(reservation)) => Some(reservation),
            Ok(Err(Stopped)) => {
                self.stop.cancel();
                None
            }
            Err(_) => {
                self.wait_without_units().await;
                None
            }
        }
    }

    /// Gives back what is in hand, and waits until the gateway has room again.
    async fn wait_without_units(&mut self) {
        info!(
            gateway = &*self.name,
            "no room at the gateway; its units are given back"
        );
        self.give_all_back().await;
        self.wait_for_room().await;
    }

    async fn wait_for_room(&mut self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            reserved = self.gateway.reserve(1) => match reserved {
                Ok(_) => self.thirsty = true,
                Err(Stopped) => self.stop.cancel(),
            },
        }
    }

    /// Marks as many messages as there is room for, and submits them.
    async fn send(&mut self, reservation: Reservation) {
        let slots = reservation.slots().min(MAX_BATCH);
        let desk = self.desk.clone();
        let mut permits = tokio::select! {
            () = self.stop.cancelled() => return,
            permits = desk.room_for(slots) => permits,
        };
        let now = self.core.now();
        self.let_go_where(|unit| unit.is_over(now));
        let mut batch = Batch::take(&mut self.held, slots, &self.core);
        if batch.len() == 0 {
            return;
        }
        match batch.mark(&self.core).await {
            Ok(marks) => {
                self.backoff.reset();
                let lost = batch.keep_marked(&marks);
                self.let_go_where(|unit| lost.iter().any(|lease| unit.is_of(lease)));
                // The permits of what is submitted come back with its settlement.
                if let Some(kept) = permits.as_mut().and_then(|all| all.split(batch.len())) {
                    kept.forget();
                }
                self.note_low(&batch);
                self.let_go_where(|unit| unit.remaining() == 0);
                if batch.len() > 0 {
                    kill_point(KillPoint::Marked);
                    batch.submit(&*self.gateway, &self.name, reservation, &desk);
                }
            }
            Err(error) => {
                // Whether it was marked is open where the answer to a commit got lost.
                drop(reservation);
                self.rest(error, "nothing could be marked").await;
                batch.take_back(&self.core).await;
                self.let_all_go();
            }
        }
    }

    /// Notes where a campaign ran low by a batch.
    fn note_low(&mut self, batch: &Batch) {
        for share in batch.shares() {
            let unit = self.held.iter().find(|unit| unit.is_of(&share.lease));
            let remaining = unit.map_or(0, HeldUnit::remaining);
            let ran_low = remaining < LOW_WATER && remaining + share.len() >= LOW_WATER;
            self.thirsty |= ran_low || remaining == 0;
        }
    }

    /// Gives back what is in hand, and what is on its way: nobody else would send that as long as its lease is renewed.
    async fn give_all_back(&mut self) {
        self.let_all_go();
        if let Some(claiming) = self.claiming.take() {
            self.held
                .extend(claiming.await.into_iter().flatten().flatten());
            self.let_all_go();
        }
    }

    fn let_all_go(&mut self) {
        self.let_go_where(|_| true);
    }

    fn let_go_where(&mut self, goes: impl Fn(&HeldUnit) -> bool) {
        self.held.retain(|unit| {
            let goes = goes(unit);
            if goes {
                unit.lease.let_go();
            }
            !goes
        });
    }

    /// The store does not answer as it should: a pause.
    async fn rest(&mut self, error: StoreError, what: &'static str) {
        self.core.trouble.heed(&error);
        let wait = self.backoff.next_wait();
        warn!(%error, gateway = &*self.name, ?wait, "{what}");
        self.stop
            .run_until_cancelled(tokio::time::sleep(wait))
            .await;
    }
}
