//! The API through a real listening server, on each database.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod add_contacts;
mod bodies;
mod campaigns;
mod contacts;
mod contract;
mod create;
mod create_refusals;
mod description;
mod keys;
mod lists;
mod log;
mod pages;
mod paths;
mod problems;
mod replace;
mod server;
mod sms_messages;
mod support;
mod tenancy;
mod transitions;
