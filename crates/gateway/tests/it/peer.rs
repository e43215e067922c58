//! An SMSC, or its client, played by hand, PDU by PDU, with the codec's own stream decoder: what our session writes is read by code that
//! is not ours.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use rusmpp::pdus::{BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Framed;

use super::support::soon;

/// A port where a peer can be played.
pub(crate) struct Stage(TcpListener);

/// A connection on which the peer is played.
pub(crate) struct Peer(Framed<TcpStream, CommandCodec>);

impl Stage {
    pub(crate) async fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Takes a connection, not yet bound.
    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = soon(self.0.accept()).await.unwrap();
        Peer(Framed::new(
            stream,
            CommandCodec::new().without_max_length(),
        ))
    }

    /// Takes a connection and its bind.
    pub(crate) async fn bound(&self) -> Peer {
        let mut peer = self.accept().await;
        let bind = peer.next().await;
        assert_eq!(bind.id(), CommandId::BindTransceiver);
        peer.answer(
            &bind,
            CommandStatus::EsmeRok,
            BindTransceiverResp::default(),
        )
        .await;
        peer
    }
}

impl Peer {
    /// Plays the client of an SMSC there.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(address)).await.unwrap();
        Self(Framed::new(stream, CommandCodec::new()))
    }

    /// Asks to bind.
    pub(crate) async fn bind(&mut self, request: impl Into<Pdu>) -> Command {
        self.send(1, request).await;
        self.next().await
    }

    /// Submits a part, and tells the id it was taken under.
    pub(crate) async fn submitted(&mut self, submit: SubmitSm) -> String {
        self.send(2, submit).await;
        match self.next().await.pdu() {
            Some(Pdu::SubmitSmResp(response)) => response.message_id().to_string(),
            other => panic!("not taken: {other:?}"),
        }
    }

    /// The next PDU.
    pub(crate) async fn next(&mut self) -> Command {
        soon(self.0.next())
            .await
            .expect("the connection is closed")
            .unwrap()
    }

    /// Whether the client has closed the connection, after whatever it still had to say.
    pub(crate) async fn is_closed(&mut self) -> bool {
        soon(async { while let Some(Ok(_)) = self.0.next().await {} }).await;
        true
    }

    /// The next PDU, which must be a part.
    pub(crate) async fn submit(&mut self) -> (Command, SubmitSm) {
        let command = self.next().await;
        match command.pdu() {
            Some(Pdu::SubmitSm(submit)) => {
                let submit = submit.clone();
                (command, submit)
            }
            other => panic!("no submit_sm: {other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, sequence: u32, pdu: impl Into<Pdu>) {
        let command = Command::new(CommandStatus::EsmeRok, sequence, pdu);
        self.0.send(command).await.unwrap();
    }

    /// Sends it with whatever is sent next.
    pub(crate) async fn feed(&mut self, sequence: u32, pdu: impl Into<Pdu>) {
        let command = Command::new(CommandStatus::EsmeRok, sequence, pdu);
        self.0.feed(command).await.unwrap();
    }

    pub(crate) async fn deliver(&mut self, sequence: u32, delivery: DeliverSm) {
        self.send(sequence, delivery).await;
    }

    pub(crate) async fn answer(
        &mut self,
        to: &Command,
        status: CommandStatus,
        pdu: impl Into<Pdu>,
    ) {
        let command = Command::new(status, to.sequence_number(), pdu);
        self.0.send(command).await.unwrap();
    }

    /// Takes a part under that id.
    pub(crate) async fn take(&mut self, submit: &Command, id: &str) {
        let response = SubmitSmResp::builder()
            .message_id(id.parse().unwrap())
            .build();
        self.answer(submit, CommandStatus::EsmeRok, response).await;
    }

    /// Refuses a part.
    pub(crate) async fn refuse(&mut self, submit: &Command, status: CommandStatus) {
        self.answer(submit, status, SubmitSmResp::default()).await;
    }

    /// Sends octets that may be no PDU.
    pub(crate) async fn send_raw(&mut self, octets: &[u8]) {
        self.0.get_mut().write_all(octets).await.unwrap();
    }

    /// Unbinds the client as it asks.
    pub(crate) async fn see_unbind(&mut self) {
        let unbind = self.next().await;
        assert_eq!(unbind.id(), CommandId::Unbind);
        self.answer(&unbind, CommandStatus::EsmeRok, Pdu::UnbindResp)
            .await;
    }
}
