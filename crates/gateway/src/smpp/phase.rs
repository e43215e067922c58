//! Where a session is in its life, and how it ends.

use std::io;

use tokio::time::Instant;

use crate::wire::frame::FrameFault;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// We stopped.
    #[error("stopped")]
    Stopped,
    /// The peer unbound.
    #[error("the peer has unbound")]
    Unbound {
        /// Its request.
        sequence: u32,
    },
    /// The peer closed without a word.
    #[error("the peer has closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection is broken: {0}")]
    Broken(io::Error),
    /// What the peer sends cannot be cut into PDUs any more.
    #[error("the peer does not speak SMPP: {0}")]
    Garbled(#[from] FrameFault),
    /// The peer is silent.
    #[error("the peer does not answer any more (enquire_link)")]
    Silent,
}

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Parts are taken and written.
    Open,
    /// We stop, or the bind is not ours to keep any more: what has begun is finished.
    Draining { until: Instant },
    /// We have asked to unbind.
    Unbinding { until: Instant },
    /// The peer has asked to unbind: nothing more is written, what is in flight may still be answered.
    Leaving { until: Instant, sequence: u32 },
}

impl Phase {
    /// Whether messages are taken from who hands them over, be it to tell them that they were not written.
    pub(super) fn takes_jobs(self) -> bool {
        matches!(self, Self::Open | Self::Draining { .. })
    }

    /// When it ends at the latest.
    pub(super) fn until(self) -> Option<Instant> {
        match self {
            Self::Open => None,
            Self::Draining { until } | Self::Unbinding { until } | Self::Leaving { until, .. } => {
                Some(until)
            }
        }
    }

    /// What it ends with.
    pub(super) fn end(self) -> End {
        match self {
            Self::Leaving { sequence, .. } => End::Unbound { sequence },
            Self::Open | Self::Draining { .. } | Self::Unbinding { .. } => End::Stopped,
        }
    }
}
