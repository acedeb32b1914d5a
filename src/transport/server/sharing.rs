//! Who gives way when there is no room for all: whoever has most, and of that the oldest that is idle.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::rc::Rc;

use tokio::time::Instant;

use super::progress::Progress;
use crate::transport::limits::neighbourhood;

/// The connections that are open, in the order in which they came.
#[derive(Default)]
pub(super) struct Open {
    all: RefCell<BTreeMap<u64, One>>,
    next: Cell<u64>,
}

struct One {
    /// The address, or network, at the other end; none for a trusted proxy, which speaks for many.
    peer: Option<IpAddr>,
    progress: Rc<Progress>,
}

/// An open connection; forgotten when dropped.
pub(super) struct Entry(Rc<Open>, u64);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.all.borrow_mut().remove(&self.1);
    }
}

impl Open {
    /// Notes a connection by `peer`, unless that is a trusted proxy.
    pub(super) fn enter(self: &Rc<Self>, peer: Option<IpAddr>, progress: Rc<Progress>) -> Entry {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        let peer = peer.map(neighbourhood);
        self.all.borrow_mut().insert(id, One { peer, progress });
        Entry(Rc::clone(self), id)
    }

    /// Ends an idle connection for one by `newcomer`: the oldest of the address that has most, and more
    /// than the newcomer would have. Returns whether there is such.
    pub(super) fn give_seat(&self, newcomer: IpAddr) -> bool {
        self.end(neighbourhood(newcomer), 1, |one| one.peer.map(|peer| (peer, 1)))
    }

    /// Ends a request whose body is unfinished for so many octets by `newcomer`, by the same rule.
    pub(super) fn give_memory(&self, newcomer: IpAddr, octets: usize) -> bool {
        self.end(neighbourhood(newcomer), octets, |one| {
            let body = one.progress.body.get();
            (body > 0).then(|| (neighbourhood(one.progress.client.get()), body))
        })
    }

    /// Ends what has the greatest share by `share`, which says whose each is and how much it has.
    fn end(
        &self,
        newcomer: IpAddr,
        wanted: usize,
        share: impl Fn(&One) -> Option<(IpAddr, usize)>,
    ) -> bool {
        let mut all = self.all.borrow_mut();
        let mut shares: HashMap<IpAddr, usize> = HashMap::new();
        for (whose, amount) in all.values().filter_map(&share) {
            let sum = shares.entry(whose).or_default();
            *sum = sum.saturating_add(amount);
        }
        let own = shares.get(&newcomer).copied().unwrap_or_default().saturating_add(wanted);
        let rank = |one: &One| -> Option<(usize, Reverse<Instant>)> {
            let (whose, _) = share(one)?;
            let sum = shares.get(&whose).copied().filter(|sum| *sum > own)?;
            Some((sum, Reverse(one.progress.idle.get()?)))
        };
        let ranked = all.iter().filter_map(|(id, one)| Some((rank(one)?, *id)));
        let Some(id) = ranked.max().map(|(_, id)| id) else { return false };
        // It is gone for the next newcomer, though it may take a moment to leave.
        if let Some(one) = all.remove(&id) {
            one.progress.leave.notify_one();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// So many idle connections of each address, the first oldest.
    fn open(of: &[(u8, usize)]) -> (Rc<Open>, Vec<(Rc<Progress>, Entry)>) {
        let (open, mut all) = (Rc::new(Open::default()), Vec::new());
        let start = Instant::now();
        for (last, count) in of {
            for _ in 0..*count {
                let progress = Rc::new(Progress::new(ip(*last), start));
                let since = start + Duration::from_secs(all.len() as u64);
                progress.idle.set(Some(since));
                let entry = open.enter(Some(ip(*last)), Rc::clone(&progress));
                all.push((progress, entry));
            }
        }
        (open, all)
    }

    fn left(all: &[(Rc<Progress>, Entry)]) -> Vec<usize> {
        let is_told = |progress: &Progress| {
            let mut cx = Context::from_waker(Waker::noop());
            pin!(progress.leave.notified()).poll(&mut cx).is_ready()
        };
        let told = all.iter().enumerate().filter(|(_, (progress, _))| is_told(progress));
        told.map(|(at, _)| at).collect()
    }

    #[test]
    fn the_oldest_idle_one_of_who_has_most_leaves() {
        let (open, all) = open(&[(1, 1), (2, 3), (3, 2)]);
        all[1].0.idle.set(None);
        assert!(open.give_seat(ip(9)));
        assert_eq!(left(&all), [2], "the first of 2 is at work");
        // 2 and 3 have two each now, and one that is told is not told again.
        assert!(open.give_seat(ip(9)) && open.give_seat(ip(9)));
        assert_eq!(left(&all).len(), 2);
    }

    #[test]
    fn who_has_most_takes_nothing_from_the_others() {
        let (open, all) = open(&[(1, 1), (2, 3)]);
        assert!(!open.give_seat(ip(2)));
        assert!(open.give_seat(ip(1)));
        assert_eq!(left(&all), [1], "1 would have two, and 2 had three");
        assert!(!open.give_seat(ip(1)));
    }

    #[test]
    fn memory_is_shared_by_octets() {
        let (open, all) = open(&[(1, 2), (2, 1)]);
        for (at, octets) in [(0, 700), (1, 700), (2, 900)] {
            all[at].0.body.set(octets);
        }
        assert!(!open.give_memory(ip(1), 100), "its own share is the largest");
        assert!(open.give_memory(ip(2), 100));
        assert_eq!(left(&all), [0]);
    }
}
