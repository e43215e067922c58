//! Where a request comes from, also where a proxy passes it on.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use clarion_domain::network::Network;

use super::State;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

impl State {
    /// The address that a request comes from. What `X-Forwarded-For` says is believed as far as trusted proxies wrote it:
    /// each adds whom it was asked by at the end, so the last that is no trusted proxy is it.
    pub(crate) fn origin(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        Some(origin(peer, request.headers(), &self.trusted_proxies))
    }
}

fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let values = headers.get_all(X_FORWARDED_FOR);
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let mut origin = peer;
    for hop in texts.iter().rev().flat_map(|text| text.rsplit(',')) {
        let Some(address) = address(hop.trim()) else {
            break;
        };
        origin = address;
        if !is_trusted(address) {
            break;
        }
    }
    origin
}

/// Some proxies write the port, too.
fn address(text: &str) -> Option<IpAddr> {
    let alone = text.parse().ok();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    alone
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn check(peer: &str, forwarded: &[&'static str], expected: &str) {
        let trusted = ["10.0.0.0/8", "2001:db8::1"].map(|text| text.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let name = HeaderName::from_static(X_FORWARDED_FOR);
            headers.append(name, HeaderValue::from_static(value));
        }
        let peer = peer.parse().expect("an address");
        let found = origin(peer, &headers, &trusted);
        assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("203.0.113.7", &["198.51.100.1"], "203.0.113.7");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("2001:db8::1", &["[2001:db8:7::2]:80"], "2001:db8:7::2");
    }

    #[test]
    fn what_the_asker_wrote_itself_is_not_believed() {
        check("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1");
        check(
            "10.0.0.1",
            &["1.2.3.4", "198.51.100.1, 10.0.0.2"],
            "198.51.100.1",
        );
        check("10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1");
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
    }
}
