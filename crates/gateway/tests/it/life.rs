//! Binding, losing the connection, ending.

use clarion_domain::gateway::{Gateway, PartOutcome, Stopped};
use rusmpp::pdus::{BindTransceiverResp, DeliverSm};
use rusmpp::values::InterfaceVersion;
use rusmpp::{CommandId, CommandStatus, Pdu};

use super::peer::Stage;
use super::support::{bench, id_of, message, settings, simulator};

#[tokio::test]
async fn it_binds_as_a_transceiver_of_version_3_4() {
    let stage = Stage::open().await;
    let bench = bench(stage.address(), "system_type = 'VMA'");
    let mut peer = stage.accept().await;
    let bind = peer.next().await;
    let Some(Pdu::BindTransceiver(request)) = bind.pdu() else {
        panic!("no bind_transceiver: {bind:?}");
    };
    assert_eq!(request.system_id.as_str(), "clarion");
    assert_eq!(request.password.as_str(), "secret");
    assert_eq!(request.system_type.as_str(), "VMA");
    assert_eq!(request.interface_version, InterfaceVersion::Smpp3_4);
    assert_eq!(bench.gateway.state().binds[0].connected_since, None);
    peer.answer(
        &bind,
        CommandStatus::EsmeRok,
        BindTransceiverResp::default(),
    )
    .await;
    bench.until(|bind| bind.connected_since.is_some()).await;
}

#[tokio::test]
async fn a_refused_bind_tells_the_operator_what_to_change() {
    let simulator = simulator("password = 'another'", None).await;
    let bench = bench(simulator.local_addr(), "");
    bench.until(|bind| bind.last_error.is_some()).await;
    let error = bench.gateway.state().binds[0].last_error.clone().unwrap();
    assert_eq!(
        error,
        "the peer refuses the bind (ESME_RINVPASWD): check system_id and password"
    );
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_told_and_found_when_it_comes() {
    let stage = Stage::open().await;
    let address = stage.address();
    drop(stage);
    let mut bench = bench(address, "");
    bench
        .until(|bind| {
            bind.last_error
                .as_deref()
                .is_some_and(|error| error.contains("check host and port"))
        })
        .await;
    let settings = clarion_gateway::simulator::SimulatorSettings {
        listen: address.to_string(),
        log: std::path::PathBuf::new(),
        ..Default::default()
    };
    let _simulator = clarion_gateway::simulator::Simulator::start(settings, bench.clock.clone())
        .await
        .unwrap();
    assert!(!id_of(&bench.send_one(message(1, "x")).await[0]).is_empty());
    assert_eq!(bench.gateway.state().binds[0].last_error, None);
}

#[tokio::test]
async fn it_binds_again_when_the_peer_hangs_up() {
    let stage = Stage::open().await;
    let bench = bench(stage.address(), "");
    drop(stage.bound().await);
    let _peer = stage.bound().await;
    bench.until(|bind| bind.connected_since.is_some()).await;
}

#[tokio::test]
async fn a_peer_that_unbinds_may_still_answer_what_it_has() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 1");
    let mut peer = stage.bound().await;
    bench.send([message(1, &"a".repeat(161))]).await;
    let (first, _) = peer.submit().await;
    peer.send(3, Pdu::Unbind).await;
    peer.take(&first, "1").await;
    let answer = peer.next().await;
    assert_eq!(
        (answer.id(), answer.sequence_number()),
        (CommandId::UnbindResp, 3)
    );
    let (_, outcome) = bench.outcome().await;
    assert_eq!(id_of(&outcome[0]), "1");
    assert_eq!(outcome[1], PartOutcome::NotWritten);
    assert!(peer.is_closed().await);
    let _peer = stage.bound().await;
    bench.until(|bind| bind.connected_since.is_some()).await;
}

#[tokio::test]
async fn stopping_waits_for_what_is_in_flight_then_unbinds() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    bench.send((0..20).map(|number| message(number, "x"))).await;
    let mut submits = Vec::new();
    for _ in 0..20 {
        submits.push(peer.submit().await.0);
    }
    let play = async {
        for submit in submits.iter().skip(1) {
            peer.take(submit, "7").await;
        }
        // It has not unbound as long as one answer is missing.
        peer.send(99, Pdu::EnquireLink).await;
        assert_eq!(peer.next().await.id(), CommandId::EnquireLinkResp);
        peer.take(&submits[0], "7").await;
        peer.see_unbind().await;
    };
    tokio::join!(bench.gateway.stop(), play);
    for _ in 0..20 {
        assert_eq!(id_of(&bench.outcome().await.1[0]), "7");
    }
    assert_eq!(bench.gateway.reserve(1).await.unwrap_err(), Stopped);
}

#[tokio::test]
async fn stopping_hands_back_what_was_not_written() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "window = 2");
    let mut peer = stage.bound().await;
    bench
        .send([message(1, &"a".repeat(400)), message(2, "b")])
        .await;
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    let play = async {
        // The message that has begun is finished, though the other is handed back.
        peer.take(&first, "1").await;
        peer.take(&second, "2").await;
        let (third, _) = peer.submit().await;
        peer.take(&third, "3").await;
        peer.see_unbind().await;
    };
    tokio::join!(bench.gateway.stop(), play);
    assert_eq!(bench.outcome().await.1, [PartOutcome::NotWritten]);
    assert_eq!(
        bench
            .outcome()
            .await
            .1
            .iter()
            .map(id_of)
            .collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
}

#[tokio::test]
async fn stopping_does_not_wait_longer_than_for_an_answer() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "response_timeout_seconds = 0.5");
    let mut peer = stage.bound().await;
    bench.send([message(1, "x")]).await;
    peer.submit().await;
    super::support::soon(bench.gateway.stop()).await;
    assert_eq!(bench.outcome().await.1, [PartOutcome::Unknown]);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_the_session_goes_on() {
    let stage = Stage::open().await;
    let _bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    // A deliver_sm that ends within its first address.
    peer.send_raw(&[
        0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1, b'4',
    ])
    .await;
    let nack = peer.next().await;
    assert_eq!(
        (nack.id(), nack.sequence_number()),
        (CommandId::GenericNack, 9)
    );
    // An operation that a client does not know.
    peer.send_raw(&[0, 0, 0, 16, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 10])
        .await;
    let nack = peer.next().await;
    assert_eq!(nack.status(), CommandStatus::EsmeRinvcmdid);
    peer.deliver(11, DeliverSm::builder().build()).await;
    assert_eq!(peer.next().await.id(), CommandId::DeliverSmResp);
}

#[tokio::test]
async fn a_peer_that_does_not_speak_smpp_is_left() {
    let stage = Stage::open().await;
    let bench = bench(stage.address(), "");
    let mut peer = stage.bound().await;
    peer.send_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert!(peer.is_closed().await);
    bench
        .until(|bind| {
            bind.last_error
                .as_deref()
                .is_some_and(|error| error.contains("does not speak SMPP"))
        })
        .await;
    stage.bound().await;
}

#[test]
fn no_log_line_shows_a_password() {
    let settings = settings("127.0.0.1:1".parse().unwrap(), "");
    assert!(!format!("{settings:?}").contains("secret\""));
}
