//! One connection to the simulated SMSC: answers binds and submits, delivers from its mailbox.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rusmpp::decode::Decode;
use rusmpp::pdus::{
    BindReceiver, BindReceiverResp, BindTransceiver, BindTransceiverResp, BindTransmitter,
    BindTransmitterResp, SubmitSmResp,
};
use rusmpp::types::COctetString;
use rusmpp::values::InterfaceVersion;
use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::mailbox::{Delivery, Mailbox};
use super::script::Answer;
use super::smsc::{Smsc, Verdict};
use super::submit::Submit;
use crate::wire::frame::{self, Frame};

/// Deliveries that may wait for the peer's answer at a time.
const OUTSTANDING: usize = 2_000;
/// Octets that may wait for the socket; beyond, nothing more is read or delivered.
const UNWRITTEN: usize = 1 << 20;
/// With nothing to wait for it is looked again after this.
const IDLE: Duration = Duration::from_secs(60);

/// One connection.
pub(super) struct Session {
    smsc: Arc<Smsc>,
    number: u64,
    output: BytesMut,
    /// Answers whose time has not come, in its order.
    later: BTreeMap<(Instant, u64), BytesMut>,
    later_count: u64,
    bound: Option<Bound>,
    outstanding: HashMap<u32, Delivery>,
    sequence: u32,
    /// When the output is written, the connection is closed.
    closing: bool,
    /// Until then nothing is read or written.
    stalled_until: Option<Instant>,
}

struct Bound {
    mailbox: Arc<Mailbox>,
    transmits: bool,
    receives: bool,
}

impl Session {
    pub(super) fn new(smsc: Arc<Smsc>) -> Self {
        Self {
            number: smsc.next_bind(),
            smsc,
            output: BytesMut::new(),
            later: BTreeMap::new(),
            later_count: 0,
            bound: None,
            outstanding: HashMap::new(),
            sequence: 0,
            closing: false,
            stalled_until: None,
        }
    }

    /// Serves the peer until it is gone; what it did not take waits for its next bind.
    pub(super) async fn run(mut self, stream: TcpStream, stop: CancellationToken) {
        if let Err(error) = self.converse(stream, &stop).await {
            tracing::debug!(bind = self.number, %error, "the simulator lost a connection");
        }
        let Some(bound) = self.bound.take() else {
            return;
        };
        for delivery in std::mem::take(&mut self.outstanding).into_values() {
            bound.mailbox.put(Instant::now(), delivery);
        }
        bound.mailbox.changed.notify_one();
        self.smsc.log_bind("unbind", self.number, 0, "closed");
    }

    async fn converse(
        &mut self,
        mut stream: TcpStream,
        stop: &CancellationToken,
    ) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = stream.split();
        let mut input = BytesMut::with_capacity(1 << 16);
        let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
        while !(self.closing && self.output.is_empty()) {
            let wake = self.work();
            if timer.is_elapsed() || wake < timer.deadline() {
                timer.as_mut().reset(wake);
            }
            let mailbox = self.receiving().map(Arc::clone);
            frame::make_room(&mut input);
            tokio::select! {
                read = reader.read_buf(&mut input), if self.may_go_on() => {
                    if read? == 0 {
                        return Ok(());
                    }
                    self.take_frames(&mut input)?;
                }
                written = writer.write_buf(&mut self.output), if self.may_write() => {
                    written?;
                }
                () = changed(mailbox.as_deref()) => {}
                () = &mut timer => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
        writer.shutdown().await
    }

    /// Does what is due, and tells when the next is.
    fn work(&mut self) -> Instant {
        let now = Instant::now();
        if let Some(until) = self.stalled_until {
            if now < until {
                return until;
            }
            self.stalled_until = None;
        }
        while let Some(entry) = self.later.first_entry()
            && entry.key().0 <= now
            && !self.closing
        {
            let answer = entry.remove();
            self.output.extend_from_slice(&answer);
            // Less than a whole PDU: cut here.
            self.closing = is_cut(&answer);
        }
        if self.closing {
            return now + IDLE;
        }
        self.deliver(now);
        let later = self.later.first_key_value().map(|((due, _), _)| *due);
        let mail = match self.receiving() {
            Some(mailbox) if self.may_deliver() => mailbox.next_due(),
            _ => None,
        };
        [later, mail]
            .into_iter()
            .flatten()
            .fold(now + IDLE, Instant::min)
    }

    fn deliver(&mut self, now: Instant) {
        while self.may_deliver()
            && let Some(delivery) = self.receiving().and_then(|mailbox| mailbox.take(now))
        {
            self.sequence = self.sequence % 0x7FFF_FFFF + 1;
            let pdu = delivery.pdu(self.smsc.clock.now());
            frame::put(&mut self.output, CommandStatus::EsmeRok, self.sequence, pdu);
            let event = match delivery {
                Delivery::Receipt(_) => "receipt",
                Delivery::Message(_) => "message",
            };
            self.smsc
                .log_delivery(event, self.number, self.sequence, &delivery, None);
            self.outstanding.insert(self.sequence, delivery);
        }
    }

    fn may_go_on(&self) -> bool {
        self.output.len() < UNWRITTEN && !self.closing && self.stalled_until.is_none()
    }

    fn may_write(&self) -> bool {
        !self.output.is_empty() && self.stalled_until.is_none()
    }

    fn may_deliver(&self) -> bool {
        self.may_go_on() && self.outstanding.len() < OUTSTANDING
    }

    fn receiving(&self) -> Option<&Arc<Mailbox>> {
        self.bound
            .as_ref()
            .filter(|bound| bound.receives)
            .map(|bound| &bound.mailbox)
    }

    fn take_frames(&mut self, input: &mut BytesMut) -> io::Result<()> {
        while let Some(frame) = frame::next_frame(input).map_err(io::Error::other)? {
            self.on_frame(frame);
        }
        Ok(())
    }

    fn on_frame(&mut self, frame: Frame) {
        match frame.id {
            CommandId::SubmitSm => self.on_submit(frame),
            CommandId::DeliverSmResp | CommandId::DataSmResp | CommandId::GenericNack => {
                self.on_delivered(&frame);
            }
            CommandId::EnquireLink => self.respond(frame.sequence, Pdu::EnquireLinkResp),
            CommandId::BindTransmitter | CommandId::BindReceiver | CommandId::BindTransceiver => {
                self.on_bind(frame)
            }
            CommandId::Unbind => {
                self.respond(frame.sequence, Pdu::UnbindResp);
                self.closing = true;
            }
            other if u32::from(other) & 0x8000_0000 != 0 => {}
            _ => self.refuse(CommandStatus::EsmeRinvcmdid, frame.sequence),
        }
    }

    fn on_bind(&mut self, mut frame: Frame) {
        let Ok(request) = Request::read(frame.id, &mut frame.body) else {
            return self.refuse(CommandStatus::EsmeRinvcmdlen, frame.sequence);
        };
        let password = self.smsc.script.password.as_ref();
        let status = if self.bound.is_some() {
            CommandStatus::EsmeRalybnd
        } else if password.is_some_and(|password| *password != request.password) {
            CommandStatus::EsmeRinvpaswd
        } else {
            self.bound = Some(Bound {
                mailbox: self.smsc.mailbox(&request.system_id),
                transmits: frame.id != CommandId::BindReceiver,
                receives: frame.id != CommandId::BindTransmitter,
            });
            CommandStatus::EsmeRok
        };
        self.smsc.log_bind(
            "bind",
            self.number,
            frame.sequence,
            &format!("0x{:08X}", u32::from(status)),
        );
        match status {
            CommandStatus::EsmeRok => self.respond(frame.sequence, bind_response(frame.id)),
            _ => self.respond_bare(frame.id, u32::from(status), frame.sequence),
        }
    }

    fn on_submit(&mut self, frame: Frame) {
        let Some(bound) = self.bound.as_ref().filter(|bound| bound.transmits) else {
            return self.respond_bare(
                frame.id,
                u32::from(CommandStatus::EsmeRinvbndsts),
                frame.sequence,
            );
        };
        let Ok(submit) = Submit::read(frame.body) else {
            return self.refuse(CommandStatus::EsmeRinvcmdlen, frame.sequence);
        };
        let verdict = self
            .smsc
            .judge(&submit, self.number, frame.sequence, &bound.mailbox);
        if !verdict.decision.stall.is_zero() {
            self.stalled_until = Some(Instant::now() + verdict.decision.stall);
        }
        self.answer(&verdict, frame.sequence);
    }

    fn answer(&mut self, verdict: &Verdict, sequence: u32) {
        let mut octets = BytesMut::new();
        match (verdict.decision.answer, &verdict.message_id) {
            (Answer::Silent, _) => return,
            (Answer::Refused(code), _) => {
                frame::put_bare(&mut octets, CommandId::SubmitSmResp, code, sequence);
            }
            (answer, id) => {
                let id: COctetString<1, 65> = id
                    .as_deref()
                    .unwrap_or_default()
                    .parse()
                    .unwrap_or_default();
                let response = SubmitSmResp::builder().message_id(id).build();
                frame::put(&mut octets, CommandStatus::EsmeRok, sequence, response);
                if answer == Answer::Cut {
                    octets.truncate(octets.len() / 2);
                }
            }
        }
        if verdict.decision.answer_after.is_zero() && !is_cut(&octets) {
            return self.output.extend_from_slice(&octets);
        }
        self.later_count += 1;
        let due = Instant::now() + verdict.decision.answer_after;
        self.later.insert((due, self.later_count), octets);
    }

    fn on_delivered(&mut self, frame: &Frame) {
        let Some(delivery) = self.outstanding.remove(&frame.sequence) else {
            return;
        };
        let event = match delivery {
            Delivery::Receipt(_) => "receipt_response",
            Delivery::Message(_) => "message_response",
        };
        let words = format!("0x{:08X}", frame.status);
        self.smsc
            .log_delivery(event, self.number, frame.sequence, &delivery, Some(words));
        if CommandStatus::from(frame.status) != CommandStatus::EsmeRok
            && let Some(bound) = &self.bound
        {
            let again = Duration::from_millis(self.smsc.script.redelivery_ms);
            bound.mailbox.put(Instant::now() + again, delivery);
        }
    }

    fn respond(&mut self, sequence: u32, pdu: Pdu) {
        frame::put(&mut self.output, CommandStatus::EsmeRok, sequence, pdu);
    }

    /// A response that refuses has no body.
    fn respond_bare(&mut self, request: CommandId, status: u32, sequence: u32) {
        let response = CommandId::from(u32::from(request) | 0x8000_0000);
        frame::put_bare(&mut self.output, response, status, sequence);
    }

    fn refuse(&mut self, status: CommandStatus, sequence: u32) {
        frame::put(&mut self.output, status, sequence, Pdu::GenericNack);
    }
}

/// Who wants to bind.
struct Request {
    system_id: String,
    password: String,
}

impl Request {
    fn read(id: CommandId, body: &mut BytesMut) -> Result<Self, rusmpp::decode::DecodeError> {
        let (system_id, password) = match id {
            CommandId::BindTransmitter => {
                BindTransmitter::decode(body).map(|(bind, _)| (bind.system_id, bind.password))?
            }
            CommandId::BindReceiver => {
                BindReceiver::decode(body).map(|(bind, _)| (bind.system_id, bind.password))?
            }
            _ => BindTransceiver::decode(body).map(|(bind, _)| (bind.system_id, bind.password))?,
        };
        Ok(Self {
            system_id: system_id.to_string(),
            password: password.to_string(),
        })
    }
}

fn bind_response(request: CommandId) -> Pdu {
    let name = || COctetString::from_static_slice(b"simulator\0").unwrap_or_default();
    let version = Some(InterfaceVersion::Smpp3_4);
    match request {
        CommandId::BindTransmitter => BindTransmitterResp::new(name(), version).into(),
        CommandId::BindReceiver => BindReceiverResp::new(name(), version).into(),
        _ => BindTransceiverResp::new(name(), version).into(),
    }
}

async fn changed(mailbox: Option<&Mailbox>) {
    match mailbox {
        Some(mailbox) => mailbox.changed.notified().await,
        None => std::future::pending().await,
    }
}

/// Whether it is less than the PDU that it claims to be.
fn is_cut(octets: &[u8]) -> bool {
    octets
        .first_chunk::<4>()
        .is_none_or(|length| u32::from_be_bytes(*length) as usize > octets.len())
}
