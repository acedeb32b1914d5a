//! How much strangers may have asked of one address, whatever names they have lead there.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::fair::pace::{Bounds, Pace};
use crate::transport::server::neighbourhood;
use crate::transport::toll::Toll;

/// Addresses that are remembered, and names that lead to them.
const KEYS: usize = 1 << 14;
/// Requests to one address: two or three hundred readers on one host are told at once, and a
/// notification a second is no burden.
const REQUESTS: Bounds = Bounds { at_once: 300, in_hour: 3_600, keys: KEYS };
/// KiB from one address in an hour: a host with a thousand feeds of 60 KiB.
const KIBIBYTES: Bounds = Bounds { at_once: 64 << 10, in_hour: 64 << 10, keys: KEYS };

/// A count of requests, or of bytes, for each address (IPv6: each /64).
#[derive(Debug)]
pub struct Meter {
    start: Instant,
    used: Mutex<Used>,
}

#[derive(Debug)]
struct Used {
    counts: Counted,
    pace: Pace<IpAddr>,
    /// The address to which each name has led the last time.
    led: BTreeMap<String, IpAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Requests,
    Kibibytes,
}

impl Meter {
    /// For calls at addresses that strangers name: 300 at once, and 3,600 in an hour.
    pub fn of_requests() -> Self {
        Self::new(Counted::Requests, REQUESTS)
    }

    /// For documents that strangers name: 64 MiB in an hour.
    pub fn of_bytes() -> Self {
        Self::new(Counted::Kibibytes, KIBIBYTES)
    }

    fn new(counts: Counted, bounds: Bounds) -> Self {
        let used = Used { counts, pace: Pace::new(bounds), led: BTreeMap::new() };
        Self { start: Instant::now(), used: Mutex::new(used) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Used, Duration) -> T) -> T {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut used, self.start.elapsed())
    }
}

impl Toll for Meter {
    fn admit(&self, host: &str, address: IpAddr) -> bool {
        self.with(|used, now| used.admit(host, neighbourhood(address), now))
    }

    fn took(&self, host: &str, bytes: usize) {
        self.with(|used, now| used.took(host, bytes, now));
    }
}

impl Used {
    fn admit(&mut self, host: &str, address: IpAddr, now: Duration) -> bool {
        if !self.pace.has_left(&address, now) {
            return false;
        }
        match self.counts {
            Counted::Requests => self.pace.take(&address, 1, now),
            Counted::Kibibytes => {
                if self.led.len() >= KEYS {
                    self.led.clear();
                }
                self.led.insert(host.to_owned(), address);
            }
        }
        true
    }

    fn took(&mut self, host: &str, bytes: usize, now: Duration) {
        if let (Counted::Kibibytes, Some(address)) = (self.counts, self.led.get(host)) {
            let amount = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
            self.pace.take(address, amount, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(meter: Meter) -> Used {
        meter.used.into_inner().unwrap()
    }

    #[test]
    fn many_names_for_one_address_are_one_address() {
        let (mut used, victim) = (used(Meter::of_requests()), IpAddr::from([192, 0, 2, 1]));
        let calls = |used: &mut Used, now| {
            let mut names = (0..10_000).map(|number| format!("{number}.example"));
            names.position(|name| !used.admit(&name, victim, Duration::from_secs(now)))
        };
        assert_eq!(calls(&mut used, 0), Some(300));
        assert_eq!(calls(&mut used, 5), Some(5));
        assert!(used.admit("other.example", IpAddr::from([192, 0, 2, 2]), Duration::ZERO));
    }

    #[test]
    fn the_bytes_of_many_names_are_counted_where_they_come_from() {
        let (mut used, victim) = (used(Meter::of_bytes()), IpAddr::from([192, 0, 2, 1]));
        let mut fetched = 0;
        while fetched < 100 && used.admit(&format!("{fetched}.example"), victim, Duration::ZERO) {
            used.took(&format!("{fetched}.example"), 5 << 20, Duration::ZERO);
            fetched += 1;
        }
        assert_eq!(fetched, 13, "64 MiB, and what was under way");
        assert!(used.admit("x.example", IpAddr::from([192, 0, 2, 2]), Duration::ZERO));
        assert!(used.admit("1.example", victim, Duration::from_secs(3_600)));
    }
}
