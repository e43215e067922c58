//! The rules of the trade: campaigns, contacts, phone numbers, text, templates, receipts, and the ports that have more
//! than one implementation in production.
//!
//! Nothing here does I/O, reads a clock, draws a random number, or knows a database, a socket or an HTTP request: what
//! these rules need of the world is passed in. Batch jobs use this crate as it is.

pub mod api_key;
pub mod apportion;
pub mod breakage;
pub mod campaign;
pub mod click;
pub mod client;
pub mod clock;
pub mod contact;
pub mod contact_group;
pub mod fault;
pub mod filter;
pub mod frequency;
pub mod gateway;
pub mod hours;
pub mod link;
pub mod message;
pub mod name;
pub mod network;
pub mod opt_out;
pub mod opt_out_link;
pub mod page;
pub mod phone;
pub mod preview;
pub mod receipt;
pub mod recipient;
pub mod sender;
pub mod sender_policy;
pub mod tariff;
pub mod template;
pub mod text;
pub mod web_hook;
