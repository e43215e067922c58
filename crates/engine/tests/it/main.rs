//! The engine on both databases, with a gateway that answers by a script and a clock that stands still.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test leans on fails the test"
)]

mod adding;
mod breakages;
mod clock;
mod direct;
mod disorder;
mod fake_gateway;
mod frequency;
mod hours;
mod intake;
mod opt_outs;
mod pacing;
mod recovery;
mod sending;
mod unknown;
mod web_hooks;
mod world;
