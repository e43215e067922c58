//! What the simulator promises to who rehearses with it.

use clarion_domain::gateway::{Gateway, Inbound};
use clarion_gateway::simulator::{Script, ScriptFault, Simulator, SimulatorSettings};

use rusmpp::pdus::{BindReceiver, BindTransmitter, SubmitSm};
use rusmpp::values::{EsmClass, RegisteredDelivery, Ton};
use rusmpp::{CommandId, CommandStatus, Pdu};

use super::peer::Peer;
use super::support::{Bench, bench, clock, id_of, log_lines, message, simulator};

fn bind_transmitter() -> BindTransmitter {
    BindTransmitter::builder()
        .system_id("clarion".parse().unwrap())
        .build()
}

fn submit() -> SubmitSm {
    SubmitSm::builder()
        .dest_addr_ton(Ton::International)
        .destination_addr("447700900001".parse().unwrap())
        .esm_class(EsmClass::from(0))
        .registered_delivery(RegisteredDelivery::from(1))
        .build()
}

async fn receipted(bench: &mut Bench) -> String {
    match bench.inbound().await {
        Inbound::Receipt(receipt) => receipt.provider_id,
        Inbound::Message(message) => panic!("no receipt: {message:?}"),
    }
}

#[tokio::test]
async fn receipts_wait_for_a_bind() {
    let simulator = simulator("[[rules]]\nreceipt.delay_ms = [0, 0]", None).await;
    let mut transmitter = Peer::connect(simulator.local_addr()).await;
    let answer = transmitter.bind(bind_transmitter()).await;
    assert_eq!(
        (answer.id(), answer.status()),
        (CommandId::BindTransmitterResp, CommandStatus::EsmeRok)
    );
    let id = transmitter.submitted(submit()).await;
    let mut receiver = bench(simulator.local_addr(), "");
    assert_eq!(receipted(&mut receiver).await, id);
}

#[tokio::test]
async fn receipts_outlive_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let first = simulator("[[rules]]\nreceipt.delay_ms = [60000, 60000]", Some(&log)).await;
    let mut transmitter = Peer::connect(first.local_addr()).await;
    transmitter.bind(bind_transmitter()).await;
    let id = transmitter.submitted(submit()).await;
    first.stop().await;
    let second = simulator("", Some(&log)).await;
    let mut receiver = bench(second.local_addr(), "");
    assert_eq!(receipted(&mut receiver).await, id);
    receiver.gateway.stop().await;
    second.stop().await;
    assert_eq!(log_lines(&log, "receipt_response").len(), 1);
    assert!(!folder.path().join("simulator.waiting.ndjson").exists());
}

#[tokio::test]
async fn each_operation_needs_its_bind() {
    let simulator = simulator("", None).await;
    let mut peer = Peer::connect(simulator.local_addr()).await;
    peer.send(1, submit()).await;
    assert_eq!(peer.next().await.status(), CommandStatus::EsmeRinvbndsts);
    let receiver = BindReceiver::builder()
        .system_id("other".parse().unwrap())
        .build();
    assert_eq!(
        peer.bind(receiver.clone()).await.status(),
        CommandStatus::EsmeRok
    );
    peer.send(2, submit()).await;
    assert_eq!(peer.next().await.status(), CommandStatus::EsmeRinvbndsts);
    assert_eq!(
        peer.bind(receiver).await.status(),
        CommandStatus::EsmeRalybnd
    );
    peer.send(3, Pdu::Unbind).await;
    assert_eq!(peer.next().await.id(), CommandId::UnbindResp);
    assert!(peer.is_closed().await);
}

#[tokio::test]
async fn a_receipt_can_come_early_and_twice_and_with_its_id_written_otherwise() {
    let script =
        "[[rules]]\nreceipt.early = true\nreceipt.duplicate_share = 1\nresponse.ids = 'mixed'";
    let simulator = simulator(script, None).await;
    let mut bench = bench(simulator.local_addr(), "");
    bench.send([message(1, "x")]).await;
    let ids = [receipted(&mut bench).await, receipted(&mut bench).await];
    assert_eq!(ids[0], ids[1]);
    let (_, outcome) = bench.outcome().await;
    let hexadecimal = u64::from_str_radix(id_of(&outcome[0]), 16).unwrap();
    assert_eq!(hexadecimal.to_string(), ids[0]);
}

#[tokio::test]
async fn the_log_tells_every_event_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("made/simulator.ndjson");
    let simulator = simulator("[[rules]]\nreceipt.delay_ms = [0, 0]", Some(&log)).await;
    let mut bench = bench(simulator.local_addr(), "");
    bench.send_one(message(1, "x")).await;
    bench.inbound().await;
    bench.gateway.stop().await;
    simulator.stop().await;
    let text = std::fs::read_to_string(&log).unwrap();
    let events: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].clone())
        .collect();
    assert_eq!(
        events,
        ["bind", "submit", "receipt", "receipt_response", "unbind"]
    );
    let submit = &log_lines(&log, "submit")[0];
    assert_eq!(submit["t"], "2026-03-02T12:00:00.000000Z");
    assert_eq!(submit["bind"], 1);
    assert_eq!(submit["sequence"], 2);
    assert_eq!(submit["decision"], "delivered");
}

#[tokio::test]
async fn a_script_that_is_wrong_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.toml");
    std::fs::write(&path, "[[rules]]\nrecepit.none = 1\n").unwrap();
    let settings = SimulatorSettings {
        listen: "127.0.0.1:0".to_owned(),
        log: std::path::PathBuf::new(),
        script: path.clone(),
        ..SimulatorSettings::default()
    };
    let fault = Simulator::start(settings, clock())
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        fault.contains("script.toml") && fault.contains("recepit"),
        "{fault}"
    );
    let missing = Script::read(&folder.path().join("none.toml"));
    assert!(matches!(missing, Err(ScriptFault::Unreadable { .. })));
}

#[test]
fn the_example_of_a_script_is_one() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/simulator-script.toml"
    );
    assert_eq!(Script::read(path.as_ref()).unwrap().rules.len(), 6);
}
