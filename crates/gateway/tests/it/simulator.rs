//! What the simulator promises to who rehearses with it.

use clarion_domain::gateway::{Gateway, Inbound};
use clarion_gateway::simulator::{Script, ScriptFault, Simulator, SimulatorSettings};

use super::support::{bench, clock, id_of, log_lines, message, simulator};

#[tokio::test]
async fn receipts_wait_for_a_bind() {
    let simulator = simulator("[[rules]]\nreceipt.delay_ms = [150, 150]", None).await;
    let mut first = bench(simulator.local_addr(), "");
    let outcome = first.send_one(message(1, "x")).await;
    first.gateway.stop().await;
    let mut second = bench(simulator.local_addr(), "");
    match second.inbound().await {
        Inbound::Receipt(receipt) => assert_eq!(receipt.provider_id, id_of(&outcome[0])),
        Inbound::Message(message) => panic!("no receipt: {message:?}"),
    }
}

#[tokio::test]
async fn a_receipt_can_come_early_and_twice_and_with_its_id_written_otherwise() {
    let script =
        "[[rules]]\nreceipt.early = true\nreceipt.duplicate_share = 1\nresponse.ids = 'mixed'";
    let simulator = simulator(script, None).await;
    let mut bench = bench(simulator.local_addr(), "");
    bench.send([message(1, "x")]).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        match bench.inbound().await {
            Inbound::Receipt(receipt) => ids.push(receipt.provider_id),
            Inbound::Message(message) => panic!("no receipt: {message:?}"),
        }
    }
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
    assert_eq!(submit["sequence"], 1);
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
