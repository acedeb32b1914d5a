use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const PLACES: usize = 6;
const OF_KEY: usize = 4;

fn queue(order: Order, full: Full) -> FairQueue<u8, usize> {
    FairQueue::new(Bounds { in_all: PLACES, of_key: OF_KEY, order, full })
}

/// A queue into which these were put, of each key the first, second and so on.
fn filled(order: Order, full: Full, keys: &[u8]) -> FairQueue<u8, usize> {
    let mut queue = queue(order, full);
    for (number, key) in keys.iter().enumerate() {
        queue.push(*key, number);
    }
    queue
}

/// The values that come out, in this order.
fn all(mut queue: FairQueue<u8, usize>) -> Vec<usize> {
    std::iter::from_fn(|| queue.pop()).map(|waiting| waiting.value).collect()
}

#[test]
fn what_came_first_is_first_or_the_keys_take_turns() {
    let keys = [1, 1, 1, 2, 3, 2];
    assert_eq!(all(filled(Order::Arrival, Full::Most, &keys)), [0, 1, 2, 3, 4, 5]);
    assert_eq!(all(filled(Order::Turns, Full::Most, &keys)), [0, 3, 4, 1, 5, 2]);
}

#[test]
fn what_may_not_be_taken_is_late_and_holds_up_nobody() {
    for (order, first) in [(Order::Arrival, 1), (Order::Turns, 2)] {
        let mut queue = filled(order, Full::Most, &[1, 2, 1, 3]);
        let taken = queue.take(|_, number| [1, 2].contains(number)).unwrap();
        assert_eq!((taken.value, taken.late), (first, false));
        assert!(queue.iter().all(|waiting| waiting.late == (waiting.value == 0)));
        assert_eq!(queue.take(|_, _| false), None);
        assert!(queue.iter().all(|waiting| waiting.late));
    }
}

#[test]
fn the_newcomer_gives_way_where_that_is_the_rule() {
    let mut queue = filled(Order::Arrival, Full::Newcomer, &[1, 1, 1, 1]);
    assert_eq!(queue.push(1, 4).unwrap().value, 4, "too many of one");
    assert_eq!((queue.push(2, 5), queue.push(3, 6)), (None, None));
    assert_eq!(queue.push(4, 7).unwrap().value, 7, "too many in all");
    assert_eq!(all(queue), [0, 1, 2, 3, 5, 6]);
}

#[test]
fn whoever_has_most_loses_the_oldest_even_the_newcomer() {
    for order in [Order::Arrival, Order::Turns] {
        let mut queue = filled(order, Full::Most, &[1, 2, 2, 2, 2]);
        assert_eq!(queue.push(2, 5).unwrap().value, 1, "too many of one");
        assert_eq!(queue.push(3, 6), None);
        assert_eq!(queue.push(4, 7).unwrap().value, 2, "too many in all");
        assert_eq!(queue.push(1, 8).unwrap().value, 3);
    }
}

#[test]
fn among_equals_the_oldest_goes_or_the_late_and_then_the_farthest() {
    let keys = [1, 2, 3, 4, 5, 6];
    let mut queue = filled(Order::Arrival, Full::Most, &keys);
    assert_eq!(queue.push(7, 6).unwrap().value, 0);
    let mut queue = filled(Order::Turns, Full::Most, &keys);
    assert_eq!(queue.push(7, 6).unwrap().value, 6);
    assert_eq!(queue.take(|_, number| *number == 3).unwrap().value, 3);
    assert_eq!(queue.push(8, 7), None);
    for late in [2, 1, 0] {
        assert_eq!(queue.push(9, 8).unwrap().value, late);
        queue.retain(|waiting| waiting.key != 9);
        queue.push(10 + u8::try_from(late).unwrap(), 9);
    }
}

#[test]
fn what_waited_before_is_late_as_before() {
    let mut queue = queue(Order::Turns, Full::Most);
    let (a, b) =
        (Waiting { key: 1, value: 1, late: true }, Waiting { key: 1, value: 2, late: false });
    assert_eq!((queue.put(a.clone()), queue.put(b.clone())), (None, None));
    assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(a), Some(b), None]);
}

/// A step that is done with a queue.
#[derive(Clone, Debug)]
enum Step {
    Push(u8),
    /// Takes what is of no key below this.
    Take(u8),
    Pop,
    /// Removes what is of this key.
    Remove(u8),
}

fn steps(keys: u8) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..keys).prop_map(Step::Push),
        2 => (0..keys).prop_map(Step::Take),
        1 => Just(Step::Pop),
        1 => (0..keys).prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 0..200)
}

fn rules() -> impl Strategy<Value = (Order, Full)> {
    let order = prop_oneof![Just(Order::Arrival), Just(Order::Turns)];
    (order, prop_oneof![Just(Full::Newcomer), Just(Full::Most)])
}

fn is_sound(queue: &FairQueue<u8, usize>) -> bool {
    let mut counts = BTreeMap::<u8, usize>::new();
    queue.iter().for_each(|waiting| *counts.entry(waiting.key).or_default() += 1);
    queue.len() <= PLACES
        && counts.iter().all(|(key, count)| *count <= OF_KEY && queue.count(key) == *count)
        && queue.turns.len() == counts.len()
        && queue.turns.iter().all(|key| counts.contains_key(key))
}

proptest! {
    #[test]
    fn the_bounds_hold_nothing_is_lost_and_each_keys_oldest_comes_first(
        (order, full) in rules(), steps in steps(12)
    ) {
        let (mut queue, mut left) = (queue(order, full), BTreeSet::new());
        for (number, step) in steps.into_iter().enumerate() {
            let before: Vec<_> = queue.iter().cloned().collect();
            let taken = match step {
                Step::Push(key) => {
                    left.insert(number);
                    let gone = queue.push(key, number).map(|gone| gone.value);
                    prop_assert!(gone.is_none_or(|gone| left.remove(&gone)));
                    prop_assert!(full == Full::Most || gone.is_none_or(|gone| gone == number));
                    None
                }
                Step::Take(least) => queue.take(|key, _| *key >= least),
                Step::Pop => queue.pop(),
                Step::Remove(key) => {
                    queue.retain(|waiting| waiting.key != key);
                    before.iter().filter(|other| other.key == key).for_each(|other| {
                        left.remove(&other.value);
                    });
                    None
                }
            };
            if let Some(taken) = taken {
                let oldest = before.iter().find(|other| other.key == taken.key);
                prop_assert_eq!(oldest.map(|oldest| oldest.value), Some(taken.value));
                prop_assert!(left.remove(&taken.value));
            }
            prop_assert!(is_sound(&queue), "{queue:?}");
            prop_assert!(queue.iter().map(|waiting| waiting.value).eq(left.iter().copied()));
        }
    }

    #[test]
    fn no_flood_by_fewer_keys_than_places_costs_a_single_one_its_place(
        order in prop_oneof![Just(Order::Arrival), Just(Order::Turns)],
        steps in steps(u8::try_from(PLACES).unwrap() - 1),
        when: prop::sample::Index,
    ) {
        let (mut queue, mut found) = (queue(order, Full::Most), false);
        let when = when.index(steps.len() + 1);
        for (number, step) in steps.into_iter().enumerate() {
            if number == when {
                queue.push(100, usize::MAX);
            }
            let taken = match step {
                Step::Push(key) => queue.push(key, number).filter(|gone| gone.key == 100),
                Step::Take(least) => queue.take(|key, _| *key >= least),
                Step::Pop => queue.pop(),
                Step::Remove(_) => None,
            };
            found |= taken.as_ref().is_some_and(|taken| taken.key == 100);
            prop_assert!(!found || !matches!(step, Step::Push(_)), "it gave way");
            if found {
                break;
            }
            prop_assert!(number < when || queue.count(&100) == 1);
        }
    }

    #[test]
    fn nobody_has_two_turns_before_who_waits_has_one(keys in prop::collection::vec(0_u8..4, 1..7)) {
        let mut queue = filled(Order::Turns, Full::Most, &keys);
        while let Some(taken) = queue.pop() {
            let others: BTreeSet<u8> = queue.iter().map(|other| other.key).collect();
            let next: BTreeSet<u8> =
                queue.turns.iter().take_while(|key| **key != taken.key).copied().collect();
            let waits = others.into_iter().filter(|key| *key != taken.key).collect();
            prop_assert_eq!(next, waits);
        }
    }
}
