//! Web hooks: where a client is told what becomes of its messages, one POST for each change of a status, in the way of the
//! Standard Webhooks specification (standardwebhooks.com): what is told, how it is signed, when it is tried again. And the
//! port through which it goes out, which the crate `gateway` implements.
//!
//! Who is told what, and in which order, is the ledger's to know; the HMAC itself is computed where the request is made.

mod address;
mod base64;
mod draft;
mod event;
mod port;
mod retry;
mod secret;
mod signature;

use uuid::Uuid;

pub use address::is_public;
pub use draft::{MAX_URL, WebHookDraft, WebHookTerms};
pub use event::{Change, StatusChange};
pub use port::{Answer, Post, Poster, Verdict};
pub use retry::{ATTEMPTS, MAX_AGE, Next, next, wait_after};
pub use secret::{ROTATION, Secret};
pub use signature::{signature, signed_content};

/// Why a web hook is disabled whose receiver has answered 410.
pub const GONE: &str = "its receiver answered 410 Gone";

/// The most web hooks of one client: each of them multiplies what is stored of every change.
pub const MAX_WEB_HOOKS: u32 = 20;

/// The public id of a web hook: a UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WebHookId(pub Uuid);

/// The database's own number of a web hook; clients never see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebHookKey(pub i64);

/// The number of a delivery: one event on its way to one web hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(pub i64);

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum DeliveryStatus {
    /// It is to be tried, now or later.
    Waiting = 0,
    /// It has arrived.
    Delivered = 1,
    /// It has not arrived, and is not tried any more.
    Failed = 2,
}

impl DeliveryStatus {
    /// The number that answers show.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The status with this number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        let all = [Self::Waiting, Self::Delivered, Self::Failed];
        all.into_iter().find(|status| status.number() == number)
    }
}
