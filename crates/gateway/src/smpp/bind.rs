//! One bind for as long as the gateway runs: connects, binds, runs the session, and tries again when it was lost.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use clarion_domain::clock::Clock;
use clarion_domain::gateway::{BindState, InboundSink};
use rusmpp::pdus::BindTransceiver;
use rusmpp::values::InterfaceVersion;
use rusmpp::{CommandId, CommandStatus};
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::codes;
use super::outbox::Job;
use super::pace::Limit;
use super::pdu::Form;
use super::phase::End;
use super::reconnect::Backoff;
use super::session::Session;
use super::settings::SmppSettings;
use super::window::Window;
use crate::wire::frame::{self, Frame};

/// One bind of a gateway.
pub(super) struct Bind {
    pub(super) index: usize,
    pub(super) settings: Arc<SmppSettings>,
    pub(super) form: Arc<Form>,
    pub(super) window: Arc<Window>,
    pub(super) limit: Limit,
    pub(super) sink: Arc<dyn InboundSink>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) shown: Mutex<BindState>,
}

/// A connection that is bound.
pub(super) struct Link {
    pub(super) reader: OwnedReadHalf,
    pub(super) writer: OwnedWriteHalf,
    /// Read, but not yet cut into PDUs.
    pub(super) input: BytesMut,
}

/// The sequence number of the bind request, the first of its connection.
pub(super) const BIND_SEQUENCE: u32 = 1;

impl Bind {
    /// What there is to see of it.
    pub(super) fn state(&self) -> BindState {
        self.shown().clone()
    }

    /// Gives no more room, and shows so.
    pub(super) fn show_down(&self) {
        self.window.set_up(self.index, false);
        self.shown().connected_since = None;
    }

    pub(super) fn show_in_flight(&self, in_flight: usize) {
        self.shown().in_flight = in_flight;
    }

    /// Runs until stopped.
    pub(super) async fn run(
        self: Arc<Self>,
        mut jobs: mpsc::Receiver<Vec<Job>>,
        stop: CancellationToken,
    ) {
        let mut backoff = Backoff::new(self.settings.reconnect_min, self.settings.reconnect_max);
        while !stop.is_cancelled() {
            match self.decline_while(self.open(), &mut jobs, &stop).await {
                None => break,
                Some(Ok(link)) => {
                    let bound_at = Instant::now();
                    self.hold(link, &mut jobs, &stop).await;
                    // A peer that takes the bind and hangs up at once has not got better.
                    if bound_at.elapsed() > self.settings.reconnect_min {
                        backoff.reset();
                    }
                }
                Some(Err(error)) => self.show_error(error),
            }
            let pause = tokio::time::sleep(backoff.next(rand::random()));
            if self.decline_while(pause, &mut jobs, &stop).await.is_none() {
                break;
            }
        }
        jobs.close();
        while let Ok(batch) = jobs.try_recv() {
            self.decline(batch);
        }
    }

    /// Runs the session on a bound connection.
    async fn hold(
        &self,
        link: Link,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) {
        tracing::info!(gateway = self.settings.name, bind = self.index, "bound");
        {
            let mut shown = self.shown();
            shown.connected_since = Some(self.clock.now());
            shown.last_error = None;
        }
        self.window.set_up(self.index, true);
        let end = Session::new(self).run(link, jobs, stop).await;
        match end {
            End::Stopped => {
                tracing::info!(gateway = self.settings.name, bind = self.index, "unbound")
            }
            lost => self.show_error(lost.to_string()),
        }
    }

    /// Does something while not bound: messages that come meanwhile were not written. `None` when stopped.
    async fn decline_while<F: Future>(
        &self,
        doing: F,
        jobs: &mut mpsc::Receiver<Vec<Job>>,
        stop: &CancellationToken,
    ) -> Option<F::Output> {
        let mut doing = pin!(doing);
        loop {
            tokio::select! {
                done = &mut doing => return Some(done),
                Some(batch) = jobs.recv() => self.decline(batch),
                () = stop.cancelled() => return None,
            }
        }
    }

    fn decline(&self, batch: Vec<Job>) {
        for job in batch {
            job.decline(&self.form, self.clock.now());
        }
    }

    /// Connects and binds, or tells in the operator's words why not.
    async fn open(&self) -> Result<Link, String> {
        let SmppSettings {
            host,
            port,
            response_timeout,
            ..
        } = &*self.settings;
        match tokio::time::timeout(*response_timeout, self.handshake()).await {
            Ok(result) => result,
            Err(_) => Err(format!(
                "no answer from {host}:{port} in time: check host and port, and whether a firewall is between"
            )),
        }
    }

    async fn handshake(&self) -> Result<Link, String> {
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
        let (reader, writer) = stream.into_split();
        let mut link = Link {
            reader,
            writer,
            input: BytesMut::with_capacity(1 << 16),
        };
        let mut request = BytesMut::new();
        frame::put(
            &mut request,
            CommandStatus::EsmeRok,
            BIND_SEQUENCE,
            self.request(),
        );
        link.writer.write_all(&request).await.map_err(lost)?;
        self.await_bound(link).await
    }

    async fn await_bound(&self, mut link: Link) -> Result<Link, String> {
        loop {
            while let Some(frame) =
                frame::next_frame(&mut link.input).map_err(|fault| End::from(fault).to_string())?
            {
                if answers_bind(&frame) {
                    return match frame.status {
                        0 => Ok(link),
                        code => Err(codes::bind_refusal(code)),
                    };
                }
            }
            if link.reader.read_buf(&mut link.input).await.map_err(lost)? == 0 {
                return Err("the peer hangs up before it answers the bind: check whether the provider knows this \
                            machine's address"
                    .to_owned());
            }
        }
    }

    /// The settings were checked: what does not fit its field cannot come here.
    fn request(&self) -> BindTransceiver {
        BindTransceiver::builder()
            .system_id(self.settings.system_id.parse().unwrap_or_default())
            .password(
                self.settings
                    .password
                    .expose_secret()
                    .parse()
                    .unwrap_or_default(),
            )
            .system_type(self.settings.system_type.parse().unwrap_or_default())
            .interface_version(InterfaceVersion::Smpp3_4)
            .build()
    }

    fn show_error(&self, error: String) {
        tracing::warn!(
            gateway = self.settings.name,
            bind = self.index,
            error,
            "not bound"
        );
        self.shown().last_error = Some(error);
    }

    fn shown(&self) -> MutexGuard<'_, BindState> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answers_bind(frame: &Frame) -> bool {
    matches!(
        frame.id,
        CommandId::BindTransceiverResp | CommandId::GenericNack
    )
}

fn lost(error: std::io::Error) -> String {
    format!("the connection is lost while binding: {error}")
}
