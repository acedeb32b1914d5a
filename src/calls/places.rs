//! The places of calls by strangers: bounded, and shared out so that nobody's flood takes another's.

use std::net::IpAddr;

use crate::fair::queue::{self, Bounds, FairQueue, Full, Order};
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::store::waiting::calls::Waiting;
use crate::transport::server::neighbourhood;

/// Calls that wait, at most.
const MOST: usize = 100;
const BOUNDS: Bounds = Bounds { in_all: MOST, of_key: MOST, order: Order::Turns, full: Full::Most };

/// Calls by strangers that wait, at most 100 (PROTOCOL §8).
///
/// When there is one too many, the caller with most of them loses its oldest; among equals one that
/// had its turn in vain, or else the one whose turn is farthest. So a caller who has a single call
/// here keeps it until its turn comes, and a call that cannot be followed keeps out none that can.
#[derive(Debug)]
pub struct Places {
    /// By caller, as [`neighbourhood`] has it.
    calls: FairQueue<IpAddr, PleaseFollow>,
}

impl Default for Places {
    fn default() -> Self {
        Self { calls: FairQueue::new(BOUNDS) }
    }
}

impl Places {
    /// The places as [`Places::all`] gave them.
    pub fn of(calls: Vec<Waiting>) -> Self {
        let mut places = Self::default();
        calls.into_iter().for_each(|waiting| places.put(waiting));
        places
    }

    /// The calls in the order in which they would be taken.
    pub fn all(mut self) -> Vec<Waiting> {
        std::iter::from_fn(|| self.calls.pop()).map(written).collect()
    }

    /// Keeps `call` by `caller`. A call that waits already is kept once, for the caller who has
    /// fewer calls here.
    pub fn add(&mut self, caller: IpAddr, call: PleaseFollow) {
        self.put(Waiting { caller: neighbourhood(caller), call, late: false });
    }

    fn put(&mut self, Waiting { caller, call, late }: Waiting) {
        let holder = self.calls.iter().find(|held| held.value == call).map(|held| held.key);
        if let Some(holder) = holder {
            if self.calls.count(&holder) <= self.calls.count(&caller).saturating_add(1) {
                return;
            }
            self.calls.retain(|held| held.value != call);
        }
        self.calls.put(queue::Waiting { key: caller, value: call, late });
    }

    /// Takes a call that `may` be taken now: the oldest such of the first caller in turn who has
    /// one. The calls that come before it have had their turn in vain.
    pub fn take(&mut self, mut may: impl FnMut(&PleaseFollow) -> bool) -> Option<Waiting> {
        self.calls.take(|_, call| may(call)).map(written)
    }

    /// Returns whether none waits.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.calls.len()
    }
}

/// A call as it is written down.
fn written(waiting: queue::Waiting<IpAddr, PleaseFollow>) -> Waiting {
    Waiting { caller: waiting.key, call: waiting.value, late: waiting.late }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calls::examples::{address, call};

    fn taken(places: Places) -> Vec<PleaseFollow> {
        places.all().into_iter().map(|waiting| waiting.call).collect()
    }

    /// The next one, and its caller.
    fn next(
        places: &mut Places,
        may: impl FnMut(&PleaseFollow) -> bool,
    ) -> Option<(IpAddr, PleaseFollow)> {
        places.take(may).map(|waiting| (waiting.caller, waiting.call))
    }

    #[test]
    fn callers_take_turns_and_each_ones_oldest_comes_first() {
        let mut places = Places::default();
        for (caller, number) in [(1, 10), (1, 11), (1, 12), (2, 20), (3, 30), (2, 21)] {
            places.add(address(caller), call(number));
        }
        assert_eq!(taken(places), [10, 20, 30, 11, 21, 12].map(call));
    }

    #[test]
    fn what_may_not_be_taken_yet_waits_and_holds_up_nobody() {
        let mut places = Places::default();
        for (caller, number) in [(1, 10), (1, 11), (2, 20), (3, 31)] {
            places.add(address(caller), call(number));
        }
        let odd = |waiting: &PleaseFollow| [11, 31].map(call).contains(waiting);
        assert_eq!(next(&mut places, odd), Some((address(1), call(11))));
        assert_eq!(next(&mut places, odd), Some((address(3), call(31))));
        assert_eq!(next(&mut places, odd), None);
        assert_eq!(taken(places), [20, 10].map(call));
    }

    #[test]
    fn who_has_most_loses_the_oldest_even_the_newcomer() {
        let mut places = Places::default();
        for number in 0..500 {
            places.add(address(1), call(number));
        }
        assert_eq!(places.len(), MOST);
        places.add(address(2), call(1_000));
        assert_eq!(next(&mut places, |_| true), Some((address(1), call(401))));
        assert_eq!(next(&mut places, |_| true), Some((address(2), call(1_000))));
    }

    #[test]
    fn as_many_callers_as_places_keep_theirs() {
        let mut places = Places::default();
        for caller in 0..300 {
            places.add(address(caller), call(caller));
        }
        assert_eq!(taken(places), (0..100).map(call).collect::<Vec<_>>());
    }

    #[test]
    fn what_had_its_turn_in_vain_gives_way_to_who_can_be_followed() {
        let mut places = Places::default();
        for caller in 0..100 {
            places.add(address(caller), call(caller));
        }
        assert_eq!(places.take(|_| false), None);
        let mut places = Places::of(places.all());
        for newcomer in 100..130 {
            places.add(address(newcomer), call(newcomer));
        }
        let left: Vec<PleaseFollow> = (0..70).chain(100..130).map(call).collect();
        assert_eq!(taken(places), left);
    }

    #[test]
    fn the_same_call_is_kept_once_for_who_has_fewer() {
        let mut places = Places::default();
        for number in [1, 2, 3, 1] {
            places.add(address(1), call(number));
        }
        assert_eq!(places.len(), 3);
        places.add(address(2), call(1));
        assert_eq!(next(&mut places, |_| true), Some((address(1), call(2))));
        assert_eq!(next(&mut places, |_| true), Some((address(2), call(1))));
        places.add(address(2), call(3));
        assert_eq!(taken(places), [call(3)]);
    }

    #[test]
    fn written_down_and_read_again_they_have_the_same_turns() {
        let mut places = Places::default();
        for (caller, number) in [(1, 10), (1, 11), (1, 12), (2, 20), (3, 30), (2, 21)] {
            places.add(address(caller), call(number));
        }
        next(&mut places, |_| true);
        let all = places.all();
        assert_eq!(Places::of(all.clone()).all(), all);
    }

    #[test]
    fn a_customer_of_ipv6_is_one_caller() {
        let mut places = Places::default();
        let of = |address: &str| address.parse::<IpAddr>().unwrap();
        places.add(of("2001:db8:1:2::1"), call(1));
        places.add(of("2001:db8:1:2:ffff::9"), call(2));
        places.add(of("2001:db8:1:3::1"), call(3));
        assert_eq!(taken(places), [1, 3, 2].map(call));
    }

    proptest! {
        #[test]
        fn no_flood_costs_a_single_caller_the_place(
            steps in prop::collection::vec((0_u32..50, any::<u32>(), 0..8), 1..600),
            when: prop::sample::Index,
        ) {
            let (honest, mine) = (address(1_000), call(u32::MAX));
            let (mut places, when) = (Places::default(), when.index(steps.len()));
            let mut found = false;
            for (step, (caller, number, action)) in steps.into_iter().enumerate() {
                if step == when {
                    places.add(honest, mine.clone());
                }
                match action {
                    0 => found |= next(&mut places, |_| true) == Some((honest, mine.clone())),
                    _ => places.add(address(caller), call(number % 1_000_000)),
                }
                prop_assert!(places.len() <= MOST);
            }
            prop_assert!(found || taken(places).contains(&mine));
        }
    }
}
