//! The SMPP 3.4 client session, behind the port `Gateway`.
//!
//! A gateway keeps some binds (`bind`), each with its own task and, while it is connected, a `session` that owns the
//! socket. Room in the `window` is reserved before a message is marked; the `outbox` of the session knows of every part
//! whether it was never written, is in flight, or was answered, and that difference is what keeps a message from being
//! sent twice. Nothing here sends a part again that may have been taken.

mod bind;
mod codes;
mod connect;
mod deliveries;
mod inbound;
mod joining;
mod limit;
mod meter;
mod numbers;
mod outbox;
mod pace;
mod parts;
mod pdu;
mod phase;
mod probe;
mod reconnect;
mod session;
mod settings;
mod tenure;
mod tls;
mod window;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use clarion_domain::clock::Clock;
use clarion_domain::gateway::{
    BoxFuture, Gateway, GatewayState, InboundSink, MessageRoom, OutcomeSink, PartOutcome,
    Reservation, Stopped, Submission, SubmitOutcome,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::bind::{Bind, Shared};
use self::codes::Codes;
use self::connect::{Connector, Role};
use self::deliveries::Desk;
use self::limit::{Limit, SenderLimit, Share};
use self::meter::Meter;
use self::outbox::Job;
use self::pdu::Form;
use self::window::{Room, Window};

pub use self::probe::{BindReport, TryBindFault, try_bind};
pub use self::settings::{
    Alphabet, BindMode, CodeClass, Concatenation, IdForm, SettingsFault, SmppSettings,
};

/// A gateway that speaks SMPP 3.4 to its peer.
pub struct SmppGateway {
    shared: Arc<Shared>,
    binds: Vec<Running>,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct Running {
    bind: Arc<Bind>,
    jobs: mpsc::Sender<Vec<Job>>,
}

impl SmppGateway {
    /// Starts, on the present tokio runtime; which of its binds it connects is told it by [`Gateway::keep`]. That a peer
    /// cannot be reached is no error here: it is seen in the gateway's state, and tried again.
    ///
    /// # Errors
    /// A setting that no peer could be told.
    pub fn start(
        settings: SmppSettings,
        sink: Arc<dyn InboundSink>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsFault> {
        settings.check()?;
        let (roles, binds) = (Role::of(settings.bind_mode), settings.binds);
        let mut gateway = Self {
            shared: Arc::new(Shared::new(settings, roles.len() * binds, sink, clock)?),
            binds: Vec::new(),
            stop: CancellationToken::new(),
            tasks: Mutex::default(),
        };
        for number in 0..gateway.binds() {
            for role in roles {
                gateway.start_bind(number, *role);
            }
        }
        Ok(gateway)
    }

    /// [`SmppGateway::start`] with all binds kept for as long as it runs.
    ///
    /// # Errors
    /// As there.
    pub fn start_alone(
        settings: SmppSettings,
        sink: Arc<dyn InboundSink>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsFault> {
        let gateway = Self::start(settings, sink, clock)?;
        gateway.keep(&(0..gateway.binds()).collect(), None);
        Ok(gateway)
    }

    fn start_bind(&mut self, number: u16, role: Role) {
        let index = self.binds.len();
        let bind = Arc::new(Bind::new(index, number, role, Arc::clone(&self.shared)));
        // Each batch holds at least one slot of the window, so no more batches than slots can wait.
        let (jobs, queue) = mpsc::channel(self.shared.settings.window);
        let task = tokio::spawn(Arc::clone(&bind).run(queue, self.stop.clone()));
        self.tasks
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
        self.binds.push(Running { bind, jobs });
    }

    fn hand_over(&self, bind: usize, batch: Vec<Job>) {
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.binds[bind].jobs.try_send(batch) {
            let now = self.shared.clock.now();
            for job in error.into_inner() {
                job.decline(&self.shared.form, now);
            }
        }
    }

    fn decline(&self, submission: Submission, outcomes: &dyn OutcomeSink) {
        let parts = vec![PartOutcome::NotWritten; self.shared.form.parts_of(&submission.text)];
        let at = self.shared.clock.now();
        outcomes.outcome(submission, SubmitOutcome { parts, at }, MessageRoom::none());
    }

    async fn join(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(gateway = self.shared.settings.name, %error, "a bind ended abnormally");
            }
        }
    }
}

impl Shared {
    fn new(
        settings: SmppSettings,
        binds: usize,
        sink: Arc<dyn InboundSink>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsFault> {
        let (settings, now) = (Arc::new(settings), Instant::now());
        Ok(Self {
            connector: Connector::new(Arc::clone(&settings))?,
            form: Arc::new(Form::new(&settings)),
            codes: Arc::new(Codes::new(&settings.codes)?),
            window: Window::new(binds, settings.window),
            limit: Limit::new(settings.parts_per_second, now),
            senders: SenderLimit::new(settings.parts_per_second_per_sender),
            share: Share::new(settings.binds),
            meter: Meter::new(now),
            tries: Arc::default(),
            desk: Desk::new(&settings, sink, Arc::clone(&clock))?,
            settings,
            clock,
        })
    }
}

impl Gateway for SmppGateway {
    fn name(&self) -> &str {
        &self.shared.settings.name
    }

    fn reserve(&self, most: usize) -> BoxFuture<'_, Result<Reservation, Stopped>> {
        Box::pin(async move {
            let room = self.shared.window.reserve(most.max(1)).await?;
            Ok(Reservation::new(room.slots(), Box::new(room)))
        })
    }

    fn submit(
        &self,
        reservation: Reservation,
        batch: Vec<Submission>,
        outcomes: Arc<dyn OutcomeSink>,
    ) {
        let mut room = reservation.into_room().downcast::<Room>().ok();
        let mut batches: Vec<Vec<Job>> = self.binds.iter().map(|_| Vec::new()).collect();
        for submission in batch {
            let slot = room.as_mut().and_then(|room| room.take());
            match slot.map(|slot| (slot.bind(), slot)) {
                Some((bind, slot)) => batches[bind].push(Job {
                    submission,
                    outcomes: Arc::clone(&outcomes),
                    slot,
                }),
                // More than was reserved, or reserved elsewhere: there is no room for it.
                None => self.decline(submission, &*outcomes),
            }
        }
        for (bind, batch) in batches.into_iter().enumerate() {
            self.hand_over(bind, batch);
        }
    }

    fn binds(&self) -> u16 {
        u16::try_from(self.shared.settings.binds).unwrap_or(u16::MAX)
    }

    fn keep(&self, binds: &BTreeSet<u16>, until: Option<std::time::Instant>) {
        for Running { bind, .. } in &self.binds {
            if binds.contains(&bind.number) {
                bind.tenure.keep(until.map(Instant::from_std));
            } else {
                bind.tenure.give_up();
            }
        }
    }

    fn closed(&self, number: u16) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for Running { bind, .. } in &self.binds {
                if bind.number == number {
                    bind.tenure.closed().await;
                }
            }
        })
    }

    fn state(&self) -> GatewayState {
        let (sent, rate) = self.shared.meter.read(Instant::now());
        let binds = || self.binds.iter().map(|running| &running.bind);
        let ours = binds().filter(|bind| bind.tenure.is_ours());
        GatewayState {
            name: self.shared.settings.name.clone(),
            kind: "smpp",
            binds: ours.map(|bind| bind.state()).collect(),
            queue: binds().map(|bind| bind.queue()).sum(),
            sent,
            rate,
            limit: self.shared.settings.parts_per_second,
            sender_limit: self.shared.settings.parts_per_second_per_sender,
        }
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.shared.window.stop();
            self.stop.cancel();
            self.join().await;
        })
    }
}

/// A gateway that is dropped without being stopped leaves no task behind.
impl Drop for SmppGateway {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Reads a body as whatever a peer may deliver.
#[cfg(any(fuzzing, test))]
pub(crate) fn read_any(body: bytes::BytesMut) {
    use clarion_domain::receipt::IdForm;

    for read in [
        inbound::Delivery::of_deliver_sm,
        inbound::Delivery::of_data_sm,
    ] {
        if let Ok(delivery) = read(body.clone()) {
            let reading = inbound::ReceiptReading {
                id_form: IdForm::DecimalOfHexadecimal,
                ..inbound::ReceiptReading::default()
            };
            let numbers = numbers::Numbers::default();
            let received_at = chrono::DateTime::UNIX_EPOCH;
            delivery.sort(&reading, &numbers, received_at);
        }
    }
}
