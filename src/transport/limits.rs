//! The most that the server gives a client, and all clients; and who a client is.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::message::Request;
use super::network::Network;

/// The most that the server gives a client, and all clients.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the connection, or the end of the last answer, to the end of a request's head.
    pub head: Duration,
    /// From there to the end of its body.
    pub body: Duration,
    /// From there to the answer's beginning; and again from there to the end of a short answer.
    /// A long answer may take longer as long as the client takes 16 KiB of it each second.
    pub answer: Duration,
    /// Bytes of a head.
    pub head_bytes: usize,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Bytes of all bodies in memory together.
    pub bodies_bytes: usize,
    /// Connections in all. Each takes a file descriptor, and one more while it gets a file.
    pub connections: usize,
    /// Connections of one address (IPv6: of one /64). A trusted proxy may have any number; of
    /// each address behind it, these are requests under way.
    pub per_address: usize,
    /// Threads that run the handler.
    pub workers: usize,
    /// Whole requests that wait for one of them.
    pub queue: usize,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Told of a peer that sends one and is none of these.
    pub claims: Claims,
}

/// Tells once of a peer that says for whom it speaks, and is not believed.
#[derive(Clone, Default)]
pub struct Claims(Option<Arc<Once>>);

struct Once {
    told: AtomicBool,
    tell: Box<dyn Fn(IpAddr) + Send + Sync>,
}

impl Claims {
    /// The first such peer is given to `tell`.
    pub fn told_by(tell: impl Fn(IpAddr) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Once { told: AtomicBool::new(false), tell: Box::new(tell) })))
    }

    /// Notes that `peer` is one.
    pub(super) fn note(&self, peer: IpAddr) {
        if let Some(once) = self.0.as_ref().filter(|once| !once.told.swap(true, Relaxed)) {
            (once.tell)(peer);
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            answer: Duration::from_secs(30),
            head_bytes: 8 << 10,
            body_bytes: 256 << 10,
            bodies_bytes: 16 << 20,
            connections: 4096,
            per_address: 128,
            workers: 4,
            queue: 256,
            trusted_proxies: Vec::new(),
            claims: Claims::default(),
        }
    }
}

impl Limits {
    /// Returns whether `address` is a trusted proxy.
    pub(super) fn trust(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// The sender of `request` through the socket of `peer`: the last hop that is no trusted proxy. Nobody
    /// behind a proxy is on this machine, whatever it says.
    pub(super) fn client(&self, peer: IpAddr, request: &Request) -> IpAddr {
        let fields = request.headers.iter().rev().filter(|(name, _)| name == "x-forwarded-for");
        let mut client = peer;
        for hop in fields.flat_map(|(_, value)| value.rsplit(',')) {
            match address(hop.trim()) {
                // Another proxy of ours, one of several here.
                Some(hop) if hop.is_loopback() && self.trust(hop) && self.trust(client) => {}
                Some(hop) if self.trust(client) && !hop.is_loopback() => client = hop,
                _ => break,
            }
        }
        client
    }
}

/// The address in a hop of `X-Forwarded-For`; some proxies add the port.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    let address = hop.trim_matches(['[', ']']).parse().ok().or_else(with_port)?;
    Some(address.to_canonical())
}

/// The address, or the network that counts as one: of IPv6 the /64, which one customer has at
/// least.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, fields: &[&str]) -> String {
        let limits = Limits {
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.1".parse().unwrap()],
            ..Limits::default()
        };
        let field = |value: &&str| ("x-forwarded-for".to_owned(), (*value).to_owned());
        let peer = peer.parse().unwrap();
        let request = Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: None,
            headers: fields.iter().map(field).collect(),
            body: Vec::new(),
            peer,
        };
        limits.client(peer, &request).to_string()
    }

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        for (peer, fields, expected) in [
            ("192.0.2.1", &["198.51.100.1"][..], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9,198.51.100.1 , 10.0.0.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9", "198.51.100.1", "10.0.0.1"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("127.0.0.1", &["::ffff:10.0.0.1"], "10.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, unknown"], "127.0.0.1"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("10.0.0.1", &["127.0.0.1"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, 127.0.0.1"], "198.51.100.1"),
            ("10.0.0.1", &["::1"], "10.0.0.1"),
        ] {
            assert_eq!(client(peer, fields), expected, "{peer} {fields:?}");
        }
    }

    #[test]
    fn a_customer_of_ipv6_is_one_address() {
        let key = |address: &str| neighbourhood(address.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn no_field_makes_it_panic(field in "[0-9a-f:.,\\[\\] ]*") {
            client("127.0.0.1", &[&field]);
        }
    }
}
