//! Which subscribers have yet to be told of a change, and in which order.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::workers::{Next, Queue};
use crate::protocol::url::Url;

/// Threads that tell subscribers.
pub(super) const THREADS: usize = 8;
/// Of these, for the card: strangers must not keep the others from being told.
const FOR_CARD: usize = 4;
/// Of these, for who failed before.
const FOR_AGAIN: usize = 2;
/// The pauses after which a subscriber that failed is tried again; the last from then on, until its
/// lease ends.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(60 * 60),
];

/// Who is told of what.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) feed: Url,
    pub(super) callback: Url,
}

/// A notification to send.
#[derive(Debug)]
pub(super) struct Notification {
    pub(super) route: Arc<Route>,
    pub(super) urgency: Urgency,
}

/// In this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A pair feed: somebody waits for a message.
    Pair,
    /// The card.
    Card,
    /// Whatever failed before.
    Again,
}

/// Each subscriber of each feed has one place here at most: it waits, is being told, or rests.
#[derive(Default)]
pub(super) struct Deliveries {
    under_way: HashMap<Arc<Route>, Delivery>,
    pair: Lane,
    card: Lane,
    again: Lane,
    resting: BTreeSet<(Instant, Arc<Route>)>,
}

#[derive(Debug)]
struct Delivery {
    is_card: bool,
    stage: Stage,
    failures: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// Being told; `again` if the feed changed since that began.
    Running {
        again: bool,
    },
    Resting(Instant),
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Arc<Route>>,
    running: usize,
}

impl Deliveries {
    /// The feed changed: its subscriber is to be told, once, of all changes up to now.
    pub(super) fn announce(&mut self, route: Route, is_card: bool) {
        let route = Arc::new(route);
        let new = Delivery { is_card, stage: Stage::Waiting, failures: 0 };
        let delivery = match self.under_way.get_mut(&route) {
            None => self.under_way.entry(Arc::clone(&route)).or_insert(new),
            Some(delivery) => match delivery.stage {
                Stage::Waiting => return,
                Stage::Running { .. } => {
                    delivery.stage = Stage::Running { again: true };
                    return;
                }
                Stage::Resting(until) => {
                    self.resting.remove(&(until, Arc::clone(&route)));
                    delivery
                }
            },
        };
        delivery.stage = Stage::Waiting;
        let urgency = delivery.urgency();
        self.lane(urgency).waiting.push_back(route);
    }

    fn lane(&mut self, urgency: Urgency) -> &mut Lane {
        match urgency {
            Urgency::Pair => &mut self.pair,
            Urgency::Card => &mut self.card,
            Urgency::Again => &mut self.again,
        }
    }

    /// Queues those that have rested.
    fn wake(&mut self, now: Instant) {
        while self.resting.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, route)) = self.resting.pop_first() else { return };
            if let Some(delivery) = self.under_way.get_mut(&route) {
                delivery.stage = Stage::Waiting;
                self.again.waiting.push_back(route);
            }
        }
    }
}

impl Queue for Deliveries {
    type Job = Notification;
    /// The notification, and whether there is no more to do about it.
    type Done = (Notification, bool);

    fn take(&mut self, now: Instant) -> Next<Notification> {
        self.wake(now);
        for urgency in [Urgency::Pair, Urgency::Card, Urgency::Again] {
            let Some(route) = self.lane(urgency).next(urgency.most()) else { continue };
            if let Some(delivery) = self.under_way.get_mut(&route) {
                delivery.stage = Stage::Running { again: false };
            }
            return Next::Job(Notification { route, urgency });
        }
        Next::Wait(self.resting.first().map(|(until, _)| *until))
    }

    fn is_ready(&self, now: Instant) -> bool {
        self.pair.is_ready(Urgency::Pair.most())
            || self.card.is_ready(Urgency::Card.most())
            || self.again.is_ready(Urgency::Again.most())
            || self.resting.first().is_some_and(|(until, _)| *until <= now)
    }

    fn done(&mut self, (Notification { route, urgency }, told): Self::Done, now: Instant) {
        let lane = self.lane(urgency);
        lane.running = lane.running.saturating_sub(1);
        let Some(delivery) = self.under_way.get_mut(&route) else { return };
        delivery.failures = if told { 0 } else { delivery.failures.saturating_add(1) };
        if delivery.stage == (Stage::Running { again: true }) {
            delivery.stage = Stage::Waiting;
            let urgency = delivery.urgency();
            self.lane(urgency).waiting.push_back(route);
            return;
        }
        let tried = delivery.failures.checked_sub(1);
        let pause = tried.and_then(|tried| PAUSES.get(tried).or(PAUSES.last()));
        match pause.and_then(|pause| now.checked_add(*pause)) {
            Some(until) => {
                delivery.stage = Stage::Resting(until);
                self.resting.insert((until, route));
            }
            None => drop(self.under_way.remove(&route)),
        }
    }
}

impl Delivery {
    fn urgency(&self) -> Urgency {
        match self {
            Self { failures: 1.., .. } => Urgency::Again,
            Self { is_card: true, .. } => Urgency::Card,
            Self { is_card: false, .. } => Urgency::Pair,
        }
    }
}

impl Urgency {
    /// Threads at most.
    fn most(self) -> usize {
        match self {
            Self::Pair => THREADS,
            Self::Card => FOR_CARD,
            Self::Again => FOR_AGAIN,
        }
    }
}

impl Lane {
    fn is_ready(&self, most: usize) -> bool {
        self.running < most && !self.waiting.is_empty()
    }

    fn next(&mut self, most: usize) -> Option<Arc<Route>> {
        if !self.is_ready(most) {
            return None;
        }
        self.running = self.running.saturating_add(1);
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests;
