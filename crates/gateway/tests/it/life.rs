//! Binding, losing the connection, ending.

use clarion_domain::gateway::{Gateway, Inbound, PartOutcome, Stopped};
use clarion_gateway::smpp::{SmppSettings, TryBindFault, try_bind};
use rusmpp::pdus::{BindTransceiverResp, DeliverSm};
use rusmpp::values::{InterfaceVersion, Npi, Ton};
use rusmpp::{CommandId, CommandStatus, Pdu};

use super::peer::Stage;
use super::support::{bench, id_of, log_lines, message, settings, simulator};

#[tokio::test]
async fn it_binds_as_a_transceiver_of_version_3_4() {
    let stage = Stage::open().await;
    let bench = bench(
        stage.address(),
        "system_type = 'VMA'\naddress_range = '^44'\naddress_ton = 1\naddress_npi = 1",
    );
    let mut peer = stage.accept().await;
    let bind = peer.next().await;
    let Some(Pdu::BindTransceiver(request)) = bind.pdu() else {
        panic!("no bind_transceiver: {bind:?}");
    };
    assert_eq!(request.system_id.as_str(), "clarion");
    assert_eq!(request.password.as_str(), "secret");
    assert_eq!(request.system_type.as_str(), "VMA");
    assert_eq!(request.address_range.as_str(), "^44");
    assert_eq!(
        (request.addr_ton, request.addr_npi),
        (Ton::International, Npi::Isdn)
    );
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
    let mut bench = bench(stage.address(), "window = 2");
    let mut peer = stage.bound().await;
    bench.send([message(1, "a")]).await;
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

#[tokio::test]
async fn a_pair_transmits_on_one_bind_and_receives_on_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("simulator.ndjson");
    let simulator = simulator("[[rules]]\nreceipt.delay_ms = [0, 0]", Some(&log)).await;
    let mut bench = bench(simulator.local_addr(), "bind_mode = 'pair'\nbinds = 2");
    let outcome = bench.send_one(message(1, "x")).await;
    let Inbound::Receipt(receipt) = bench.inbound().await else {
        panic!("no receipt");
    };
    assert_eq!(receipt.provider_id, id_of(&outcome[0]));
    let roles = bench.gateway.state().binds;
    let roles: Vec<_> = roles.iter().map(|bind| (bind.role, bind.window)).collect();
    assert_eq!(
        roles,
        [
            ("transmitter", 50),
            ("receiver", 0),
            ("transmitter", 50),
            ("receiver", 0)
        ]
    );
    bench.gateway.stop().await;
    simulator.stop().await;
    let submits = log_lines(&log, "submit");
    let receipts = log_lines(&log, "receipt");
    assert_ne!(submits[0]["bind"], receipts[0]["bind"]);
}

#[tokio::test]
async fn the_state_tells_what_goes_on() {
    let stage = Stage::open().await;
    let mut bench = bench(stage.address(), "parts_per_second = 1000");
    let mut peer = stage.bound().await;
    bench.send([message(1, "a"), message(2, "b")]).await;
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    bench.until(|bind| bind.in_flight == 2).await;
    assert_eq!(bench.gateway.state().queue, 2);
    peer.take(&first, "1").await;
    bench.outcome().await;
    peer.refuse(&second, CommandStatus::EsmeRthrottled).await;
    bench.until(|bind| bind.slowed_to.is_some()).await;
    let (second, _) = peer.submit().await;
    peer.take(&second, "2").await;
    bench.outcome().await;
    let state = bench.gateway.state();
    assert_eq!((state.sent, state.limit), (2, 1000));
    bench.until(|bind| bind.in_flight == 0).await;
    assert_eq!(bench.gateway.state().queue, 0);
}

#[tokio::test]
async fn a_bind_can_be_tried() {
    let simulator = simulator("password = 'secret'", None).await;
    let pair = settings(simulator.local_addr(), "bind_mode = 'pair'");
    let reports = try_bind(&pair).await.unwrap();
    assert_eq!(reports.len(), 2);
    assert!(
        reports[0]
            .to_string()
            .starts_with("bound as transmitter to \"simulator\", SMPP 3.4, in ")
    );
    let wrong = SmppSettings {
        password: "wrong".into(),
        ..settings(simulator.local_addr(), "")
    };
    assert_eq!(
        try_bind(&wrong).await.unwrap_err().to_string(),
        "transceiver: the peer refuses the bind (ESME_RINVPASWD): check system_id and password"
    );
    let impossible = settings(simulator.local_addr(), "binds = 0");
    assert!(matches!(
        try_bind(&impossible).await,
        Err(TryBindFault::Settings(_))
    ));
}

#[test]
fn no_log_line_shows_a_password() {
    let settings = settings("127.0.0.1:1".parse().unwrap(), "");
    assert!(!format!("{settings:?}").contains("secret\""));
}
