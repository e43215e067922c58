//! What can go wrong with a body's bytes, before anybody looks at the JSON in them.

use std::io;

use crate::problem::{Kind, Problem};

/// Why the bytes of a body stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    /// The connection, or its framing, ended before the body did.
    #[error("the body breaks off")]
    BrokenOff,
    /// Its bytes came too slowly.
    #[error("the body's bytes were waited for longer than {0} seconds in all")]
    TooSlow(u64),
    /// More bytes than a body may have.
    #[error("a body may have at most {0} bytes")]
    TooLarge(u64),
    /// More bytes than one contact, or all that is around the contacts, may have.
    #[error("one contact, or all properties around the contacts, may have at most {0} bytes")]
    ElementTooLarge(u64),
    /// It cannot be decompressed.
    #[error("the body cannot be decompressed: {0}")]
    Encoding(String),
}

impl BodyFault {
    /// The fault inside an error of reading; one that is none of ours comes from the decompression.
    pub(super) fn from_io(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(fault) => fault,
            Err(error) => Self::Encoding(error.to_string()),
        }
    }

    /// As a problem; `place` tells how far reading had come.
    pub(super) fn at(self, path: &str, place: &str) -> Problem {
        let message = format!("{place}: {self}");
        let kind = match self {
            Self::BrokenOff | Self::Encoding(_) => return Problem::unreadable(path, message),
            Self::TooSlow(_) => Kind::TooSlow,
            Self::TooLarge(_) | Self::ElementTooLarge(_) => Kind::TooLarge,
        };
        Problem::new(kind, format!("{path}, {message}"))
    }
}

impl From<BodyFault> for io::Error {
    fn from(fault: BodyFault) -> Self {
        Self::other(fault)
    }
}
