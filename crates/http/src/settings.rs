//! The settings of the HTTP server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clarion_domain::network::Network;

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
    /// Requests that a key may make per second in the long run; 0: as many as it likes.
    pub requests_per_second: u32,
    /// Requests that a key may make at once; 0: as many as per second.
    pub request_burst: u32,
    /// Requests with a key that is refused, per minute and address; 0: no limit.
    pub refused_keys_per_minute: u32,
    /// Requests for links that do not exist, per minute and address; 0: no limit.
    pub unknown_links_per_minute: u32,
    /// Proxies that are believed whom they pass on.
    pub trusted_proxies: Vec<Network>,
    /// Keys of a client that are neither revoked nor expired, as far as they are made over the API.
    pub max_live_keys: u32,
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
            requests_per_second: 1_000,
            request_burst: 2_000,
            refused_keys_per_minute: 300,
            unknown_links_per_minute: 60,
            trusted_proxies: Vec::new(),
            max_live_keys: 100,
        }
    }
}
