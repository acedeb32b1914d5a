//! The guard on everything that leaves: which addresses may be spoken to, judged after the name
//! was resolved, and on every hop.
//!
//! The only file that uses `ureq::unversioned`, which stands outside semantic versioning.

use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport,
};
use ureq::{Agent, Error};

use super::in_turn::{self, Attempt};
use super::links::Links;
pub use super::network::Network;
use super::toll::Toll;

/// The networks that are not the public internet, and the word for each in a message. The first
/// that fits counts.
const NOT_PUBLIC: &[(Network, &str)] = &[
    (Network::v4([0, 0, 0, 0], 8), "unspecified"),
    (Network::v4([10, 0, 0, 0], 8), "private"),
    (Network::v4([100, 64, 0, 0], 10), "private"),
    (Network::v4([127, 0, 0, 0], 8), "loopback"),
    (Network::v4([169, 254, 0, 0], 16), "link-local"),
    (Network::v4([172, 16, 0, 0], 12), "private"),
    (Network::v4([192, 0, 0, 0], 24), "reserved"),
    (Network::v4([192, 0, 2, 0], 24), "for documentation"),
    (Network::v4([192, 88, 99, 0], 24), "reserved"),
    (Network::v4([192, 168, 0, 0], 16), "private"),
    (Network::v4([198, 18, 0, 0], 15), "for benchmarks"),
    (Network::v4([198, 51, 100, 0], 24), "for documentation"),
    (Network::v4([203, 0, 113, 0], 24), "for documentation"),
    (Network::v4([224, 0, 0, 0], 4), "multicast"),
    (Network::v4([240, 0, 0, 0], 4), "reserved"),
    (Network::v6([0, 0], 16), "loopback or reserved"),
    (Network::v6([0x64, 0xff9b], 32), "translated"),
    (Network::v6([0x2001, 0], 23), "reserved or tunnelled"),
    (Network::v6([0x2001, 0xdb8], 32), "for documentation"),
    (Network::v6([0x2002, 0], 16), "tunnelled"),
    (Network::v6([0x3fff, 0], 20), "for documentation"),
    (Network::v6([0xfc00, 0], 7), "private"),
    (Network::v6([0xfe80, 0], 10), "link-local"),
    (Network::v6([0xff00, 0], 8), "multicast"),
    // All public addresses lie in 2000::/3.
    (Network::v6([0, 0], 3), "reserved"),
    (Network::v6([0x4000, 0], 2), "reserved"),
    (Network::v6([0x8000, 0], 1), "reserved"),
];

/// Decides whether an address may be spoken to.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<Network>,
    plain_http: bool,
    toll: Option<Arc<dyn Toll>>,
    links: Links,
}

impl Guard {
    /// A guard that lets through public addresses by https, and the networks in `allow` by
    /// either scheme.
    pub fn new(allow: Vec<Network>) -> Self {
        Self { allow, plain_http: false, toll: None, links: Links::default() }
    }

    /// This guard, which lets plain http through to public addresses as well.
    #[must_use]
    pub fn with_plain_http(self) -> Self {
        Self { plain_http: true, ..self }
    }

    /// This guard, which asks `toll` before each request, whether the address is public or not.
    #[must_use]
    pub fn with_toll(self, toll: Arc<dyn Toll>) -> Self {
        Self { toll: Some(toll), ..self }
    }

    /// What counts the requests, if anything does.
    pub(super) fn toll(&self) -> Option<Arc<dyn Toll>> {
        self.toll.clone()
    }

    /// Counts a request to `ip`, to which `host` leads.
    ///
    /// # Errors
    /// When too much was asked of that address already.
    fn admit(&self, host: &str, ip: IpAddr) -> Result<(), String> {
        match &self.toll {
            Some(toll) if !toll.admit(host, ip.to_canonical()) => {
                Err(format!("too much was asked of {ip} within the hour"))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether `ip` is in a network that was allowed by name.
    pub fn lists(&self, ip: IpAddr) -> bool {
        self.allow.iter().any(|network| network.contains(ip.to_canonical()))
    }

    /// Checks whether `ip` may be spoken to, by https or by plain http.
    ///
    /// # Errors
    /// The reason why not, in words that name the address.
    pub fn permits(&self, ip: IpAddr, https: bool) -> Result<(), String> {
        let ip = ip.to_canonical();
        if self.lists(ip) {
            return Ok(());
        }
        if let Some((_, what)) = NOT_PUBLIC.iter().find(|(network, _)| network.contains(ip)) {
            return Err(format!("{ip} is not public ({what}) and not in `allow`"));
        }
        if self.links.hold(ip) {
            let what = "on a network that this machine stands in";
            return Err(format!("{ip} is not public ({what}) and not in `allow`"));
        }
        if https || self.plain_http {
            return Ok(());
        }
        Err(format!("plain http, and {ip} is not in `allow`"))
    }
}

/// The guard's refusal, as it is found again inside [`Error::Other`].
#[derive(Debug)]
pub(super) struct Refusal(pub(super) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// An agent that opens no connection without asking `guard`; it knows neither SOCKS nor CONNECT,
/// through which an address could be reached unseen.
pub(super) fn agent(config: Config, guard: Guard) -> Agent {
    let connector = ().chain(InTurn(TcpConnector::default())).chain(RustlsConnector::default());
    Agent::with_parts(config, connector, Guarded { guard, names: DefaultResolver::default() })
}

thread_local! {
    static OPENED: Cell<u64> = const { Cell::new(0) };
}

/// The number of connections that this thread has begun to open. `ureq` does not say whether a
/// request went out on a new connection or on a kept one; this does.
pub(super) fn opened() -> u64 {
    OPENED.get()
}

/// Connects to the first address of a host that answers, and loses little time with the others.
#[derive(Debug)]
struct InTurn(TcpConnector);

impl<In: Transport> Connector<In> for InTurn {
    type Out = <TcpConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        OPENED.set(OPENED.get().wrapping_add(1));
        if chained.is_some() || details.addrs.len() < 2 {
            return self.0.connect(details, chained);
        }
        let start = Instant::now();
        let left = || details.timeout.after.saturating_sub(start.elapsed());
        let addresses = in_turn::mixed(&details.addrs, |address| address.is_ipv6());
        let connected = in_turn::first(&addresses, left, |address, time| {
            let mut addrs = details.resolver.empty();
            addrs.push(address);
            let after = Duration::Exact(time);
            let timeout = NextTimeout { after, ..details.timeout };
            let one = ConnectionDetails {
                addrs,
                timeout,
                now: (details.current_time)(),
                current_time: Arc::clone(&details.current_time),
                run_connector: Arc::clone(&details.run_connector),
                register_shutdown: Arc::clone(&details.register_shutdown),
                ..*details
            };
            match self.0.connect(&one, None) {
                Ok(connection) => Attempt::Connected(connection),
                Err(cause @ Error::Timeout(_)) => Attempt::Late(cause),
                Err(cause) => Attempt::Failed(cause),
            }
        });
        connected.unwrap_or(Err(Error::Timeout(details.timeout.reason)))
    }
}

/// Resolves names, and keeps only the addresses that the guard permits. The connection is made to
/// exactly these, so that a second answer of the name server changes nothing.
#[derive(Debug)]
struct Guarded {
    guard: Guard,
    names: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let https = uri.scheme_str() == Some("https");
        let found = self.names.resolve(uri, config, patience(uri, timeout))?;
        let host = uri.host().unwrap_or_default();
        let mut permitted = self.empty();
        let mut refused = None;
        for address in found.iter() {
            let permits = self.guard.permits(address.ip(), https);
            match permits.and_then(|()| self.guard.admit(host, address.ip())) {
                Ok(()) => permitted.push(*address),
                Err(why) => refused = Some(why),
            }
        }
        match refused {
            Some(why) if permitted.is_empty() => {
                Err(Error::Other(Box::new(Refusal(format!("`{host}` is out of bounds: {why}")))))
            }
            _ => Ok(permitted),
        }
    }
}

/// The time that looking up `uri` may take. An address asks no server: without a limit it costs
/// no thread either.
fn patience(uri: &Uri, timeout: NextTimeout) -> NextTimeout {
    match literal(uri.host().unwrap_or_default()) {
        Some(_) => NextTimeout { after: Duration::NotHappening, ..timeout },
        None => timeout,
    }
}

/// The address that the host of a URL is, if it is none by name; of IPv6 with or without brackets.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        Guard::new(allow.iter().map(|network| network.parse().unwrap()).collect())
    }

    #[test]
    fn what_is_not_public_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:192.168.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let why = guard(&[]).permits(address.parse().unwrap(), true).expect_err(address);
            assert!(why.contains("not public"), "{why}");
        }
    }

    #[test]
    fn neighbours_of_the_refused_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
        ] {
            assert_eq!(guard(&[]).permits(address.parse().unwrap(), true), Ok(()), "{address}");
        }
    }

    #[test]
    fn plain_http_goes_only_where_it_is_allowed() {
        let guard = guard(&["127.0.0.0/8", "93.184.216.34"]);
        for (address, https, permitted) in [
            ("127.0.0.1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("::1", false, false),
            ("93.184.216.34", false, true),
            ("93.184.216.35", false, false),
            ("93.184.216.35", true, true),
        ] {
            assert_eq!(guard.permits(address.parse().unwrap(), https).is_ok(), permitted);
        }
        let guard = guard.with_plain_http();
        for (address, permitted) in [("93.184.216.35", true), ("10.0.0.1", false), ("::1", false)] {
            assert_eq!(guard.permits(address.parse().unwrap(), false).is_ok(), permitted);
        }
    }

    fn resolve(uri: &str, allow: &[&str]) -> Result<ResolvedSocketAddrs, Error> {
        let resolver = Guarded { guard: guard(allow), names: DefaultResolver::default() };
        let timeout = NextTimeout { after: Duration::from_secs(5), ..NextTimeout::default() };
        resolver.resolve(&uri.parse().unwrap(), &Config::default(), timeout)
    }

    /// Forms that the C library takes for an address, as they would come without our `Url`.
    #[test]
    fn every_spelling_of_loopback_is_refused() {
        for uri in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://localhost/",
        ] {
            let Err(Error::Other(why)) = resolve(uri, &[]) else { panic!("{uri} passed") };
            let refusal = why.downcast::<Refusal>().unwrap();
            assert!(refusal.0.contains("127.0.0.1") || refusal.0.contains('`'), "{refusal}");
        }
    }

    #[test]
    fn allowed_addresses_are_resolved_with_the_port() {
        let found = resolve("http://127.0.0.1:8470/", &["127.0.0.0/8"]).unwrap();
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.1:8470"]);
    }

    proptest! {
        #[test]
        fn mapping_into_ipv6_changes_no_verdict(bits: u32, https: bool) {
            let v4 = std::net::Ipv4Addr::from_bits(bits);
            let guard = guard(&["10.0.0.0/8", "127.0.0.1"]);
            let mapped = IpAddr::V6(v4.to_ipv6_mapped());
            prop_assert_eq!(guard.permits(IpAddr::V4(v4), https), guard.permits(mapped, https));
        }
    }
}
