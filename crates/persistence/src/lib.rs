//! The database: one schema, two backends, one file per resource.
//!
//! A unit of work is one closure on one connection, run by [`Store::read`] or [`Store::write`]; the resources' modules hold
//! plain functions on that connection. What the two databases do differently is in `dialect` alone. No rule of the trade
//! is decided here, no clock is read: times are passed in and bound.

pub mod api_keys;
pub mod campaigns;
pub mod clicks;
pub mod clients;
mod conn;
pub mod contact_groups;
mod dialect;
mod error;
pub mod gateway_binds;
pub mod group_contacts;
pub mod idempotency;
pub mod inbound_messages;
pub mod invalid_contacts;
pub mod link_secrets;
pub mod listing;
pub mod messages;
mod migrations;
pub mod nodes;
pub mod numbers;
pub mod opt_out_links;
pub mod opt_outs;
pub mod person_sends;
mod pool;
pub mod recipients;
pub mod schema;
pub mod send_units;
mod settings;
mod store;
mod stored;
#[cfg(feature = "testing")]
pub mod testing;
pub mod web_hooks;

/// Most rows that one transaction forgets, so that nobody waits for it.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

pub use conn::Conn;
pub use error::{Change, StoreError};
pub use settings::{Backend, DatabaseSettings};
pub use store::Store;
