//! A simulated SMSC: a real SMPP 3.4 server that takes what is submitted, answers and sends receipts by a script, and
//! logs every event. It runs inside the service, where no other gateway is configured, or alone.
//!
//! When it stops it keeps what it has not delivered yet beside its log; killed, it forgets it.

mod chance;
mod journal;
mod mailbox;
mod script;
mod session;
mod smsc;
mod spool;
mod submit;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clarion_domain::clock::Clock;
use clarion_domain::text::{self, Reference};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::journal::Journal;
use self::mailbox::{Delivery, Message};
use self::session::Session;
use self::smsc::Smsc;
use self::spool::Kept;
use crate::wire::udh::Place;
use crate::wire::{ESM_UDH, coding};

pub use self::script::{Enroute, Fate, Format, Ids, Receipt, Response, Rule, Script, ScriptFault};

/// The settings of the simulator, as in `[simulator]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulatorSettings {
    /// Whether it runs inside the service.
    pub enabled: bool,
    /// Where it listens; port 0: any free one.
    pub listen: String,
    /// The file of its log, one line of JSON per event; empty: none, and nothing outlives a stop.
    pub log: PathBuf,
    /// The file of its script; empty: everything is delivered after a short delay.
    pub script: PathBuf,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:2775".to_owned(),
            log: PathBuf::from("data/simulator.ndjson"),
            script: PathBuf::new(),
        }
    }
}

/// Why the simulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorFault {
    /// Its script is of no use.
    #[error(transparent)]
    Script(#[from] ScriptFault),
    /// It cannot listen there.
    #[error("the simulator cannot listen on {listen}: {source}")]
    Listen {
        /// Where.
        listen: String,
        /// Why.
        source: io::Error,
    },
    /// It cannot write its log, or read what waited beside it.
    #[error("the simulator cannot use its log {path}: {source}")]
    Log {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The simulated SMSC.
pub struct Simulator;

struct Log {
    writer: JoinHandle<()>,
    spool: PathBuf,
}

/// A simulated SMSC that runs.
pub struct RunningSimulator {
    address: SocketAddr,
    smsc: Arc<Smsc>,
    /// Ends all its tasks when dropped.
    stop: DropGuard,
    server: JoinHandle<()>,
    log: Option<Log>,
}

impl Simulator {
    /// Starts it on the present tokio runtime, with the script that the settings name.
    ///
    /// # Errors
    /// Its script, its address or its log is of no use.
    pub async fn start(
        settings: SimulatorSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<RunningSimulator, SimulatorFault> {
        let script = Script::read(&settings.script)?;
        Self::start_with(settings, script, clock).await
    }

    /// Starts it with a script that is at hand.
    ///
    /// # Errors
    /// Its address or its log is of no use.
    pub async fn start_with(
        settings: SimulatorSettings,
        script: Script,
        clock: Arc<dyn Clock>,
    ) -> Result<RunningSimulator, SimulatorFault> {
        let listen = |source| SimulatorFault::Listen {
            listen: settings.listen.clone(),
            source,
        };
        let listener = TcpListener::bind(&settings.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (journal, log, waiting) = open_log(&settings.log)?;
        let smsc = Arc::new(Smsc::new(script, clock, journal));
        smsc.restore(waiting);
        let stop = CancellationToken::new();
        Ok(RunningSimulator {
            address,
            server: tokio::spawn(serve(listener, Arc::clone(&smsc), stop.clone())),
            smsc,
            stop: stop.drop_guard(),
            log,
        })
    }
}

impl RunningSimulator {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Sends a message from a handset, in parts where it is long, to everyone who has ever been bound; tells to how
    /// many. Who is not bound now gets it later.
    pub fn inject_mo(&self, source: &str, destination: &str, text: &str) -> usize {
        let mailboxes = self.smsc.mailboxes();
        for mailbox in &mailboxes {
            for message in messages(source, destination, text) {
                mailbox.put(Instant::now(), Delivery::Message(Box::new(message)));
            }
        }
        mailboxes.len()
    }

    /// Closes all connections, and returns when the log is written.
    pub async fn stop(self) {
        drop(self.stop);
        // They end by themselves once cancelled; one that did not has nothing left to tell.
        let _ = self.server.await;
        let waiting = self.smsc.waiting();
        drop(self.smsc);
        if let Some(log) = self.log {
            let _ = log.writer.await;
            if let Err(error) = spool::save(&log.spool, &waiting) {
                tracing::error!(%error, "the simulator cannot keep what it has not delivered");
            }
        }
    }
}

/// The log, its writer, and what waited when it was last stopped.
fn open_log(path: &Path) -> Result<(Journal, Option<Log>, Vec<Kept>), SimulatorFault> {
    if path.as_os_str().is_empty() {
        return Ok((Journal::none(), None, Vec::new()));
    }
    let fault = |source| SimulatorFault::Log {
        path: path.to_owned(),
        source,
    };
    let spool = spool::beside(path);
    let (journal, writer) = Journal::open(path).map_err(fault)?;
    let waiting = spool::load(&spool).map_err(fault)?;
    Ok((journal, Some(Log { writer, spool }), waiting))
}

async fn serve(listener: TcpListener, smsc: Arc<Smsc>, stop: CancellationToken) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    sessions.spawn(Session::new(Arc::clone(&smsc)).run(stream, stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the simulator cannot accept a connection");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
            Some(_) = sessions.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    while sessions.join_next().await.is_some() {}
}

/// What hinders accepting (no more file handles) does not pass at once.
const ACCEPT_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);

/// Any reference does: the handset's side chooses it.
const REFERENCE: u16 = 0x4D;

fn messages(source: &str, destination: &str, text: &str) -> Vec<Message> {
    let encoding = text::encoding_of(text);
    let texts = text::split(text, Reference::EightBit);
    let parts = u8::try_from(texts.len()).unwrap_or(u8::MAX);
    let message = |(part, text): (u8, &str)| {
        let mut octets = Vec::new();
        if parts > 1 {
            let place = Place {
                reference: REFERENCE,
                parts,
                part,
            };
            octets = place.header(Reference::EightBit);
        }
        octets.extend(text::encode(text, encoding).unwrap_or_default());
        Message {
            source: source.to_owned(),
            destination: destination.to_owned(),
            esm_class: if parts > 1 { ESM_UDH } else { 0 },
            data_coding: coding::data_coding(encoding),
            octets,
        }
    };
    (1..=parts).zip(texts).map(message).collect()
}

/// Reads a body as whatever a client may submit.
#[cfg(any(fuzzing, test))]
pub(crate) fn read_any(body: bytes::BytesMut) {
    // Refused or not, it was read.
    let _ = submit::Submit::read(body);
}
