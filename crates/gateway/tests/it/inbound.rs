//! What the peer delivers, and when it is answered.

use clarion_domain::gateway::{Inbound, NotStored};
use clarion_domain::message::MessageStatus;
use rusmpp::pdus::{DataSm, DeliverSm};
use rusmpp::tlvs::{MessageDeliveryRequestTlvValue, MessageSubmissionRequestTlvValue, TlvTag};
use rusmpp::types::{AnyOctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessagePayload, Ton};
use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::sync::{oneshot, watch};

use super::peer::Stage;
use super::support::{Bench, bench, id_of, log_lines, message, simulator};

fn delivery(esm_class: u8, data_coding: u8, octets: &[u8]) -> DeliverSm {
    DeliverSm::builder()
        .source_addr("447700900001".parse().unwrap())
        .destination_addr("ACME".parse().unwrap())
        .esm_class(EsmClass::from(esm_class))
        .data_coding(DataCoding::from(data_coding))
        .short_message(OctetString::from_slice(octets).unwrap())
        .build()
}

async fn receipt(bench: &mut Bench) -> (String, Option<MessageStatus>, Option<String>) {
    match bench.inbound().await {
        Inbound::Receipt(receipt) => (receipt.provider_id, receipt.status, receipt.error),
        other => panic!("no receipt: {other:?}"),
    }
}

#[tokio::test]
async fn a_receipt_comes_with_the_id_of_its_part() {
    for (format, share, status) in [
        ("usual", "delivered", MessageStatus::Delivered),
        ("text", "undeliverable", MessageStatus::Undeliverable),
        ("tlvs", "expired", MessageStatus::Expired),
        ("usual", "rejected", MessageStatus::Rejected),
    ] {
        let script = format!(
            "[[rules]]\nreceipt.{share} = 1\nreceipt.format = '{format}'\nreceipt.delay_ms = [0, 5]\n\
             response.ids = 'hexadecimal'"
        );
        let simulator = simulator(&script, None).await;
        let mut bench = bench(simulator.local_addr(), "");
        let outcome = bench.send_one(message(1, "x")).await;
        let (id, seen, _) = receipt(&mut bench).await;
        assert_eq!((id.as_str(), seen), (id_of(&outcome[0]), Some(status)));
    }
}

#[tokio::test]
async fn the_error_of_a_receipt_may_mean_that_the_person_has_opted_out() {
    for (error, status) in [
        ("034", MessageStatus::OptedOut),
        ("035", MessageStatus::Undeliverable),
    ] {
        let script = format!(
            "[[rules]]\nreceipt.undeliverable = 1\nreceipt.format = 'text'\nreceipt.delay_ms = [0, 5]\n\
             receipt.text = 'id:{{id}} stat:{{stat}} err:{error}'"
        );
        let simulator = simulator(&script, None).await;
        let mut bench = bench(simulator.local_addr(), "opted_out_errors = ['34']");
        bench.send_one(message(1, "x")).await;
        let (_, seen, with_error) = receipt(&mut bench).await;
        assert_eq!(
            (seen, with_error.as_deref()),
            (Some(status), Some(error)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_delivery_is_answered_only_when_it_is_stored() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    let (store, stored) = oneshot::channel();
    bench
        .inbox
        .answer_with(async move { stored.await.map_err(|_| NotStored) });
    peer.deliver(5, delivery(4, 0, b"id:1 stat:DELIVRD")).await;
    peer.deliver(6, delivery(4, 0, b"id:2 stat:DELIVRD")).await;
    assert_eq!(receipt(&mut bench).await.0, "1");
    assert_eq!(receipt(&mut bench).await.0, "2");
    // The second does not wait for the first.
    let answer = peer.next().await;
    assert_eq!(
        (answer.id(), answer.sequence_number()),
        (CommandId::DeliverSmResp, 6)
    );
    // Nor does anything else.
    peer.send(7, Pdu::EnquireLink).await;
    assert_eq!(peer.next().await.id(), CommandId::EnquireLinkResp);
    store.send(()).unwrap();
    let answer = peer.next().await;
    assert_eq!(
        (answer.id(), answer.sequence_number()),
        (CommandId::DeliverSmResp, 5)
    );
    assert_eq!(answer.status(), CommandStatus::EsmeRok);
}

#[tokio::test]
async fn answers_that_wait_behind_too_many_deliveries_are_not_given_up() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "response_timeout_seconds = 0.5");
    let mut peer = stage.bound().await;
    let (store, stored) = watch::channel(false);
    for _ in 0..5_000 {
        let mut stored = stored.clone();
        bench.inbox.answer_with(async move {
            stored
                .wait_for(|stored| *stored)
                .await
                .map(|_| ())
                .map_err(|_| NotStored)
        });
    }
    bench.send([message(1, "x")]).await;
    let (submit, _) = peer.submit().await;
    // All of it in one go: however slow the machine is, the answer is there in time.
    for sequence in 1..=5_000 {
        peer.feed(sequence, delivery(4, 0, b"id:1 stat:DELIVRD"))
            .await;
    }
    peer.take(&submit, "7").await;
    for _ in 0..5_000 {
        bench.inbound().await;
    }
    // Nothing to wait for: the time in which the answer is due passes.
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    store.send(true).unwrap();
    assert_eq!(id_of(&bench.outcome().await.1[0]), "7");
}

#[tokio::test]
async fn a_receipt_that_could_not_be_stored_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let simulator = simulator(
        "redelivery_ms = 5\n[[rules]]\nreceipt.delay_ms = [0, 0]",
        Some(&log),
    )
    .await;
    let mut bench = bench(simulator.local_addr(), "");
    bench.inbox.answer_with(async { Err(NotStored) });
    let outcome = bench.send_one(message(1, "x")).await;
    for _ in 0..2 {
        assert_eq!(receipt(&mut bench).await.0, id_of(&outcome[0]));
    }
    clarion_domain::gateway::Gateway::stop(&bench.gateway).await;
    simulator.stop().await;
    let answers = log_lines(&log, "receipt_response");
    let answers: Vec<_> = answers
        .iter()
        .map(|line| line["decision"].as_str().unwrap())
        .collect();
    assert_eq!(answers, ["0x00000064", "0x00000000"]);
}

#[tokio::test]
async fn receipts_are_known_by_flag_by_parameter_or_by_text() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    let usual = b"id:ab-1 sub:001 dlvrd:000 submit date:2603021200 done date:2603021201 stat:UNDELIV err:0A1 text:x";
    peer.deliver(1, delivery(0, 0, usual)).await;
    let expected = (
        "ab-1".to_owned(),
        Some(MessageStatus::Undeliverable),
        Some("0A1".to_owned()),
    );
    assert_eq!(receipt(&mut bench).await, expected);

    // Without a terminating zero, as some write it.
    let mut by_parameter = delivery(0, 0, b"");
    for (tag, value) in [(0x001E, &b"77"[..]), (0x0427, &[2]), (0x0423, &[3, 0, 11])] {
        by_parameter.push_tlv(MessageDeliveryRequestTlvValue::Other {
            tag: TlvTag::Other(tag),
            value: AnyOctetString::from_slice(value),
        });
    }
    peer.deliver(2, by_parameter).await;
    let expected = (
        "77".to_owned(),
        Some(MessageStatus::Delivered),
        Some("11".to_owned()),
    );
    assert_eq!(receipt(&mut bench).await, expected);

    let payload = MessagePayload::new(AnyOctetString::from_static_slice(b"id:9 stat:EXPIRED"));
    let data = DataSm::builder()
        .source_addr("447700900001".parse().unwrap())
        .esm_class(EsmClass::from(4))
        .tlvs(vec![MessageSubmissionRequestTlvValue::MessagePayload(
            payload,
        )])
        .build();
    peer.send(3, data).await;
    assert_eq!(
        receipt(&mut bench).await,
        ("9".to_owned(), Some(MessageStatus::Expired), None)
    );
    let answers =
        [peer.next().await, peer.next().await, peer.next().await].map(|answer| answer.id());
    assert_eq!(
        answers,
        [
            CommandId::DeliverSmResp,
            CommandId::DeliverSmResp,
            CommandId::DataSmResp
        ]
    );
}

#[tokio::test]
async fn a_reply_comes_with_its_text_decoded() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    for (esm_class, data_coding, octets, text) in [
        (0, 0, &b"STOP \x00"[..], "STOP @"),
        (0, 3, b"arr\xeat", "arrêt"),
        (0, 8, &[0x04, 0x21, 0x04, 0x22], "СТ"),
        (0, 0, b"id: my number is 5", "id: my number is 5"),
    ] {
        peer.deliver(9, delivery(esm_class, data_coding, octets))
            .await;
        match bench.inbound().await {
            Inbound::Message(message) => {
                assert_eq!(message.text, text);
                assert_eq!(
                    (message.source.as_str(), message.destination.as_str()),
                    ("447700900001", "ACME")
                );
            }
            other => panic!("no message: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reply_from_and_to_national_numbers_comes_with_them_in_full() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "region = 'GB'");
    let mut peer = stage.bound().await;
    let mut reply = delivery(0, 0, b"STOP");
    reply.source_addr = "07700900001".parse().unwrap();
    reply.dest_addr_ton = Ton::National;
    reply.destination_addr = "7700900002".parse().unwrap();
    peer.deliver(5, reply).await;
    let Inbound::Message(message) = bench.inbound().await else {
        panic!("a receipt");
    };
    assert_eq!(
        (message.source.as_str(), message.destination.as_str()),
        ("447700900001", "447700900002")
    );
}

#[tokio::test]
async fn a_long_reply_comes_as_one_and_is_answered_when_it_is_stored() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    peer.deliver(1, delivery(0x40, 0, b"\x05\x00\x03\x07\x02\x02, thanks"))
        .await;
    peer.send(2, Pdu::EnquireLink).await;
    // Not answered before its other part is here.
    assert_eq!(peer.next().await.id(), CommandId::EnquireLinkResp);
    peer.deliver(3, delivery(0x40, 0, b"\x05\x00\x03\x07\x02\x01No"))
        .await;
    match bench.inbound().await {
        Inbound::Message(message) => assert_eq!(message.text, "No, thanks"),
        other => panic!("no message: {other:?}"),
    }
    let mut answered =
        [peer.next().await, peer.next().await].map(|answer| answer.sequence_number());
    answered.sort_unstable();
    assert_eq!(answered, [1, 3]);
}

#[tokio::test]
async fn parts_may_be_tied_by_parameters_and_come_over_any_bind() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "binds = 2");
    let mut peers = [stage.bound().await, stage.bound().await];
    for (peer, (part, text)) in peers.iter_mut().zip([(1, b"one "), (2, b"two.")]) {
        let mut delivery = delivery(0, 0, text);
        delivery.push_tlv(MessageDeliveryRequestTlvValue::SarMsgRefNum(300));
        delivery.push_tlv(MessageDeliveryRequestTlvValue::SarTotalSegments(2));
        delivery.push_tlv(MessageDeliveryRequestTlvValue::SarSegmentSeqnum(part));
        peer.deliver(1, delivery).await;
    }
    match bench.inbound().await {
        Inbound::Message(message) => assert_eq!(message.text, "one two."),
        other => panic!("no message: {other:?}"),
    }
}

#[tokio::test]
async fn a_reply_of_which_a_part_is_missing_is_handed_over_as_far_as_it_came() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "join_seconds = 0.05");
    let mut peer = stage.bound().await;
    peer.deliver(1, delivery(0x40, 0, b"\x05\x00\x03\x07\x02\x01half"))
        .await;
    match bench.inbound().await {
        Inbound::Message(message) => assert_eq!(message.text, "half"),
        other => panic!("no message: {other:?}"),
    }
    assert_eq!(peer.next().await.id(), CommandId::DeliverSmResp);
}

#[tokio::test]
async fn a_receipt_is_matched_by_the_form_of_id_that_the_settings_tell() {
    for (form, written, response_id) in [
        ("same", "00AB", "ab"),
        ("hexadecimal_response", "171", "ab"),
        ("decimal_response", "AB", "171"),
    ] {
        let stage = Stage::open().await;
        let mut bench = bench(stage.address(), &format!("id_form = '{form}'"));
        let mut peer = stage.bound().await;
        let text = format!("id:{written} stat:DELIVRD");
        peer.deliver(1, delivery(4, 0, text.as_bytes())).await;
        let Inbound::Receipt(receipt) = bench.inbound().await else {
            panic!("no receipt");
        };
        assert_eq!(
            (receipt.provider_id.as_str(), receipt.response_id.as_str()),
            (written, response_id)
        );
    }
}

#[tokio::test]
async fn the_simulator_plays_a_handset() {
    let simulator = simulator("", None).await;
    let mut bench = bench(simulator.local_addr(), "");
    bench.until(|bind| bind.connected_since.is_some()).await;
    assert_eq!(
        simulator.inject_mo("+447700900001", "ACME", "Nein, danke 🐳"),
        1
    );
    match bench.inbound().await {
        Inbound::Message(message) => assert_eq!(message.text, "Nein, danke 🐳"),
        other => panic!("no message: {other:?}"),
    }
}
