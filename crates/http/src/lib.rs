//! The HTTP adapter: the API, keys, problem+json, health.
//!
//! Handlers authorise, hand over, answer. No rule of the trade is decided here, no SQL is written, and no handler can
//! reach the database but through a [`Caller`](state::Caller), which only a valid key makes.

mod api_keys;
mod body;
mod campaigns;
mod case;
mod clicks;
mod clients;
mod contact_groups;
mod contacts;
mod dates;
mod gateways;
mod health;
mod inbound_messages;
mod invalid_contacts;
pub mod keys;
mod links;
mod metrics;
mod nodes;
mod observe;
mod openapi;
mod opt_out_links;
mod opt_out_page;
mod opt_outs;
mod paging;
mod problem;
mod properties;
mod rate;
mod reply;
mod routes;
mod server;
mod settings;
mod sms_messages;
mod state;
mod web_hooks;

pub use server::{Running, Server, ServerError};
pub use settings::HttpSettings;
pub use state::State;

/// What a handler gives: the answer, or the problem to be told.
type Answer = Result<actix_web::HttpResponse, problem::Problem>;
