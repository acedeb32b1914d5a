//! A lease: our registration with the cloud of a contact, for a day at a time (PROTOCOL §10).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::protocol::calls::cloud::Protocol;
use crate::protocol::values::url::Url;

/// How long a cloud keeps a registration; so says the answer to it.
pub const LEASE: SignedDuration = SignedDuration::from_hours(25);
/// When it is renewed: two hours are left for a cloud that is down.
const RENEWAL: SignedDuration = SignedDuration::from_hours(23);
/// The pauses after failures: the first, and the longest.
const PAUSES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(30), SignedDuration::from_hours(1));

/// Our registration for a contact's feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// The cloud: its pleaseNotify URL.
    pub cloud: Url,
    /// The feed that it tells us of.
    pub feed: Url,
    /// The URL at which it tells us; known to it alone.
    pub callback: Url,
    /// The word for the protocol that it took the last time.
    pub protocol: Option<String>,
    /// The time until which it will tell us, if it ever agreed.
    pub until: Option<Timestamp>,
    /// When to register again.
    pub next: Timestamp,
    /// How often in a row that has failed.
    #[serde(default)]
    pub failures: u32,
    /// The reason for the last failure.
    pub failure: Option<String>,
}

impl Lease {
    /// A lease to be had at once.
    pub fn new(cloud: Url, feed: Url, callback: Url, now: Timestamp) -> Self {
        let (protocol, until, failure) = (None, None, None);
        Self { cloud, feed, callback, protocol, until, next: now, failures: 0, failure }
    }

    /// Whether it is time to register at `now`. A clock that was ahead when the lease was made
    /// must not keep us from it.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next <= now || self.next > now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
    }

    /// Notes that the cloud agreed at `now`, to call by `protocol`.
    pub fn granted(&mut self, protocol: &Protocol, now: Timestamp) {
        let after = |time| now.saturating_add(time).unwrap_or(Timestamp::MAX);
        (self.until, self.next) = (Some(after(LEASE)), after(RENEWAL));
        (self.failures, self.failure) = (0, None);
        self.protocol = Some(protocol.as_str().to_owned());
    }

    /// Notes that the cloud refused, or did not answer, at `now`.
    pub fn failed(&mut self, why: String, now: Timestamp) {
        let (first, longest) = PAUSES;
        let doubled = first.saturating_mul(1 << self.failures.min(16));
        self.next = now.saturating_add(doubled.min(longest)).unwrap_or(Timestamp::MAX);
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease() -> Lease {
        let url = |path: &str| Url::normalized(&format!("https://mary.example/{path}")).unwrap();
        Lease::new(url("pleaseNotify"), url("f/x.rss"), url("notify/x"), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_lease_is_renewed_before_it_ends() {
        let mut lease = lease();
        assert!(lease.is_due(Timestamp::UNIX_EPOCH));
        lease.granted(&Protocol::HttpPost, Timestamp::UNIX_EPOCH);
        let hours = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        assert_eq!(lease.until, Some(hours(25)));
        assert!(!lease.is_due(hours(22)) && lease.is_due(hours(23)));
        assert!(lease.is_due(hours(-100)), "the clock was wrong when it was granted");
    }

    #[test]
    fn a_cloud_that_is_down_is_asked_with_growing_pauses() {
        let (mut lease, mut now, mut pauses) = (lease(), Timestamp::UNIX_EPOCH, Vec::new());
        for _ in 0..9 {
            lease.failed("it is down".to_owned(), now);
            pauses.push(lease.next.duration_since(now).as_secs());
            now = lease.next;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        lease.granted(&Protocol::HttpsPost, now);
        assert_eq!((lease.failures, lease.failure), (0, None));
        assert_eq!(lease.protocol.as_deref(), Some("https-post"));
    }
}
