//! The addresses of a host, tried in turn.

use std::time::Duration;

/// How long an address may take to answer before the next one is tried: short at first, since of
/// two families one may lead nowhere (RFC 8305), and then longer, since a line may be slow.
const PATIENCE: [Duration; 3] =
    [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// What one attempt came to.
pub(super) enum Attempt<C, E> {
    /// A connection.
    Connected(C),
    /// No answer within its time; the address may be tried again.
    Late(E),
    /// An answer that no more time would change.
    Failed(E),
}

/// Tries `addresses` in turn until `connect` comes to a connection; it is given an address and the
/// time that it may take. `left` says how much time is left for all of it. Nothing without
/// addresses or time.
///
/// # Errors
/// What the last attempt failed with.
pub(super) fn first<A: Copy, C, E>(
    addresses: &[A],
    left: impl Fn() -> Duration,
    mut connect: impl FnMut(A, Duration) -> Attempt<C, E>,
) -> Option<Result<C, E>> {
    let mut open = addresses.to_vec();
    let mut failure = None;
    for patience in PATIENCE.into_iter().map(Some).chain([None]) {
        let round = std::mem::take(&mut open);
        let mut waiting = u32::try_from(round.len()).unwrap_or(u32::MAX);
        for address in round {
            let left = left();
            if left.is_zero() {
                return failure;
            }
            // The last round shares what is left; a lone address has all of it at once.
            let share = left / waiting.max(1);
            let time = patience.filter(|_| addresses.len() > 1).unwrap_or(share).min(left);
            match connect(address, time) {
                Attempt::Connected(connection) => return Some(Ok(connection)),
                Attempt::Late(cause) => {
                    open.push(address);
                    failure = Some(Err(cause));
                }
                Attempt::Failed(cause) => failure = Some(Err(cause)),
            }
            waiting = waiting.saturating_sub(1);
        }
    }
    failure
}

/// `addresses` with the two families in turn, the family of the first one first.
pub(super) fn mixed<A: Copy>(addresses: &[A], is_v6: impl Fn(A) -> bool) -> Vec<A> {
    let of_first = |address: A| addresses.first().is_some_and(|one| is_v6(*one) == is_v6(address));
    let (mut ones, mut others): (Vec<A>, Vec<A>) =
        addresses.iter().partition(|address| of_first(**address));
    ones.reverse();
    others.reverse();
    let mut mixed = Vec::new();
    while ones.len() + others.len() > 0 {
        mixed.extend(ones.pop());
        mixed.extend(others.pop());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const ALL: Duration = Duration::from_secs(20);

    /// Tries addresses of which each answers after so many milliseconds: never, if that is 0.
    /// Returns the one that did, and when.
    fn race(answers: &[u64]) -> (Option<usize>, u128, Vec<usize>) {
        let passed = Cell::new(Duration::ZERO);
        let tried = RefCell::new(Vec::new());
        let addresses: Vec<usize> = (0..answers.len()).collect();
        let won = first(
            &addresses,
            || ALL.saturating_sub(passed.get()),
            |address, time| {
                tried.borrow_mut().push(address);
                let needed = Duration::from_millis(answers[address]);
                let answers = !needed.is_zero() && needed <= time;
                passed.set(passed.get() + if answers { needed } else { time });
                if answers { Attempt::Connected(address) } else { Attempt::Late(address) }
            },
        );
        (won.and_then(Result::ok), passed.get().as_millis(), tried.into_inner())
    }

    #[test]
    fn an_address_that_leads_nowhere_costs_a_third_of_a_second() {
        assert_eq!(race(&[0, 20]), (Some(1), 320, vec![0, 1]));
        assert_eq!(race(&[20, 0]), (Some(0), 20, vec![0]));
    }

    #[test]
    fn a_slow_line_gets_more_time_in_each_round() {
        assert_eq!(race(&[0, 800]), (Some(1), 300 + 300 + 1000 + 800, vec![0, 1, 0, 1]));
        let (won, passed, _) = race(&[0, 5000]);
        assert_eq!(won, Some(1));
        assert!(passed <= ALL.as_millis());
    }

    #[test]
    fn a_lone_address_has_all_the_time_and_nothing_takes_more() {
        assert_eq!(race(&[19_000]), (Some(0), 19_000, vec![0]));
        let (won, passed, tried) = race(&[0, 0, 0]);
        assert_eq!((won, passed, tried.len()), (None, ALL.as_millis(), 12));
        assert!(first(&[0; 0], || ALL, |_, _| Attempt::<(), ()>::Late(())).is_none());
    }

    #[test]
    fn an_address_that_refuses_is_tried_once() {
        let tried = Cell::new(0);
        let won = first(
            &[1, 2],
            || ALL,
            |_, _| {
                tried.set(tried.get() + 1);
                Attempt::<(), _>::Failed("refused")
            },
        );
        assert_eq!((won, tried.get()), (Some(Err("refused")), 2));
    }

    #[test]
    fn families_take_turns() {
        for (addresses, expected) in [
            (&[61, 62, 41, 42][..], &[61, 41, 62, 42][..]),
            (&[41, 61, 62, 63], &[41, 61, 62, 63]),
            (&[61, 62], &[61, 62]),
            (&[], &[]),
        ] {
            assert_eq!(mixed(addresses, |address| address > 60), expected);
        }
    }
}
