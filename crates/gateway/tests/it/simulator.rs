//! What the simulator promises to who rehearses with it.

use clarion_domain::gateway::{Gateway, Inbound};
use clarion_domain::receipt::canonical_id;
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
        other => panic!("no receipt: {other:?}"),
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
    assert_eq!(Script::read(path.as_ref()).unwrap().rules.len(), 7);
}

/// What a rule of receipts leads to on our side: the statuses and errors that come, in their order.
async fn check_receipts(rule: &str, expected: &[(Option<u16>, Option<&str>)]) {
    let script = format!("[[rules]]\nreceipt.delay_ms = [0, 0]\n{rule}");
    let simulator = simulator(&script, None).await;
    let mut bench = bench(simulator.local_addr(), "");
    let outcome = bench.send_one(message(1, "x")).await;
    for (status, error) in expected {
        let Inbound::Receipt(receipt) = bench.inbound().await else {
            panic!("no receipt: {rule}");
        };
        let seen = receipt.status.map(|status| status.number());
        assert_eq!(
            seen,
            status.map(i16::try_from).map(Result::unwrap),
            "{rule}"
        );
        assert_eq!(receipt.error.as_deref(), *error, "{rule}");
        assert_eq!(
            receipt.response_id,
            canonical_id(id_of(&outcome[0])),
            "{rule}"
        );
        assert!(
            receipt.destination.unwrap().ends_with("447700900001"),
            "{rule}"
        );
    }
}

#[tokio::test]
async fn every_end_is_read_in_every_form() {
    for (end, status, error) in [
        ("delivered", Some(1), "000"),
        ("accepted", Some(2), "000"),
        ("expired", Some(3), "027"),
        ("deleted", Some(4), "000"),
        ("undeliverable", Some(5), "001"),
        ("unknown", Some(6), "000"),
        ("rejected", Some(7), "008"),
    ] {
        for format in ["usual", "text", "payload", "data_sm"] {
            let rule = format!("receipt.{end} = 1\nreceipt.format = '{format}'");
            check_receipts(&rule, &[(status, Some(error))]).await;
            check_receipts(
                &format!("{rule}\nreceipt.unflagged = true"),
                &[(status, Some(error))],
            )
            .await;
        }
        let error = error.trim_start_matches('0');
        let error = (!error.is_empty()).then_some(error);
        let rule = format!("receipt.{end} = 1\nreceipt.format = 'tlvs'");
        check_receipts(&rule, &[(status, error)]).await;
    }
}

#[tokio::test]
async fn every_way_to_write_a_receipt_is_read() {
    for (text, status, error) in [
        ("id:{id} stat:{stat}", Some(1), None),
        ("stat:{stat} err:{err} id:{id}", Some(1), Some("000")),
        ("id:{id} stat:DELIVERED Text:{text}", Some(1), None),
        (
            "id:{id} submitdate:{submitted} donedate:{done} stat:FAILED err:0A1f",
            Some(8),
            Some("0A1f"),
        ),
        (
            "id:{id} submit date:260302120000 done date:20260302120000 stat:REJECTED",
            Some(7),
            None,
        ),
        (
            "id:{id} submit date:0000000000 done date:0000000000 stat:{stat}",
            Some(1),
            None,
        ),
        ("ID:{id} STAT:UNDELIVERABLE", Some(5), None),
        ("id:{id} stat:BUFFRED", None, None),
        ("id:{id} stat:ACKED", None, None),
    ] {
        let rule = format!("receipt.format = 'text'\nreceipt.text = '{text}'");
        check_receipts(&rule, &[(status, error)]).await;
    }
}

#[tokio::test]
async fn a_message_on_its_way_is_told_before_or_after_its_end() {
    let final_one = (Some(1), Some("000"));
    let on_its_way = (None, Some("000"));
    check_receipts("receipt.enroute = 'before'", &[on_its_way, final_one]).await;
    check_receipts("receipt.enroute = 'after'", &[final_one, on_its_way]).await;
}

#[tokio::test]
async fn another_receipt_may_follow() {
    let rule = "receipt.accepted = 1\nreceipt.then = 'expired'";
    check_receipts(rule, &[(Some(2), Some("000")), (Some(3), Some("027"))]).await;
}

#[tokio::test]
async fn ids_may_be_written_in_many_ways() {
    for (ids, form) in [
        ("decimal", "same"),
        ("hexadecimal", "same"),
        ("padded", "same"),
        ("hyphenated", "same"),
        ("mixed", "hexadecimal_response"),
        ("inverse", "decimal_response"),
    ] {
        let script = format!("[[rules]]\nreceipt.delay_ms = [0, 0]\nresponse.ids = '{ids}'");
        let simulator = simulator(&script, None).await;
        let mut bench = bench(simulator.local_addr(), &format!("id_form = '{form}'"));
        let outcome = bench.send_one(message(1, "x")).await;
        let Inbound::Receipt(receipt) = bench.inbound().await else {
            panic!("no receipt");
        };
        assert_eq!(
            receipt.response_id,
            canonical_id(id_of(&outcome[0])),
            "{ids}"
        );
    }
}

#[tokio::test]
async fn a_connection_can_stand_still() {
    let simulator = simulator(
        "[[rules]]\ntext = 'stall'\nresponse.stall_share = 1\nresponse.stall_ms = [300, 300]",
        None,
    )
    .await;
    let mut bench = bench(simulator.local_addr(), "");
    let begun = std::time::Instant::now();
    bench.send([message(1, "stall"), message(2, "x")]).await;
    for _ in 0..2 {
        assert!(!id_of(&bench.outcome().await.1[0]).is_empty());
        assert!(begun.elapsed() >= std::time::Duration::from_millis(300));
    }
}
