//! The tests of this crate, one binary; each test of what is stored runs on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's leave for tests ends at the functions marked as one"
)]

mod breakages;
mod campaigns;
mod catalogues;
mod clicks;
mod counters;
mod fixtures;
mod idempotency;
mod inbound;
mod keys;
mod link_secrets;
mod listing;
mod loading;
mod messages;
mod model;
mod nodes;
mod opt_outs;
mod person_sends;
mod store;
mod units;
mod unknown;
mod web_hooks;
