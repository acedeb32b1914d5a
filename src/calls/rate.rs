//! How often a host may be named by those who call.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::fair::rate::{self, Bounds, Sliding};
use crate::protocol::calls::please_follow::PleaseFollow;

/// Calls that name one host, in an hour.
const AN_HOUR: usize = 3;
/// Names that are remembered; each costs some hundred bytes.
const NAMES: usize = 1_000;

/// How often calls have named each host, lately: so nobody makes us visit one over and over.
#[derive(Debug)]
pub struct Rate {
    named: rate::Rate<String, Sliding>,
}

impl Default for Rate {
    fn default() -> Self {
        Self::of(BTreeMap::new())
    }
}

impl Rate {
    /// As it was, when each host was named at these times.
    pub fn of(named: BTreeMap<String, Vec<Timestamp>>) -> Self {
        let bounds = Bounds { most: AN_HOUR, keys: NAMES };
        Self { named: rate::Rate::of(bounds, Sliding(SignedDuration::from_hours(1)), named) }
    }

    /// When each host was named in the hour before `now`.
    pub fn named(self, now: Timestamp) -> BTreeMap<String, Vec<Timestamp>> {
        self.named.into_marks(now)
    }

    /// Returns whether a stranger's `call` may be followed at `now`, by the hosts that it names; if
    /// so, it counts. Else it can wait: an hour later it may.
    pub fn admit(&mut self, call: &PleaseFollow, now: Timestamp) -> bool {
        let (feed, key) = (call.feed.host(), call.key.host());
        let both: &[&str] = if feed == key { &[feed] } else { &[feed, key] };
        self.named.admit(both, now)
    }

    /// As [`Rate::admit`], for a call that answers a pending feed of ours: only who was invited
    /// knows that feed, so strangers who name the same host do not keep the answer out.
    pub fn admit_answer(&mut self, call: &PleaseFollow, now: Timestamp) -> bool {
        let answered = call.in_reply_to.as_ref().map(|feed| feed.as_str());
        answered.is_some_and(|feed| self.named.admit(&[feed], now)) || self.admit(call, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::url::Url;

    fn call(feed: &str, key: &str) -> PleaseFollow {
        let url = |host: &str| Url::normalized(&format!("https://{host}/x")).unwrap();
        PleaseFollow { feed: url(feed), key: url(key), in_reply_to: None }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn a_host_is_named_three_times_an_hour() {
        let mut rate = Rate::default();
        for minute in 0..3 {
            assert!(rate.admit(&call("a.example", "a.example"), at(minute)));
        }
        assert!(!rate.admit(&call("a.example", "b.example"), at(4)));
        assert!(!rate.admit(&call("b.example", "a.example"), at(4)));
        assert!(rate.admit(&call("b.example", "b.example"), at(4)));
        assert!(rate.admit(&call("a.example", "a.example"), at(61)));
    }

    #[test]
    fn a_flood_of_names_fills_no_memory_and_refuses_nobody_else() {
        let mut rate = Rate::default();
        for number in 0..5_000 {
            let host = format!("h{number}.example");
            assert!(rate.admit(&call(&host, &host), at(0)));
            assert!(rate.named.len() <= NAMES);
        }
        assert!(rate.admit(&call("honest.example", "honest.example"), at(1)));
    }

    #[test]
    fn strangers_who_name_a_host_do_not_keep_an_answer_from_there_out() {
        let mut rate = Rate::default();
        while rate.admit(&call("a.example", "a.example"), at(0)) {}
        let feed = Url::normalized("https://ours.example/f/x.rss").unwrap();
        let answer = PleaseFollow { in_reply_to: Some(feed), ..call("a.example", "a.example") };
        let admitted = (0..5).filter(|_| rate.admit_answer(&answer, at(1))).count();
        assert_eq!(admitted, AN_HOUR);
    }
}
