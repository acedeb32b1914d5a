//! A range of IP addresses, in CIDR notation.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocol::{Error, Result};

/// A network such as `127.0.0.0/8` or `::1/128`; a bare address is the network of that one host.
///
/// An IPv4-mapped IPv6 network is the IPv4 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// The IPv4 network of the addresses that share the first `prefix` bits with `octets`.
    pub(super) const fn v4(octets: [u8; 4], prefix: u32) -> Self {
        let [a, b, c, d] = octets;
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// The network of the addresses that share the first `prefix` bits with `address`.
    pub(super) const fn of(address: IpAddr, prefix: u32) -> Self {
        Self { address, prefix }
    }

    /// The IPv6 network of the addresses that share the first `prefix` bits with `head`, zeros
    /// following.
    pub(super) const fn v6(head: [u16; 2], prefix: u32) -> Self {
        let [a, b] = head;
        Self { address: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)), prefix }
    }

    /// Returns whether `address`, or the IPv4 address that it maps, lies in this network.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, width) = bits(self.address);
        let (other, other_width) = bits(address.to_canonical());
        let host = width.saturating_sub(self.prefix);
        width == other_width && (own ^ other).checked_shr(host).unwrap_or(0) == 0
    }

    /// Returns whether only bits of the prefix are set.
    fn is_whole(&self) -> bool {
        let (own, width) = bits(self.address);
        let host = width.saturating_sub(self.prefix);
        own.checked_shr(host).and_then(|net| net.checked_shl(host)).unwrap_or(0) == own
    }
}

/// The bits of `address`, and how many there are.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), Ipv4Addr::BITS),
        IpAddr::V6(v6) => (v6.to_bits(), Ipv6Addr::BITS),
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed =
            || Error::malformed(format!("`{text}` is not a network like 127.0.0.0/8 or ::1"));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| malformed())?;
        let (_, width) = bits(written);
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= width).ok_or_else(malformed)?
            }
            Some(_) => return Err(malformed()),
            None => width,
        };
        let address = written.to_canonical();
        let mapping = width.saturating_sub(bits(address).1);
        let prefix = prefix.checked_sub(mapping).ok_or_else(malformed)?;
        let network = Self { address, prefix };
        if network.is_whole() {
            return Ok(network);
        }
        Err(Error::malformed(format!("`{text}` sets bits beyond its prefix of {prefix}")))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl TryFrom<String> for Network {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn holds_what_shares_its_prefix() {
        assert!(holds("127.0.0.0/8", "127.255.0.1"));
        assert!(!holds("127.0.0.0/8", "128.0.0.1"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("fc00::/7", "fdff::1") && !holds("fc00::/7", "fe00::1"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2606:4700::1"));
        assert!(holds("::/0", "2606:4700::1") && !holds("::/0", "8.8.8.8"));
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(holds("::ffff:10.0.0.0/104", "10.9.9.9"));
        assert_eq!("::ffff:10.0.0.1".parse::<Network>().unwrap().to_string(), "10.0.0.1/32");
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "::1/129",
            "::ffff:10.0.0.0/8",
            "10",
            "0x7f.1",
            "localhost",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(bits: u128, prefix in 0_u32..=128) {
            let kept = bits.checked_shr(128 - prefix).and_then(|net| net.checked_shl(128 - prefix));
            let address = Ipv6Addr::from_bits(kept.unwrap_or(0));
            prop_assume!(address.to_ipv4_mapped().is_none());
            let network: Network = format!("{address}/{prefix}").parse().unwrap();
            prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
            prop_assert!(network.contains(IpAddr::V6(address)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<Network>();
        }
    }
}
