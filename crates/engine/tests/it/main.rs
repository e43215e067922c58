//! The engine on both databases, with a gateway that answers by a script and a clock that stands still.

mod clock;
mod fake_gateway;
mod intake;
mod recovery;
mod sending;
mod world;
