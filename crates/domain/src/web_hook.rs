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
pub use event::{Change, Event, StatusChange};
pub use port::{Answer, Post, Poster, Verdict};
pub use retry::{ATTEMPTS, MAX_AGE, wait_after};
pub use secret::{ROTATION, Secret};
pub use signature::{signature, signed_content};

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
