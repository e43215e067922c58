//! The settings of the HTTP server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Where the server listens, and how much it takes from a caller.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Port 0: any free one.
    pub listen: SocketAddr,
    /// Threads that serve connections.
    pub workers: usize,
    /// The largest body in bytes, before and after decompression.
    pub max_body: u64,
    /// The most bytes that one contact may take, or all properties around the contacts together. What is read is kept in
    /// memory up to this size, so it bounds every string and every nesting.
    pub max_element: u64,
    /// How long the service waits, all waits added up, for the bytes of one body. Time in which the body waits for the
    /// service does not count.
    pub body_deadline: Duration,
    /// Bodies that are read at the same time; further ones wait. Each holds a thread.
    pub max_bodies: usize,
    /// How long a stop waits for requests under way.
    pub stop_deadline: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            max_body: 512 << 20,
            max_element: 64 << 10,
            body_deadline: Duration::from_secs(300),
            max_bodies: 64,
            stop_deadline: Duration::from_secs(30),
        }
    }
}
