//! The API through a real listening server, on each database.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod add_contacts;
mod api_keys;
mod audience;
mod bodies;
mod campaigns;
mod clients;
mod contact_groups;
mod contacts;
mod contract;
mod create;
mod create_refusals;
mod description;
mod gateways;
mod idempotency;
mod inbound_messages;
mod keys;
mod links;
mod lists;
mod log;
mod nodes;
mod opt_out_links;
mod opt_out_settings;
mod opt_outs;
mod pacing;
mod pages;
mod paths;
mod previews;
mod problems;
mod rates;
mod replace;
mod sending_hours;
mod server;
mod sms_messages;
mod support;
mod tenancy;
mod transitions;
mod unknown;
mod web_hooks;
