//! How often one caller may ask.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::fair::rate::{Bounds, Fixed, Rate};
use crate::transport::server::neighbourhood;

/// The time that is counted.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Addresses that are counted. A caller with more addresses is not held by counting them, and
/// begins anew.
const ADDRESSES: usize = 1 << 16;

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// To be told: of ten feeds at most, which are fetched, and a callback is tried.
    Register,
    /// To have others told.
    Ping,
}

impl Asking {
    /// The most requests in an hour. A reader registers once a day for ten feeds; a writer pings
    /// for each message.
    fn most(self) -> usize {
        match self {
            Self::Register => 120,
            Self::Ping => 600,
        }
    }
}

/// How often each address (IPv6: each /64) has asked since the hour began.
pub(super) struct Rates(Mutex<Hour>);

struct Hour {
    start: Instant,
    registrations: Rate<IpAddr, Fixed>,
    pings: Rate<IpAddr, Fixed>,
}

impl Rates {
    /// A count in which nobody has asked yet.
    pub(super) fn new() -> Self {
        let rate = |asking: Asking| {
            let bounds = Bounds { most: asking.most(), keys: ADDRESSES };
            Rate::of(bounds, Fixed { span: HOUR, began: Duration::ZERO }, BTreeMap::new())
        };
        let (registrations, pings) = (rate(Asking::Register), rate(Asking::Ping));
        Self(Mutex::new(Hour { start: Instant::now(), registrations, pings }))
    }

    /// Counts that `caller` asks at `now`; false if that is too often.
    pub(super) fn admit(&self, caller: IpAddr, asking: Asking, now: Instant) -> bool {
        let mut hour = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Hour { start, registrations, pings } = &mut *hour;
        let now = now.saturating_duration_since(*start);
        // A caller that asks begins the hour of both.
        registrations.forget(now);
        pings.forget(now);
        let rate = match asking {
            Asking::Register => registrations,
            Asking::Ping => pings,
        };
        rate.admit(&[&neighbourhood(caller)], now)
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
