//! Which addresses web hooks may lead to. It is asked where names become addresses, and the connection then goes to the
//! addresses that it let pass: a name that leads elsewhere a moment later gains nothing by that.

use std::io;
use std::net::{IpAddr, SocketAddr};

use clarion_domain::web_hook::is_public;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub(super) allow_private: bool,
}

impl Guard {
    /// Refuses an address that stands in the URL itself and may not be reached: no resolver is ever asked for it. Every
    /// spelling of IPv4 has become the usual one when the URL was parsed.
    pub(super) fn check_literal(self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !self.lets_pass(address) => Err(refusal(address)),
            _ => Ok(()),
        }
    }

    fn lets_pass(self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }

    /// Those of a name's addresses that may be reached.
    fn choose(self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, String> {
        let Some(first) = found.first().map(SocketAddr::ip) else {
            return Err("its name leads to no address".to_owned());
        };
        let chosen: Vec<SocketAddr> = found
            .into_iter()
            .filter(|found| self.lets_pass(found.ip()))
            .collect();
        match chosen.is_empty() {
            true => Err(refusal(first)),
            false => Ok(chosen),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            // The port is the URL's, which is put in later.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let chosen = guard.choose(found.collect()).map_err(io::Error::other)?;
            Ok(Box::new(chosen.into_iter()) as Addrs)
        })
    }
}

fn refusal(address: IpAddr) -> String {
    format!("leads to {address}, which is no public address")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: Guard = Guard {
        allow_private: false,
    };

    #[test]
    fn private_addresses_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "169.254.169.254",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fd00::1]",
        ] {
            let url = Url::parse(&format!("http://{host}:8080/a")).unwrap();
            let refused = GUARD.check_literal(&url).unwrap_err();
            assert!(refused.contains("no public address"), "{host}: {refused}");
            let open = Guard {
                allow_private: true,
            };
            assert_eq!(open.check_literal(&url), Ok(()));
        }
        for host in ["example.com", "1.1.1.1", "[2606:4700::1111]"] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert_eq!(GUARD.check_literal(&url), Ok(()), "{host}");
        }
    }

    #[test]
    fn of_a_name_s_addresses_the_public_ones_are_left() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let public = at("1.1.1.1");
        assert_eq!(
            GUARD.choose(vec![at("10.0.0.1"), public, at("::1")]),
            Ok(vec![public])
        );
        assert!(GUARD.choose(vec![at("10.0.0.1")]).is_err());
        assert!(GUARD.choose(Vec::new()).is_err());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused() {
        let refused = GUARD.resolve("localhost".parse().unwrap()).await;
        let reason = refused.err().unwrap().to_string();
        assert!(reason.contains("no public address"), "{reason}");
    }
}
