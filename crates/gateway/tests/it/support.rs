//! A gateway in a test: its clock, its sinks, its messages.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::clock::Clock;
use clarion_domain::gateway::{
    BoxFuture, Gateway, Inbound, InboundSink, MessageRoom, NotStored, OutcomeSink, PartOutcome,
    Reservation, Submission, SubmitOutcome,
};
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::sender::SenderId;
use clarion_gateway::simulator::{RunningSimulator, Script, Simulator, SimulatorSettings};
use clarion_gateway::smpp::{SmppGateway, SmppSettings};
use serde_json::Value;
use tokio::sync::mpsc;

/// No step of any test takes that long unless it has failed.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Waits for something that must happen.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(LONG, what)
        .await
        .expect("it did not happen")
}

/// Stands still unless it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// 2 March 2026, noon.
pub(crate) fn clock() -> Arc<TestClock> {
    Arc::new(TestClock(AtomicI64::new(1_772_452_800_000)))
}

/// Hands on what comes in, and answers as it was told; `Ok` when it was told nothing.
pub(crate) struct TestInbox {
    came: mpsc::UnboundedSender<Inbound>,
    answers: Mutex<VecDeque<BoxFuture<'static, Result<(), NotStored>>>>,
}

impl TestInbox {
    /// The answer to the next that comes in.
    pub(crate) fn answer_with(
        &self,
        answer: impl Future<Output = Result<(), NotStored>> + Send + 'static,
    ) {
        self.answers.lock().unwrap().push_back(Box::pin(answer));
    }
}

impl InboundSink for TestInbox {
    fn receive(&self, _: &str, inbound: Inbound) -> BoxFuture<'static, Result<(), NotStored>> {
        let _ = self.came.send(inbound);
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Box::pin(std::future::ready(Ok(()))))
    }
}

struct Outcomes(mpsc::UnboundedSender<(Submission, SubmitOutcome)>);

impl OutcomeSink for Outcomes {
    fn outcome(&self, submission: Submission, outcome: SubmitOutcome, _: MessageRoom) {
        let _ = self.0.send((submission, outcome));
    }
}

/// A gateway with its sinks.
pub(crate) struct Bench {
    pub(crate) gateway: SmppGateway,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) inbox: Arc<TestInbox>,
    came: mpsc::UnboundedReceiver<Inbound>,
    sink: Arc<Outcomes>,
    outcomes: mpsc::UnboundedReceiver<(Submission, SubmitOutcome)>,
}

/// Settings for a peer there; `more` are lines of TOML.
pub(crate) fn settings(peer: SocketAddr, more: &str) -> SmppSettings {
    toml::from_str(&format!(
        "name = 'main'\nhost = '{}'\nport = {}\nsystem_id = 'clarion'\npassword = 'secret'\n\
         reconnect_min_seconds = 0.01\nreconnect_max_seconds = 0.05\n{more}",
        peer.ip(),
        peer.port()
    ))
    .unwrap()
}

/// A gateway to a peer there.
pub(crate) fn bench(peer: SocketAddr, more: &str) -> Bench {
    let clock = clock();
    let (came_in, came) = mpsc::unbounded_channel();
    let (sink, outcomes) = mpsc::unbounded_channel();
    let inbox = Arc::new(TestInbox {
        came: came_in,
        answers: Mutex::default(),
    });
    Bench {
        gateway: SmppGateway::start_alone(settings(peer, more), inbox.clone(), clock.clone())
            .unwrap(),
        clock,
        inbox,
        came,
        sink: Arc::new(Outcomes(sink)),
        outcomes,
    }
}

impl Bench {
    /// Hands messages over as the window has room for them.
    pub(crate) async fn send(&self, messages: impl IntoIterator<Item = Submission>) {
        let mut waiting: VecDeque<_> = messages.into_iter().collect();
        while !waiting.is_empty() {
            let reservation = soon(self.gateway.reserve(waiting.len())).await.unwrap();
            let batch = waiting.drain(..reservation.slots()).collect();
            self.submit_all(reservation, batch);
        }
    }

    /// Hands messages over in the room that was reserved.
    pub(crate) fn submit_all(&self, reservation: Reservation, batch: Vec<Submission>) {
        self.gateway.submit(reservation, batch, self.sink.clone());
    }

    /// The next outcome.
    pub(crate) async fn outcome(&mut self) -> (Submission, Vec<PartOutcome>) {
        let (submission, outcome) = soon(self.outcomes.recv()).await.unwrap();
        (submission, outcome.parts)
    }

    /// The next end of a message: what comes back unwritten is handed over again, as the engine does once it is marked again.
    pub(crate) async fn end(&mut self) -> (Submission, Vec<PartOutcome>) {
        loop {
            let (submission, parts) = self.outcome().await;
            if parts.iter().any(|part| *part != PartOutcome::NotWritten) {
                return (submission, parts);
            }
            self.send([submission]).await;
        }
    }

    /// Sends one message and waits for its end.
    pub(crate) async fn send_one(&mut self, message: Submission) -> Vec<PartOutcome> {
        self.send([message]).await;
        self.outcome().await.1
    }

    /// The next that comes in.
    pub(crate) async fn inbound(&mut self) -> Inbound {
        soon(self.came.recv()).await.unwrap()
    }

    /// Waits until the first bind shows such a state. Looked at again and again, since a state is there to be looked
    /// at and tells nobody when it changes.
    pub(crate) async fn until(&self, shows: impl Fn(&clarion_domain::gateway::BindState) -> bool) {
        soon(async {
            while !shows(&self.gateway.state().binds[0]) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

/// A message to the drama number with that ending.
pub(crate) fn message(number: u32, text: &str) -> Submission {
    let digits = format!("+447700900{number:03}");
    Submission {
        recipient: RecipientKey {
            campaign: CampaignKey(1),
            seq: number + 1,
        },
        attempt: 1,
        sender: SenderId::Alphanumeric("ACME".to_owned()),
        destination: PhoneNumber::from_stored(&digits, Region::new("GB").unwrap()).unwrap(),
        text: text.into(),
        reference: 0x0142,
        valid_until: None,
        not_begun_from: None,
    }
}

/// The id under which a part was taken.
pub(crate) fn id_of(part: &PartOutcome) -> &str {
    match part {
        PartOutcome::Accepted { provider_id } => provider_id,
        other => panic!("not accepted: {other:?}"),
    }
}

/// A simulator with a script and, where wanted, a log.
pub(crate) async fn simulator(script: &str, log: Option<&Path>) -> RunningSimulator {
    let settings = SimulatorSettings {
        listen: "127.0.0.1:0".to_owned(),
        log: log.unwrap_or(Path::new("")).to_owned(),
        ..SimulatorSettings::default()
    };
    let script: Script = toml::from_str(script).unwrap();
    Simulator::start_with(settings, script, clock())
        .await
        .unwrap()
}

/// The lines of a log that tell of such an event.
pub(crate) fn log_lines(log: &Path, event: &str) -> Vec<Value> {
    let lines = std::fs::read_to_string(log).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == event).collect()
}
