//! How often one caller may ask.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::transport::server::neighbourhood;

/// The time that is counted.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Addresses that are counted. Who has more is not held by counting them, and begins anew.
const ADDRESSES: usize = 1 << 16;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// To be told: of ten feeds at most, which are fetched, and a callback is tried.
    Register,
    /// That others be told.
    Ping,
}

impl Asking {
    /// In an hour. A reader registers once a day for ten feeds; a writer pings for each message.
    fn most(self) -> u16 {
        match self {
            Self::Register => 120,
            Self::Ping => 600,
        }
    }
}

/// How often each address (IPv6: each /64) has asked since the hour began.
pub(super) struct Rates(Mutex<Hour>);

struct Hour {
    began: Instant,
    registrations: HashMap<IpAddr, u16>,
    pings: HashMap<IpAddr, u16>,
}

impl Rates {
    /// Nobody has asked yet.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Hour::beginning(Instant::now())))
    }

    /// Counts that `caller` asks at `now`; false if that is too often.
    pub(super) fn admit(&self, caller: IpAddr, asking: Asking, now: Instant) -> bool {
        let mut hour = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(hour.began) >= HOUR {
            *hour = Hour::beginning(now);
        }
        let counts = match asking {
            Asking::Register => &mut hour.registrations,
            Asking::Ping => &mut hour.pings,
        };
        let caller = neighbourhood(caller);
        if counts.len() >= ADDRESSES && !counts.contains_key(&caller) {
            counts.clear();
        }
        let count = counts.entry(caller).or_default();
        *count = count.saturating_add(1);
        *count <= asking.most()
    }
}

impl Hour {
    fn beginning(began: Instant) -> Self {
        Self { began, registrations: HashMap::new(), pings: HashMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_asks_so_often_an_hour() {
        let (rates, now) = (Rates::new(), Instant::now());
        let admit = |caller: &str, asking, now| rates.admit(caller.parse().unwrap(), asking, now);
        for (asking, most) in [(Asking::Register, 120), (Asking::Ping, 600)] {
            assert!((0..most).all(|_| admit("2001:db8::1", asking, now)));
            assert!(!admit("2001:db8::2", asking, now), "the same /64");
            assert!(admit("2001:db8:0:1::1", asking, now) && admit("192.0.2.1", asking, now));
        }
        assert!(admit("2001:db8::1", Asking::Register, now + HOUR));
    }

    #[test]
    fn no_number_of_addresses_fills_the_memory() {
        let (rates, now) = (Rates::new(), Instant::now());
        for number in 0..u32::try_from(ADDRESSES).unwrap() + 10 {
            assert!(rates.admit(IpAddr::V4(number.into()), Asking::Ping, now));
        }
        assert_eq!(rates.0.lock().unwrap().pings.len(), 10);
    }
}
