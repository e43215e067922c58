//! Ways out: the SMPP 3.4 client session ([`smpp`]) and the simulator of an SMSC ([`simulator`]). Both speak the real
//! protocol over real sockets, and share how it is written (`wire`). And the way to clients' web hooks ([`web_hooks`]).
//!
//! Nothing here knows a campaign or a database: messages come in by the port `clarion_domain::gateway`, outcomes and
//! what comes in from the peer go back by its two sinks; what web hooks are told comes in by `clarion_domain::web_hook`.

mod authorities;
pub mod simulator;
pub mod smpp;
pub mod web_hooks;
mod wire;

/// What cargo-fuzz reaches in; the same is tried with a bounded number of seeded inputs in the ordinary tests.
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
