//! The places of calls by strangers: bounded, and shared out so that nobody's flood takes another's.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::protocol::calls::please_follow::PleaseFollow;
use crate::store::waiting::calls::Waiting;
use crate::transport::server::neighbourhood;

/// Calls that wait, at most.
const MOST: usize = 100;

/// Calls by strangers that wait, at most 100 (PROTOCOL §8).
///
/// When there is one too many, the caller with most of them loses its oldest; among equals one
/// that had its turn in vain, or else the one whose turn is farthest. So whoever has a single call
/// here keeps it until its turn comes, and what cannot be followed keeps out nobody who can.
#[derive(Debug, Default)]
pub struct Places {
    /// In the order in which they have their turn.
    callers: VecDeque<Caller>,
}

#[derive(Debug)]
struct Caller {
    /// As [`neighbourhood`] has it.
    address: IpAddr,
    /// Never none; oldest first.
    calls: VecDeque<Waiting>,
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
        let mut all = Vec::new();
        while let Some(mut caller) = self.callers.pop_front() {
            all.extend(caller.calls.pop_front());
            if !caller.calls.is_empty() {
                self.callers.push_back(caller);
            }
        }
        all
    }

    /// Keeps `call` by `caller`. What waits already is kept once, for whoever has fewer calls here.
    pub fn add(&mut self, caller: IpAddr, call: PleaseFollow) {
        self.put(Waiting { caller: neighbourhood(caller), call, late: false });
    }

    fn put(&mut self, waiting: Waiting) {
        let address = waiting.caller;
        let is_held = |caller: &&Caller| caller.calls.iter().any(|held| held.call == waiting.call);
        if let Some(holder) = self.callers.iter().find(is_held) {
            if holder.calls.len() <= self.count(address).saturating_add(1) {
                return;
            }
            self.remove(&waiting.call);
        }
        match self.callers.iter_mut().find(|known| known.address == address) {
            Some(known) => known.calls.push_back(waiting),
            None => self.callers.push_back(Caller { address, calls: [waiting].into() }),
        }
        if self.len() > MOST {
            self.make_room();
        }
    }

    /// Takes a call that `may` be taken now: the oldest such of the first caller in turn who has
    /// one. Those that come before it have had their turn in vain.
    pub fn take(&mut self, mut may: impl FnMut(&PleaseFollow) -> bool) -> Option<Waiting> {
        let mut ready = |waiting: &mut Waiting| {
            waiting.late = !may(&waiting.call);
            !waiting.late
        };
        let mut turns = self.callers.iter_mut().enumerate();
        let (turn, at) = turns.find_map(|(turn, caller)| {
            caller.calls.iter_mut().position(&mut ready).map(|at| (turn, at))
        })?;
        let mut caller = self.callers.remove(turn)?;
        let taken = caller.calls.remove(at);
        if !caller.calls.is_empty() {
            self.callers.push_back(caller);
        }
        taken
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }

    fn remove(&mut self, call: &PleaseFollow) {
        for caller in &mut self.callers {
            caller.calls.retain(|waiting| waiting.call != *call);
        }
        self.callers.retain(|caller| !caller.calls.is_empty());
    }

    fn len(&self) -> usize {
        self.callers.iter().map(|caller| caller.calls.len()).sum()
    }

    fn count(&self, address: IpAddr) -> usize {
        let known = self.callers.iter().find(|known| known.address == address);
        known.map_or(0, |known| known.calls.len())
    }

    fn make_room(&mut self) {
        let is_late = |caller: &Caller| caller.calls.front().is_some_and(|oldest| oldest.late);
        let key = |caller: &&mut Caller| (caller.calls.len(), is_late(caller));
        if let Some(most) = self.callers.iter_mut().max_by_key(key) {
            most.calls.pop_front();
        }
        self.callers.retain(|caller| !caller.calls.is_empty());
    }
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
