//! The port: what the engine asks of whoever can speak HTTP. Production has one implementation and tests have another, since
//! no test of the engine's order of things should need a network.

use chrono::{DateTime, Utc};

use super::{Secret, StatusChange};
use crate::gateway::BoxFuture;

/// One attempt to deliver an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// The event's id, the same in every attempt.
    pub id: String,
    /// What happened.
    pub event: StatusChange,
    /// What to sign with, each by a signature of its own: the newest first.
    pub secrets: Vec<Secret>,
    /// The moment of the attempt.
    pub at: DateTime<Utc>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The receiver answered with this HTTP status.
    Status(u16),
    /// There was no answer, for this reason: for the delivery log, so without anything secret.
    None(String),
}

/// What an answer means for the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived.
    Delivered,
    /// Nobody wants to hear of it any more: the web hook is to be disabled.
    Gone,
    /// It has not arrived, and may later.
    Again,
}

impl Answer {
    /// Whether the receiver is out of reach or in trouble, so that what else waits for it had better wait a moment longer.
    /// An answer that refuses this one event says nothing about the next.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        !matches!(self, Self::Status(200..=299 | 400..=407 | 409 | 411..=428))
    }

    /// What it means. A redirect is no delivery: what was signed for one address is not handed to another.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Status(200..=299) => Verdict::Delivered,
            Self::Status(410) => Verdict::Gone,
            Self::Status(_) | Self::None(_) => Verdict::Again,
        }
    }

    /// The HTTP status, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(*status),
            Self::None(_) => None,
        }
    }

    /// What went wrong, in words for the web hook's owner; `None`: nothing.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match self {
            Self::None(reason) => Some(reason.clone()),
            Self::Status(200..=299) => None,
            Self::Status(410) => Some("answered 410 Gone, which disables the web hook".to_owned()),
            Self::Status(status @ 300..=399) => Some(format!(
                "answered {status}, and redirects are not followed: name the final address"
            )),
            Self::Status(status) => Some(format!("answered {status}")),
        }
    }
}

/// Posts events. Implemented over HTTP in the crate `gateway`.
pub trait Poster: Send + Sync {
    /// Makes one attempt. Whoever asks bounds the time; a dropped attempt ends at once.
    fn post(&self, post: Post) -> BoxFuture<'_, Answer>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_2xx_is_a_delivery_and_only_410_is_an_end() {
        for (status, verdict) in [
            (200, Verdict::Delivered),
            (204, Verdict::Delivered),
            (299, Verdict::Delivered),
            (101, Verdict::Again),
            (301, Verdict::Again),
            (307, Verdict::Again),
            (400, Verdict::Again),
            (404, Verdict::Again),
            (410, Verdict::Gone),
            (429, Verdict::Again),
            (500, Verdict::Again),
        ] {
            let answer = Answer::Status(status);
            assert_eq!(answer.verdict(), verdict, "{status}");
            let failed = verdict != Verdict::Delivered;
            assert_eq!(answer.error().is_some(), failed, "{status}");
        }
        assert_eq!(Answer::None("why".to_owned()).verdict(), Verdict::Again);
    }

    #[test]
    fn a_receiver_in_trouble_is_told_from_one_that_refuses() {
        for (answer, trouble) in [
            (Answer::Status(204), false),
            (Answer::Status(400), false),
            (Answer::Status(404), false),
            (Answer::Status(408), true),
            (Answer::Status(410), true),
            (Answer::Status(429), true),
            (Answer::Status(503), true),
            (Answer::None("no answer".to_owned()), true),
        ] {
            assert_eq!(answer.is_trouble(), trouble, "{answer:?}");
        }
    }
}
