//! From nothing to a bound connection, or to what the operator should change.

use std::sync::Arc;

use bytes::BytesMut;
use rusmpp::pdus::{BindReceiver, BindTransceiver, BindTransmitter};
use rusmpp::values::{InterfaceVersion, Npi, Ton};
use rusmpp::{CommandId, CommandStatus, Pdu};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::codes;
use super::phase::End;
use super::settings::{BindMode, SettingsFault, SmppSettings};
use super::tls::Tls;
use crate::wire::frame::{self, Frame};
use crate::wire::output::Output;
use crate::wire::tlv::{self, Tlvs, c_string};

/// The sequence number of the bind request, the first of its connection.
pub(super) const BIND_SEQUENCE: u32 = 1;

/// What a bind is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Transceiver,
    Transmitter,
    Receiver,
}

/// Makes the connections of a gateway.
pub(super) struct Connector {
    settings: Arc<SmppSettings>,
    tls: Option<Tls>,
}

/// A connection that is bound.
pub(super) struct Link {
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) writer: Writer,
    /// Read, but not yet cut into PDUs.
    pub(super) input: BytesMut,
}

/// Writes to a connection that may keep octets back until it is flushed, as an encrypted one does.
pub(super) struct Writer {
    socket: Box<dyn AsyncWrite + Send + Unpin>,
    keeps_back: bool,
    unflushed: bool,
}

/// What the peer tells of itself when it takes a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Welcome {
    pub(super) system_id: String,
    pub(super) version: Option<u8>,
}

impl Role {
    /// The binds of a gateway, by their mode.
    pub(super) fn of(mode: BindMode) -> &'static [Self] {
        match mode {
            BindMode::Transceiver => &[Self::Transceiver],
            BindMode::Pair => &[Self::Transmitter, Self::Receiver],
        }
    }

    /// As it is shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Transceiver => "transceiver",
            Self::Transmitter => "transmitter",
            Self::Receiver => "receiver",
        }
    }

    /// Whether parts can be submitted on it.
    pub(super) fn transmits(self) -> bool {
        self != Self::Receiver
    }

    /// The settings were checked: what does not fit its field cannot come here.
    fn request(self, settings: &SmppSettings) -> Pdu {
        /// The three have the same fields, but are three types.
        macro_rules! request {
            ($bind:ident) => {
                $bind::builder()
                    .system_id(settings.system_id.parse().unwrap_or_default())
                    .password(
                        settings
                            .password
                            .expose_secret()
                            .parse()
                            .unwrap_or_default(),
                    )
                    .system_type(settings.system_type.parse().unwrap_or_default())
                    .interface_version(InterfaceVersion::Smpp3_4)
                    .addr_ton(Ton::from(settings.address_ton))
                    .addr_npi(Npi::from(settings.address_npi))
                    .address_range(settings.address_range.parse().unwrap_or_default())
                    .build()
                    .into()
            };
        }
        match self {
            Self::Transceiver => request!(BindTransceiver),
            Self::Transmitter => request!(BindTransmitter),
            Self::Receiver => request!(BindReceiver),
        }
    }
}

impl Connector {
    pub(super) fn new(settings: Arc<SmppSettings>) -> Result<Self, SettingsFault> {
        Ok(Self {
            tls: settings.tls.then(|| Tls::of(&settings)).transpose()?,
            settings,
        })
    }

    /// Connects and binds, or tells in the operator's words why not.
    pub(super) async fn open(&self, role: Role) -> Result<(Link, Welcome), String> {
        let SmppSettings {
            host,
            port,
            response_timeout,
            ..
        } = &*self.settings;
        match tokio::time::timeout(*response_timeout, self.handshake(role)).await {
            Ok(result) => result,
            Err(_) => Err(format!(
                "no answer from {host}:{port} in time: check host and port, and whether a firewall is between"
            )),
        }
    }

    async fn handshake(&self, role: Role) -> Result<(Link, Welcome), String> {
        let mut link = self.connect().await?;
        let mut request = BytesMut::new();
        frame::put(
            &mut request,
            CommandStatus::EsmeRok,
            BIND_SEQUENCE,
            role.request(&self.settings),
        );
        link.writer.write_all(&request).await.map_err(lost)?;
        let welcome = welcomed(&mut link).await?;
        Ok((link, welcome))
    }

    async fn connect(&self) -> Result<Link, String> {
        let SmppSettings { host, port, .. } = &*self.settings;
        let stream = TcpStream::connect((host.as_str(), *port))
            .await
            .map_err(|error| {
                format!("cannot connect to {host}:{port}: {error}; check host and port")
            })?;
        // Parts are gathered by the session: waiting for more of them would only delay the last.
        stream
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        Ok(match &self.tls {
            None => {
                let (reader, writer) = stream.into_split();
                Link::new(Box::new(reader), Box::new(writer), false)
            }
            Some(tls) => {
                let (reader, writer) = tokio::io::split(tls.wrap(stream).await?);
                Link::new(Box::new(reader), Box::new(writer), true)
            }
        })
    }
}

impl Link {
    fn new(
        reader: Box<dyn AsyncRead + Send + Unpin>,
        socket: Box<dyn AsyncWrite + Send + Unpin>,
        keeps_back: bool,
    ) -> Self {
        Self {
            reader,
            writer: Writer {
                socket,
                keeps_back,
                unflushed: false,
            },
            input: BytesMut::with_capacity(1 << 16),
        }
    }
}

impl Writer {
    /// Whether there is anything to do for it.
    pub(super) fn has_work(&self, output: &Output) -> bool {
        self.unflushed || !output.buffer.is_empty()
    }

    /// Writes some of the output, or flushes what was kept back. Nothing is lost where it is dropped before it is done.
    pub(super) async fn work(&mut self, output: &mut Output) -> std::io::Result<()> {
        if output.buffer.is_empty() {
            self.socket.flush().await?;
            self.unflushed = false;
            return Ok(());
        }
        let octets = self.socket.write_buf(&mut output.buffer).await?;
        output.took(octets);
        self.unflushed = self.keeps_back;
        Ok(())
    }

    /// Writes all of it.
    pub(super) async fn write_all(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.socket.write_all(octets).await?;
        self.socket.flush().await
    }
}

async fn welcomed(link: &mut Link) -> Result<Welcome, String> {
    loop {
        while let Some(frame) = frame::next_frame(&mut link.input)
            .map_err(|fault| format!("{}; check port and tls", End::from(fault)))?
        {
            if answers_bind(&frame) {
                return match frame.status {
                    0 => Ok(Welcome::read(frame.body)),
                    code => Err(codes::bind_refusal(code)),
                };
            }
        }
        if link.reader.read_buf(&mut link.input).await.map_err(lost)? == 0 {
            return Err(
                "the peer hangs up before it answers the bind: check whether the provider knows this machine's \
                 address, and whether the port expects TLS"
                    .to_owned(),
            );
        }
    }
}

impl Welcome {
    fn read(mut body: BytesMut) -> Self {
        let length = body.iter().position(|octet| *octet == 0);
        let system_id = body.split_to(length.map_or(body.len(), |length| length + 1));
        let version = Tlvs::read(body)
            .get(tlv::SC_INTERFACE_VERSION)
            .and_then(|value| value.first().copied());
        Self {
            system_id: c_string(&system_id).unwrap_or_default(),
            version,
        }
    }
}

fn answers_bind(frame: &Frame) -> bool {
    matches!(
        frame.id,
        CommandId::BindTransceiverResp
            | CommandId::BindTransmitterResp
            | CommandId::BindReceiverResp
            | CommandId::GenericNack
    )
}

fn lost(error: std::io::Error) -> String {
    format!("the connection is lost while binding: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_welcome_is_read_however_little_it_says() {
        let read = |body: &[u8]| {
            let welcome = Welcome::read(BytesMut::from(body));
            (welcome.system_id, welcome.version)
        };
        assert_eq!(
            read(b"smsc\0\x02\x10\0\x01\x34"),
            ("smsc".to_owned(), Some(0x34))
        );
        assert_eq!(read(b"smsc\0"), ("smsc".to_owned(), None));
        assert_eq!(read(b"smsc"), ("smsc".to_owned(), None));
        assert_eq!(read(b""), (String::new(), None));
    }
}
