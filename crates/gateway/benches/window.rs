//! Messages per second through one bind by response delay and window, against the bound window / delay, and how many
//! submits per second the simulator takes on one core: `cargo bench -p clarion-gateway`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measures, and ends where it cannot"
)]

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clarion_domain::clock::Clock;
use clarion_domain::gateway::{
    BoxFuture, Gateway, Inbound, InboundSink, MessageRoom, NotStored, OutcomeSink, PartOutcome,
    Submission, SubmitOutcome,
};
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::sender::SenderId;
use clarion_gateway::simulator::{Script, Simulator, SimulatorSettings};
use clarion_gateway::smpp::{SmppGateway, SmppSettings};
use rusmpp::encode::owned::Encode;
use rusmpp::pdus::{BindTransmitter, SubmitSm};
use rusmpp::types::OctetString;
use rusmpp::{Command, CommandStatus, Pdu};
use tokio::runtime::Builder;

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(2);
/// Submits that are written before their answers are read.
const BURST: u32 = 1_000;

struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }
}

#[derive(Default)]
struct Taken(AtomicU64);

impl OutcomeSink for Taken {
    fn outcome(&self, _: Submission, outcome: SubmitOutcome, _: MessageRoom) {
        // What had not been written when the measurement ended is handed back.
        if let [PartOutcome::Accepted { .. }] = outcome.parts[..] {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Nowhere;

impl InboundSink for Nowhere {
    fn receive(&self, _: &str, _: Inbound) -> BoxFuture<'static, Result<(), NotStored>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A simulator on a thread of its own, so on one core at most, until the process ends.
fn simulator(delay_ms: u64) -> SocketAddr {
    let (sender, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async {
                let script = format!(
                    "[[rules]]\nresponse.delay_ms = [{delay_ms}, {delay_ms}]\nreceipt.none = 1"
                );
                let script: Script = toml::from_str(&script).unwrap();
                let settings = SimulatorSettings {
                    listen: "127.0.0.1:0".to_owned(),
                    log: PathBuf::new(),
                    ..SimulatorSettings::default()
                };
                let simulator = Simulator::start_with(settings, script, Arc::new(Still))
                    .await
                    .unwrap();
                sender.send(simulator.local_addr()).unwrap();
                std::future::pending::<()>().await;
            });
    });
    address.recv().unwrap()
}

fn submission(seq: u32) -> Submission {
    Submission {
        recipient: RecipientKey {
            campaign: CampaignKey(1),
            seq,
        },
        attempt: 1,
        sender: SenderId::Alphanumeric("ACME".to_owned()),
        destination: PhoneNumber::from_stored("+447700900001", Region::new("GB").unwrap()).unwrap(),
        text: "Hello, this is one message of a campaign, of about the usual length.".into(),
        reference: 1,
        valid_until: None,
        not_begun_from: None,
    }
}

/// Messages per second through one bind.
async fn through_one_bind(address: SocketAddr, window: usize) -> f64 {
    let settings = SmppSettings {
        name: "bench".to_owned(),
        host: address.ip().to_string(),
        port: address.port(),
        system_id: "bench".to_owned(),
        window,
        ..SmppSettings::default()
    };
    let gateway = SmppGateway::start_alone(settings, Arc::new(Nowhere), Arc::new(Still)).unwrap();
    drop(gateway.reserve(1).await.unwrap());
    let taken = Arc::new(Taken::default());
    let begun = Instant::now();
    let mut seq = 0;
    while begun.elapsed() < SPAN {
        let room = gateway.reserve(window).await.unwrap();
        let batch: Vec<_> = (0..room.slots() as u32)
            .map(|i| submission(seq + i))
            .collect();
        seq += batch.len() as u32;
        gateway.submit(room, batch, taken.clone());
    }
    let rate = taken.0.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    gateway.stop().await;
    rate
}

fn octets(sequence: u32, pdu: impl Into<Pdu>) -> Vec<u8> {
    let mut body = bytes::BytesMut::new();
    Command::new(CommandStatus::EsmeRok, sequence, pdu).encode(&mut body);
    let length = u32::try_from(4 + body.len()).unwrap();
    [&length.to_be_bytes()[..], &body].concat()
}

/// Submits per second that the simulator takes from a client that does as little as possible.
fn taken_by_the_simulator(address: SocketAddr) -> f64 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(&octets(1, BindTransmitter::default()))
        .unwrap();
    let mut answers = BufReader::with_capacity(1 << 16, stream.try_clone().unwrap());
    skip(&mut answers, 1);
    let text = OctetString::from_static_slice(b"Hello, this is one message of a campaign").unwrap();
    let submit = SubmitSm::builder()
        .destination_addr("447700900001".parse().unwrap())
        .short_message(text)
        .build();
    let burst: Vec<u8> = (2..BURST + 2)
        .flat_map(|sequence| octets(sequence, submit.clone()))
        .collect();
    let (begun, mut submits) = (Instant::now(), 0);
    while begun.elapsed() < SPAN {
        stream.write_all(&burst).unwrap();
        skip(&mut answers, BURST);
        submits += BURST;
    }
    f64::from(submits) / begun.elapsed().as_secs_f64()
}

/// Reads so many PDUs, and nothing in them.
fn skip(answers: &mut BufReader<TcpStream>, count: u32) {
    for _ in 0..count {
        let mut length = [0; 4];
        answers.read_exact(&mut length).unwrap();
        let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
        answers.read_exact(&mut rest).unwrap();
    }
}

fn main() {
    // A test run of all targets only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    println!("| response delay | window | messages/s | window / delay |");
    println!("| ---: | ---: | ---: | ---: |");
    for delay_ms in [0, 10, 50] {
        let address = simulator(delay_ms);
        for window in [1, 10, 100] {
            let rate = runtime.block_on(through_one_bind(address, window));
            let bound = match delay_ms {
                0 => "none".to_owned(),
                delay => (window as u64 * 1_000 / delay).to_string(),
            };
            println!("| {delay_ms} ms | {window} | {rate:.0} | {bound} |");
        }
    }
    let submits = taken_by_the_simulator(simulator(0));
    println!("\nThe simulator takes {submits:.0} submits/s on one core.");
}
