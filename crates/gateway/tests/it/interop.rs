//! Our session and our simulator with SMPP code that is not ours: the npm package `smpp` as SMSC, PyPI's `smpplib` and
//! Kannel as clients. `.ci/interop-tools` installs them. Where one is missing its test is left out, and says so; with
//! REQUIRE_INTEROP set it fails.

#![expect(
    clippy::print_stderr,
    reason = "a test that is left out must be seen to be"
)]

mod kannel;
mod node;
mod process;
mod python;
