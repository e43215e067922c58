//! The binary as people run it: it is started, spoken to over HTTP, stopped by signals, and judged by what the simulated
//! provider logged.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod campaign;
mod commands;
mod example;
mod faults;
mod file_jobs;
mod nodes;
mod roles;
mod sending;
mod service;
mod smsc_log;
mod starting;
mod stopping;
mod tls;
