//! The domain as its users see it.

#![expect(
    clippy::expect_used,
    reason = "a test fails where it finds something missing"
)]

mod phone;
mod state_machines;
