//! One bind for as long as the gateway runs: connects, binds, runs the session, and tries again when it was lost.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clarion_domain::clock::Clock;
use clarion_domain::gateway::BindState;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::codes::Codes;
use super::connect::{Connector, Link, Role};
use super::deliveries::Desk;
use super::limit::{Limit, SenderLimit, Share};
use super::meter::Meter;
use super::outbox::{Job, Outbox, Tries};
use super::pdu::Form;
use super::phase::End;
use super::reconnect::Backoff;
use super::session::Session;
use super::settings::SmppSettings;
use super::tenure::Tenure;
use super::window::Window;

/// What the binds of a gateway have in common.
pub(super) struct Shared {
    pub(super) settings: Arc<SmppSettings>,
    pub(super) connector: Connector,
    pub(super) form: Arc<Form>,
    pub(super) codes: Arc<Codes>,
    pub(super) window: Arc<Window>,
    pub(super) limit: Limit,
    pub(super) senders: SenderLimit,
    pub(super) share: Share,
    pub(super) meter: Meter,
    pub(super) tries: Arc<Tries>,
    pub(super) desk: Desk,
    pub(super) clock: Arc<dyn Clock>,
}

/// One bind of a gateway.
pub(super) struct Bind {
    pub(super) index: usize,
    /// Which of the gateway's binds, or of its pairs.
    pub(super) number: u16,
    pub(super) tenure: Tenure,
    pub(super) role: Role,
    pub(super) shared: Arc<Shared>,
    shown: Mutex<BindState>,
    /// Messages handed over that have not ended.
    queue: AtomicUsize,
}

impl Bind {
    pub(super) fn new(index: usize, number: u16, role: Role, shared: Arc<Shared>) -> Self {
        let window = if role.transmits() {
            shared.settings.window
        } else {
            0
        };
        Self {
            index,
            number,
            tenure: Tenure::new(),
            role,
            shown: Mutex::new(BindState {
                number,
                role: role.name(),
                window,
                ..BindState::default()
            }),
            shared,
            queue: AtomicUsize::new(0),
        }
    }

    /// What there is to see of it.
    pub(super) fn state(&self) -> BindState {
        self.shown().clone()
    }

    /// How many messages that were handed over have not ended.
    pub(super) fn queue(&self) -> usize {
        self.queue.load(Ordering::Relaxed)
    }

    /// Gives no more room, and shows so.
    pub(super) fn show_down(&self) {
        self.shared.window.set_up(self.index, false);
        let mut shown = self.shown();
        shown.connected_since = None;
        shown.slowed_to = None;
    }

    /// Shows how busy it is.
    pub(super) fn show_busy(&self, outbox: &Outbox, slowed_to: Option<u32>) {
        self.queue.store(outbox.len(), Ordering::Relaxed);
        let mut shown = self.shown();
        shown.in_flight = outbox.in_flight();
        shown.slowed_to = slowed_to;
    }

    /// Gives no more room, though what it has still goes out.
    pub(super) fn close(&self) {
        self.shared.window.set_up(self.index, false);
    }

    /// Runs until stopped: connects while it is this node's to keep, and only then.
    pub(super) async fn run(
        self: Arc<Self>,
        mut jobs: mpsc::Receiver<Vec<Job>>,
        stop: CancellationToken,
    ) {
        let mut outbox = self.outbox();
        while !stop.is_cancelled() {
            let beginning = self.tenure.begin(&stop);
            let Some(token) = self.decline_while(beginning, &mut jobs, &stop).await else {
                break;
            };
            self.share(1);
            let ending = async {
                self.tenure.end_in_time(&token).await;
                std::future::pending().await
            };
            tokio::select! {
                // In this order: what has run out is over before anything else is done.
                biased;
                () = ending => {}
                () = self.serve(&mut outbox, &mut jobs, &token) => {}
            }
            outbox.abandon();
            self.show_busy(&outbox, None);
            self.share(-1);
            self.tenure.end();
        }
        self.end(outbox, jobs);
    }

    /// Connects, and connects again what was lost, until told to end.
    async fn serve(
        &self,
        outbox: &mut Outbox,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) {
        let settings = &self.shared.settings;
        let mut backoff = Backoff::new(settings.reconnect_min, settings.reconnect_max);
        while !stop.is_cancelled() {
            outbox.expire_waiting();
            let opening = self.shared.connector.open(self.role);
            match self.decline_while(opening, jobs, stop).await {
                None => break,
                Some(Ok((link, _))) => {
                    let bound_at = Instant::now();
                    self.hold(link, outbox, jobs, stop).await;
                    // A peer that takes the bind and hangs up at once has not got better.
                    if bound_at.elapsed() > settings.reconnect_min {
                        backoff.reset();
                    }
                }
                Some(Err(error)) => self.show_error(error),
            }
            let pause = tokio::time::sleep(backoff.next(rand::random()));
            if self.decline_while(pause, jobs, stop).await.is_none() {
                break;
            }
        }
    }

    fn outbox(&self) -> Outbox {
        let Shared {
            settings,
            form,
            codes,
            clock,
            tries,
            ..
        } = &*self.shared;
        let (form, codes, clock) = (Arc::clone(form), Arc::clone(codes), Arc::clone(clock));
        Outbox::new(settings, form, codes, clock, Arc::clone(tries))
    }

    /// The bind is open, or closed: the node's share of the gateway's rates has grown by it, or shrunk.
    fn share(&self, by: isize) {
        if self.role.transmits() {
            let share = self.shared.share.change(by);
            self.shared.limit.set_share(share);
            self.shared.senders.set_share(share);
        }
    }

    fn end(&self, mut outbox: Outbox, mut jobs: mpsc::Receiver<Vec<Job>>) {
        outbox.abandon();
        self.show_busy(&outbox, None);
        jobs.close();
        while let Ok(batch) = jobs.try_recv() {
            self.decline(batch);
        }
    }

    /// Runs the session on a bound connection.
    async fn hold(
        &self,
        link: Link,
        outbox: &mut Outbox,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) {
        let gateway = &self.shared.settings.name;
        tracing::info!(gateway, bind = self.index, "bound");
        {
            let mut shown = self.shown();
            shown.connected_since = Some(self.shared.clock.now());
            shown.last_error = None;
        }
        if self.role.transmits() {
            self.shared.window.set_up(self.index, true);
        }
        let end = Session::new(self, outbox).run(link, jobs, stop).await;
        match end {
            End::Stopped => tracing::info!(gateway, bind = self.index, "unbound"),
            lost => self.show_error(lost.to_string()),
        }
    }

    /// Does something while not bound: messages that come meanwhile were not written. `None` when stopped.
    async fn decline_while<F: Future>(
        &self,
        doing: F,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) -> Option<F::Output> {
        let mut doing = pin!(doing);
        loop {
            tokio::select! {
                done = &mut doing => return Some(done),
                Some(batch) = jobs.recv() => self.decline(batch),
                () = stop.cancelled() => return None,
            }
        }
    }

    /// Tells messages that they were not written.
    pub(super) fn decline(&self, batch: Vec<Job>) {
        for job in batch {
            job.decline(&self.shared.form, self.shared.clock.now());
        }
    }

    fn show_error(&self, error: String) {
        tracing::warn!(
            gateway = self.shared.settings.name,
            bind = self.index,
            error,
            "not bound"
        );
        self.shown().last_error = Some(error);
    }

    fn shown(&self) -> MutexGuard<'_, BindState> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
