//! The SMPP client session against the simulator, and against a peer played by hand, and web hooks against a receiver, over
//! real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test leans on fails the test"
)]

mod faults;
mod inbound;
mod interop;
mod life;
mod peer;
mod simulator;
mod submit;
mod support;
mod tls;
mod web_hooks;
