//! What is written, and what becomes of it when all goes well or is refused.

use chrono::TimeDelta;
use clarion_domain::gateway::{Gateway, PartOutcome};
use clarion_domain::message::MessageStatus;
use rusmpp::CommandStatus;
use rusmpp::values::{Npi, Ton};

use super::peer::Stage;
use super::support::{bench, id_of, log_lines, message, simulator};

async fn check_round_trip(text: &str, parts: usize) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let simulator = simulator("", Some(&log)).await;
    let mut bench = bench(simulator.local_addr(), "");
    let outcome = bench.send_one(message(1, text)).await;
    assert_eq!(outcome.len(), parts);
    bench.gateway.stop().await;
    simulator.stop().await;

    let lines = log_lines(&log, "submit");
    let joined: String = lines
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(joined, text);
    for (line, part) in lines.iter().zip(&outcome) {
        assert_eq!(line["destination"], "+447700900001");
        assert_eq!(line["source"], "ACME");
        assert_eq!(line["message_id"], id_of(part));
    }
    if parts > 1 {
        let places: Vec<_> = lines
            .iter()
            .map(|line| line["part"].as_u64().unwrap())
            .collect();
        assert_eq!(places, (1..=parts as u64).collect::<Vec<_>>());
        assert!(
            lines
                .iter()
                .all(|line| line["parts"] == parts && line["reference"] == 0x42)
        );
    }
}

#[tokio::test]
async fn a_short_message_arrives() {
    check_round_trip("Hello, it is 5 o'clock @ ACME {€}", 1).await;
}

#[tokio::test]
async fn a_message_in_any_script_arrives() {
    check_round_trip("Здравствуйте 🐳", 1).await;
}

#[tokio::test]
async fn a_long_message_arrives_in_parts() {
    check_round_trip(&"0123456789".repeat(40), 3).await;
    check_round_trip(&"🐳".repeat(70), 3).await;
}

#[tokio::test]
async fn a_part_is_written_as_the_rules_of_the_trade_have_it() {
    let stage = Stage::open().await;
    let bench = bench(
        stage.address(),
        "concatenation = 'udh16'\nservice_type = 'CMT'\npriority = 2",
    );
    let mut peer = stage.bound().await;
    let mut long = message(7, &"a".repeat(153));
    long.valid_until =
        Some(clarion_domain::clock::Clock::now(&*bench.clock) + TimeDelta::hours(26));
    bench.send([long, message(8, "ŷ")]).await;

    let (_, part) = peer.submit().await;
    assert_eq!(u8::from(part.esm_class), 0);
    assert_eq!(part.validity_period.as_str(), "000001020000000R");
    assert_eq!(part.short_message().as_ref(), "a".repeat(153).as_bytes());
    assert_eq!(
        (part.source_addr_ton, part.source_addr_npi),
        (Ton::Alphanumeric, Npi::Unknown)
    );
    assert_eq!(
        (part.dest_addr_ton, part.dest_addr_npi),
        (Ton::International, Npi::Isdn)
    );
    assert_eq!(part.destination_addr.as_str(), "447700900007");
    assert_eq!(part.service_type.value().as_str(), "CMT");
    assert_eq!(u8::from(part.registered_delivery), 1);
    assert_eq!(part.priority_flag.value, 2);
    assert_eq!(u8::from(part.data_coding), 0);

    let (_, part) = peer.submit().await;
    assert_eq!(u8::from(part.data_coding), 8);
    assert_eq!(part.short_message().as_ref(), [0x01, 0x77]);
    assert!(part.validity_period.is_empty());
}

#[tokio::test]
async fn parts_carry_the_header_of_the_configured_width() {
    let stage = Stage::open().await;
    let bench = bench(stage.address(), "concatenation = 'udh16'");
    let mut peer = stage.bound().await;
    bench.send([message(7, &"a".repeat(161))]).await;
    for (part, length) in [(1, 152), (2, 9)] {
        let (_, submit) = peer.submit().await;
        let octets = submit.short_message().as_ref();
        assert_eq!(octets[..7], [6, 8, 4, 0x01, 0x42, 2, part]);
        assert_eq!(octets.len(), 7 + length);
        assert_eq!(u8::from(submit.esm_class), 0x40);
    }
}

#[tokio::test]
async fn no_more_parts_are_in_flight_than_the_window_allows() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 2");
    let mut peer = stage.bound().await;
    bench
        .send([message(1, &"a".repeat(400)), message(2, "b")])
        .await;
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    bench.until(|bind| bind.in_flight == 2).await;
    // Both slots of the window are taken: nobody gets one before an outcome.
    let more = tokio::time::timeout(
        std::time::Duration::from_millis(20),
        bench.gateway.reserve(1),
    )
    .await;
    assert!(more.is_err());

    peer.take(&second, "2").await;
    let (third, _) = peer.submit().await;
    peer.take(&first, "1").await;
    peer.take(&third, "3").await;
    let (_, parts) = bench.outcome().await;
    assert_eq!(parts.iter().map(id_of).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(bench.gateway.reserve(5).await.unwrap().slots(), 1);
    let (fourth, _) = peer.submit().await;
    peer.take(&fourth, "4").await;
    assert_eq!(id_of(&bench.outcome().await.1[0]), "4");
}

#[tokio::test]
async fn a_refusal_for_good_ends_the_message_with_its_code() {
    let simulator = simulator("[[rules]]\nresponse.error = 0x0B", None).await;
    let mut bench = bench(simulator.local_addr(), "");
    assert_eq!(
        bench.send_one(message(1, "x")).await,
        [PartOutcome::Refused {
            status: MessageStatus::RejectedInvalidRecipient,
            code: "0x0000000B".to_owned()
        }]
    );
}

#[tokio::test]
async fn once_a_part_is_refused_the_others_are_not_sent() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 1");
    let mut peer = stage.bound().await;
    bench.send([message(1, &"a".repeat(400))]).await;
    let (first, _) = peer.submit().await;
    peer.refuse(&first, CommandStatus::EsmeRinvsrcadr).await;
    let refused = PartOutcome::Refused {
        status: MessageStatus::Rejected,
        code: "0x0000000A".to_owned(),
    };
    assert_eq!(
        bench.outcome().await.1,
        [refused.clone(), refused.clone(), refused]
    );
    // The next that is seen is the next message.
    bench.send([message(2, "next")]).await;
    assert_eq!(peer.submit().await.1.short_message().as_ref(), b"next");
}

#[tokio::test]
async fn a_generic_nack_is_an_answer() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    bench.send([message(1, "x")]).await;
    let (submit, _) = peer.submit().await;
    peer.answer(
        &submit,
        CommandStatus::EsmeRinvcmdlen,
        rusmpp::Pdu::GenericNack,
    )
    .await;
    assert!(matches!(
        bench.outcome().await.1[..],
        [PartOutcome::Refused { .. }]
    ));
}

#[tokio::test]
async fn a_code_may_mean_that_the_person_has_opted_out() {
    let simulator = simulator("[[rules]]\nresponse.error = 0x421", None).await;
    let mut bench = bench(simulator.local_addr(), "[codes]\n0x421 = 'opted_out'");
    assert_eq!(
        bench.send_one(message(1, "x")).await,
        [PartOutcome::Refused {
            status: MessageStatus::OptedOut,
            code: "0x00000421".to_owned()
        }]
    );
}

#[tokio::test]
async fn a_code_means_what_the_gateway_s_settings_say() {
    let simulator = simulator("[[rules]]\nresponse.error = 0x401", None).await;
    let mut bench = bench(
        simulator.local_addr(),
        "[codes]\n0x401 = 'failed_insufficient_credit'",
    );
    assert_eq!(
        bench.send_one(message(1, "x")).await,
        [PartOutcome::Refused {
            status: MessageStatus::FailedInsufficientCredit,
            code: "0x00000401".to_owned()
        }]
    );
}

#[tokio::test]
async fn each_sender_keeps_its_own_pace() {
    let simulator = simulator("", None).await;
    let mut bench = bench(simulator.local_addr(), "parts_per_second_per_sender = 20");
    let begun = std::time::Instant::now();
    let messages = (0..12).map(|number| {
        let mut message = message(number, "x");
        if number >= 6 {
            message.sender = clarion_domain::sender::SenderId::Alphanumeric("OTHER".to_owned());
        }
        message
    });
    bench.send(messages).await;
    let mut order = Vec::new();
    for _ in 0..12 {
        let (submission, parts) = bench.outcome().await;
        id_of(&parts[0]);
        order.push(submission.sender);
    }
    // Six parts of each, fifty milliseconds apart; a late timer may make up for one of them.
    assert!(begun.elapsed() >= std::time::Duration::from_millis(200));
    // Neither waited for the other to end.
    assert_ne!(order[0], order[1]);
}

#[tokio::test]
async fn the_pace_is_kept() {
    let simulator = simulator("", None).await;
    let mut bench = bench(simulator.local_addr(), "parts_per_second = 50\nbinds = 2");
    let begun = std::time::Instant::now();
    bench.send((0..16).map(|number| message(number, "x"))).await;
    for _ in 0..16 {
        assert!(!id_of(&bench.outcome().await.1[0]).is_empty());
    }
    // Sixteen parts, twenty milliseconds apart; a late timer may make up for one of them.
    assert!(begun.elapsed() >= std::time::Duration::from_millis(270));
}
