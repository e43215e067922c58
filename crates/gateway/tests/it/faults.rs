//! What goes wrong: the difference between never written, unknown, and refused for now.

use chrono::TimeDelta;
use clarion_domain::clock::Clock;
use clarion_domain::gateway::{Gateway, PartOutcome, Submission};
use clarion_domain::message::MessageStatus;
use rusmpp::CommandStatus;

use super::peer::Stage;
use super::support::{bench, id_of, log_lines, message, simulator};

#[tokio::test]
async fn a_part_that_is_not_answered_in_time_is_unknown_and_never_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let simulator = simulator(
        "[[rules]]\ntext = 'silent'\nresponse.silent_share = 1",
        Some(&log),
    )
    .await;
    let mut bench = bench(simulator.local_addr(), "response_timeout_seconds = 1");
    assert_eq!(
        bench.send_one(message(1, "silent")).await,
        [PartOutcome::Unknown]
    );
    assert_eq!(
        id_of(&bench.send_one(message(2, "other")).await[0]).len(),
        19
    );
    bench.gateway.stop().await;
    simulator.stop().await;
    assert_eq!(log_lines(&log, "submit").len(), 2);
}

#[tokio::test]
async fn what_was_in_flight_when_the_connection_went_is_unknown_and_the_rest_was_never_written() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 2");
    let mut peer = stage.bound().await;
    bench.send([message(1, "a"), message(2, "b")]).await;
    peer.submit().await;
    peer.submit().await;
    drop(peer);
    for _ in 0..2 {
        assert_eq!(bench.outcome().await.1, [PartOutcome::Unknown]);
    }
}

#[tokio::test]
async fn a_message_that_broke_off_goes_on_when_the_bind_is_back_and_no_part_goes_twice() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 2");
    let mut peer = stage.bound().await;
    bench
        .send([message(1, &"a".repeat(500)), message(2, "b")])
        .await;
    let (first, _) = peer.submit().await;
    peer.submit().await;
    peer.take(&first, "1").await;
    peer.submit().await;
    drop(peer);
    // The message of which nothing was written is handed back at once.
    assert_eq!(bench.outcome().await.1, [PartOutcome::NotWritten]);

    let mut peer = stage.bound().await;
    let (fourth, submit) = peer.submit().await;
    assert_eq!(submit.short_message().as_ref()[4..6], [4, 4]);
    peer.take(&fourth, "4").await;
    let (_, outcome) = bench.outcome().await;
    assert_eq!((id_of(&outcome[0]), id_of(&outcome[3])), ("1", "4"));
    assert_eq!(outcome[1..3], [PartOutcome::Unknown, PartOutcome::Unknown]);
}

#[tokio::test]
async fn the_parts_that_were_not_written_follow_under_the_same_reference() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 1");
    let mut peer = stage.bound().await;
    bench.send([message(1, &"a".repeat(161))]).await;
    let (first, submit) = peer.submit().await;
    assert_eq!(submit.short_message().as_ref()[..6], [5, 0, 3, 0x42, 2, 1]);
    peer.send(3, rusmpp::Pdu::Unbind).await;
    peer.take(&first, "1").await;
    assert_eq!(peer.next().await.id(), rusmpp::CommandId::UnbindResp);
    assert!(peer.is_closed().await);

    let mut peer = stage.bound().await;
    let (second, submit) = peer.submit().await;
    assert_eq!(submit.short_message().as_ref()[..6], [5, 0, 3, 0x42, 2, 2]);
    peer.take(&second, "2").await;
    let (_, outcome) = bench.outcome().await;
    assert_eq!(outcome.iter().map(id_of).collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn parts_that_wait_for_a_bind_longer_than_their_message_may_are_expired() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 1");
    let mut peer = stage.bound().await;
    let mut brief = message(1, &"a".repeat(161));
    brief.valid_until = Some(bench.clock.now() + TimeDelta::minutes(5));
    bench.send([brief]).await;
    let (first, _) = peer.submit().await;
    peer.send(3, rusmpp::Pdu::Unbind).await;
    bench.clock.advance(TimeDelta::minutes(6));
    peer.take(&first, "1").await;
    assert!(peer.is_closed().await);
    let (_, outcome) = bench.outcome().await;
    assert_eq!(id_of(&outcome[0]), "1");
    assert!(
        matches!(&outcome[1], PartOutcome::Refused { status: MessageStatus::Expired, code } if code.is_empty())
    );
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_bind_to_come_back() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 1");
    let mut peer = stage.bound().await;
    bench.send([message(1, &"a".repeat(161))]).await;
    let (first, _) = peer.submit().await;
    peer.take(&first, "1").await;
    peer.submit().await;
    drop(peer);
    drop(stage);
    bench.until(|bind| bind.connected_since.is_none()).await;
    super::support::soon(bench.gateway.stop()).await;
    let (_, outcome) = bench.outcome().await;
    assert_eq!(id_of(&outcome[0]), "1");
    assert_eq!(outcome[1], PartOutcome::Unknown);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let simulator = simulator("[[rules]]\nresponse.cut_share = 1", None).await;
    let mut bench = bench(simulator.local_addr(), "");
    assert_eq!(
        bench.send_one(message(1, "x")).await,
        [PartOutcome::Unknown]
    );
}

#[tokio::test]
async fn what_is_handed_over_after_the_connection_went_was_never_written() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let peer = stage.bound().await;
    let reservation = bench.gateway.reserve(1).await.unwrap();
    drop(peer);
    bench.until(|bind| bind.connected_since.is_none()).await;
    bench.submit_all(reservation, vec![message(1, &"a".repeat(161))]);
    assert_eq!(
        bench.outcome().await.1,
        [PartOutcome::NotWritten, PartOutcome::NotWritten]
    );
}

#[tokio::test]
async fn a_part_refused_for_now_is_tried_again() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    for status in [
        CommandStatus::EsmeRthrottled,
        CommandStatus::EsmeRmsgqful,
        CommandStatus::EsmeRxTAppn,
        CommandStatus::EsmeRsyserr,
    ] {
        bench.send([message(1, "again")]).await;
        let answers = async {
            let (first, _) = peer.submit().await;
            peer.refuse(&first, status).await;
            let (second, submit) = peer.submit().await;
            assert_eq!(submit.short_message().as_ref(), b"again");
            assert_ne!(second.sequence_number(), first.sequence_number());
            peer.take(&second, "7").await;
        };
        // Already the first may come back unwritten: the bind has been slowed down by those before.
        let ((_, end), ()) = tokio::join!(bench.end(), answers);
        assert_eq!(id_of(&end[0]), "7");
    }
}

#[tokio::test]
async fn a_part_refused_for_now_is_not_tried_beyond_the_end_of_its_message() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    let mut brief = message(1, "x");
    brief.valid_until = Some(bench.clock.now() + TimeDelta::minutes(5));
    bench.send([brief]).await;
    let (submit, _) = peer.submit().await;
    bench.clock.advance(TimeDelta::minutes(6));
    peer.refuse(&submit, CommandStatus::EsmeRthrottled).await;
    assert_eq!(
        bench.outcome().await.1,
        [PartOutcome::Refused {
            status: MessageStatus::Expired,
            code: "0x00000058".to_owned()
        }]
    );
}

#[tokio::test]
async fn what_is_not_begun_in_time_is_handed_back_and_what_is_begun_is_ended() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 2");
    let mut peer = stage.bound().await;
    let until = |mut message: Submission, end| {
        message.not_begun_from = Some(end);
        message
    };
    let end = bench.clock.now() + TimeDelta::minutes(5);
    let of_three_parts = "a".repeat(400);
    bench
        .send([
            until(message(1, &of_three_parts), end),
            until(message(2, "x"), end),
        ])
        .await;
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    bench.clock.advance(TimeDelta::minutes(5));
    peer.take(&first, "1").await;
    let (third, _) = peer.submit().await;
    peer.take(&second, "2").await;
    assert_eq!(bench.outcome().await.1, [PartOutcome::NotWritten]);
    peer.take(&third, "3").await;
    let (_, outcome) = bench.outcome().await;
    assert_eq!(
        outcome.iter().map(id_of).collect::<Vec<_>>(),
        ["1", "2", "3"]
    );

    // Refused for now counts as not begun, as long as no part of it was taken.
    let end = bench.clock.now() + TimeDelta::minutes(5);
    bench.send([until(message(3, "x"), end)]).await;
    let (submit, _) = peer.submit().await;
    bench.clock.advance(TimeDelta::minutes(5));
    peer.refuse(&submit, CommandStatus::EsmeRthrottled).await;
    assert_eq!(bench.outcome().await.1, [PartOutcome::NotWritten]);
}

#[tokio::test]
async fn a_throttling_peer_gets_everything_in_the_end() {
    let simulator = simulator("[[rules]]\nresponse.per_second = 20", None).await;
    let mut bench = bench(simulator.local_addr(), "");
    bench.send((0..30).map(|number| message(number, "x"))).await;
    for _ in 0..30 {
        assert!(!id_of(&bench.end().await.1[0]).is_empty());
    }
}

#[tokio::test]
async fn a_burst_of_refusals_is_waited_out() {
    let simulator = simulator(
        "[[rules]]\nresponse.throttle_every_ms = 400\nresponse.throttle_for_ms = 300",
        None,
    )
    .await;
    let mut bench = bench(simulator.local_addr(), "");
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_millis(500) {
        bench.send([message(1, "x")]).await;
        assert!(!id_of(&bench.end().await.1[0]).is_empty());
    }
}

#[tokio::test]
async fn more_messages_than_were_reserved_are_not_written() {
    let simulator = simulator("", None).await;
    let mut bench = bench(simulator.local_addr(), "window = 1");
    let reservation = bench.gateway.reserve(5).await.unwrap();
    assert_eq!(reservation.slots(), 1);
    bench.submit_all(reservation, vec![message(1, "a"), message(2, "b")]);
    assert_eq!(bench.outcome().await.1, [PartOutcome::NotWritten]);
    assert!(!id_of(&bench.outcome().await.1[0]).is_empty());
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_left() {
    let stage = Stage::open().await;
    let bench = bench(
        stage.address(),
        "enquire_link_seconds = 0.02\nresponse_timeout_seconds = 0.5",
    );
    let mut peer = stage.bound().await;
    assert_eq!(peer.next().await.id(), rusmpp::CommandId::EnquireLink);
    assert!(peer.is_closed().await);
    bench
        .until(|bind| {
            bind.last_error
                .as_deref()
                .is_some_and(|error| error.contains("enquire_link"))
        })
        .await;
    stage.bound().await;
}
