//! Trying a bind, to see whether the settings are what the provider expects.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::connect::{BIND_SEQUENCE, Connector, Link, Role, Welcome};
use super::settings::{SettingsFault, SmppSettings};
use crate::wire::frame;

/// What the peer said to a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindReport {
    /// `transceiver`, `transmitter`, `receiver`.
    pub role: &'static str,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// What the peer calls itself.
    pub peer: String,
    /// The version that the peer says it speaks, as in 0x34; `None`: it does not say.
    pub version: Option<u8>,
    /// How long connecting and binding took.
    pub took: Duration,
}

/// Why a bind that was tried did not come about.
#[derive(Debug, thiserror::Error)]
pub enum TryBindFault {
    /// The settings are wrong already.
    #[error(transparent)]
    Settings(#[from] SettingsFault),
    /// The peer cannot be reached, or refuses; with what to change.
    #[error("{role}: {reason}")]
    Refused {
        /// What was tried to bind as.
        role: &'static str,
        /// What happened, and what to change.
        reason: String,
    },
}

/// How long a peer is waited for to let go.
const LET_GO: Duration = Duration::from_secs(1);

/// Binds once as each of what the gateway would be bound as, says goodbye, and tells what the peer said. Nothing is
/// submitted; what the peer delivers meanwhile is not answered, so that it comes again.
///
/// # Errors
/// What to change.
pub async fn try_bind(settings: &SmppSettings) -> Result<Vec<BindReport>, TryBindFault> {
    settings.check()?;
    let connector = Connector::new(Arc::new(settings.clone()))?;
    let mut reports = Vec::new();
    for role in Role::of(settings.bind_mode) {
        let begun = Instant::now();
        let (link, welcome) =
            connector
                .open(*role)
                .await
                .map_err(|reason| TryBindFault::Refused {
                    role: role.name(),
                    reason,
                })?;
        let Welcome { system_id, version } = welcome;
        reports.push(BindReport {
            role: role.name(),
            tls: settings.tls,
            peer: system_id,
            version,
            took: begun.elapsed(),
        });
        // A peer that does not let go has been bound to all the same.
        let _ = tokio::time::timeout(LET_GO, unbind(link)).await;
    }
    Ok(reports)
}

async fn unbind(mut link: Link) -> std::io::Result<()> {
    let mut request = BytesMut::new();
    frame::put(
        &mut request,
        CommandStatus::EsmeRok,
        BIND_SEQUENCE + 1,
        Pdu::Unbind,
    );
    link.writer.write_all(&request).await?;
    loop {
        while let Ok(Some(frame)) = frame::next_frame(&mut link.input) {
            if frame.id == CommandId::UnbindResp {
                return Ok(());
            }
        }
        if link.reader.read_buf(&mut link.input).await? == 0 {
            return Ok(());
        }
    }
}

impl fmt::Display for BindReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bound as {} to {:?}", self.role, self.peer)?;
        if let Some(version) = self.version {
            write!(f, ", SMPP {}.{}", version >> 4, version & 0x0F)?;
        }
        let tls = if self.tls { ", encrypted" } else { "" };
        write!(f, "{tls}, in {} ms", self.took.as_millis())
    }
}
