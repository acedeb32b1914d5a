//! The networks that this machine stands in: what is reached without a router is no public internet, whatever
//! its addresses.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::network::Network;

/// How long what was read is taken for true.
const FRESH: Duration = Duration::from_secs(30);
/// Bytes of a table that are read: some machines know all routes of the internet.
const MOST: u64 = 256 << 10;
/// Flags of a route: it is in use; it leads nowhere; it is the machine itself.
const UP: u32 = 0x1;
const REJECT: u32 = 0x200;
const LOCAL: u32 = 0x8000_0000;

/// The networks on our own links. It knows them where the system has Linux's `/proc/net`; elsewhere there
/// are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Links(Arc<Mutex<Option<(Instant, Known)>>>);

/// What the tables say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    links: Vec<Network>,
    /// Our own addresses: they are as public as we are.
    own: BTreeSet<IpAddr>,
}

impl Links {
    /// Returns whether `ip` is on a link of ours, and is not our own.
    pub(super) fn hold(&self, ip: IpAddr) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|(read, _)| read.elapsed() > FRESH) {
            *known = Some((Instant::now(), Known::read()));
        }
        known.as_ref().is_some_and(|(_, known)| known.hold(ip))
    }
}

impl Known {
    fn read() -> Self {
        let mut known = Self::default();
        known.take_v4(&table("/proc/net/route"), &table("/proc/net/fib_trie"));
        known.take_v6(&table("/proc/net/ipv6_route"));
        known
    }

    fn hold(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        !self.own.contains(&ip) && self.links.iter().any(|link| link.contains(ip))
    }

    /// Reads the routes of IPv4 and the tree of addresses, as Linux writes them.
    fn take_v4(&mut self, routes: &str, tree: &str) {
        for line in routes.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, to, gateway, flags, _, _, _, mask, ..] = fields[..] else { continue };
            let number = |text| u32::from_str_radix(text, 16).ok();
            let (Some(to), Some(0), Some(flags), Some(mask)) =
                (number(to), number(gateway), number(flags), number(mask))
            else {
                continue;
            };
            // In the order of the network, on a machine of either.
            let (to, mask) = (to.to_ne_bytes(), u32::from_be_bytes(mask.to_ne_bytes()));
            if flags & UP != 0 && flags & REJECT == 0 && mask != 0 {
                self.links.push(Network::v4(to, mask.leading_ones()));
            }
        }
        let mut last = None;
        for line in tree.lines().map(str::trim) {
            if let Some(address) = line.strip_prefix("|-- ") {
                last = address.parse::<Ipv4Addr>().ok();
            } else if line.ends_with("host LOCAL") {
                self.own.extend(last.map(IpAddr::V4));
            }
        }
    }

    /// Reads the routes of IPv6, likewise.
    fn take_v6(&mut self, routes: &str) {
        for line in routes.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [to, prefix, _, _, next, _, _, _, flags, ..] = fields[..] else { continue };
            let (Ok(to), Ok(prefix), Ok(flags)) = (
                u128::from_str_radix(to, 16),
                u32::from_str_radix(prefix, 16),
                u32::from_str_radix(flags, 16),
            ) else {
                continue;
            };
            let is_direct = next.bytes().all(|digit| digit == b'0');
            if flags & LOCAL != 0 && prefix == 128 {
                self.own.insert(IpAddr::V6(Ipv6Addr::from_bits(to)));
            } else if is_direct && flags & UP != 0 && flags & REJECT == 0 && prefix > 0 {
                self.links.push(Network::of(IpAddr::V6(Ipv6Addr::from_bits(to)), prefix));
            }
        }
    }
}

/// The beginning of a table; nothing where there is none.
fn table(path: &str) -> String {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut text));
    read.map(|_| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 203.0.113.0/24 and 10.0.0.0/8 by a router on a little-endian machine.
    const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
        eth0\t007100CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
        eth0\t0000000A\t017100CB\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n\
        ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\nnonsense\n";
    const TREE: &str = "Local:\n  +-- 203.0.113.0/24 2 0 2\n     |-- 203.0.113.0\n        /32 link BROADCAST\n     \
        |-- 203.0.113.5\n        /32 host LOCAL\n";
    const ROUTES_6: &str = "20010db8000100020000000000000000 40 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n\
        20010db8000100020000000000000005 80 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 00000000 00000002 00000000 80200001     eth0\n\
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
        fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n\
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\nnonsense\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn what_is_on_our_links_is_held_and_we_ourselves_are_not() {
        let mut known = Known::default();
        known.take_v4(ROUTES, TREE);
        known.take_v6(ROUTES_6);
        for (ip, held) in [
            ("203.0.113.9", true),
            ("::ffff:203.0.113.9", true),
            ("203.0.113.5", false),
            ("203.0.114.9", false),
            ("10.0.0.1", false),
            ("2001:db8:1:2::9", true),
            ("2001:db8:1:2::5", false),
            ("2001:db8:1:3::9", false),
            ("1.1.1.1", false),
        ] {
            assert_eq!(known.hold(ip.parse().unwrap()), held, "{ip}");
        }
    }

    #[test]
    fn a_table_that_is_not_there_holds_nothing() {
        assert_eq!(table("/nowhere"), "");
        assert!(!Known::default().hold(Ipv4Addr::new(1, 1, 1, 1).into()));
    }
}
