//! Which subscribers have yet to be told of a change, and in which order.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::protocol::values::url::Url;
use crate::work::pool::{Next, Queue};

/// Threads that tell subscribers.
pub const THREADS: usize = 10;
/// Threads among these for the card: strangers must not keep the others from being told.
const FOR_CARD: usize = 4;
/// Threads among these for subscribers that failed before: so many for pair feeds, and so many for
/// the card.
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

/// The feed that is told of, and the callback that is told.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route {
    pub feed: Url,
    pub callback: Url,
}

/// A notification to send.
#[derive(Debug)]
pub struct Notification {
    pub route: Arc<Route>,
    pub urgency: Urgency,
}

/// The urgency of a notification, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A pair feed: somebody waits for a message.
    Pair,
    /// The card.
    Card,
    /// A pair feed, after a failure.
    PairAgain,
    /// The card, after a failure.
    CardAgain,
}

impl Urgency {
    const ALL: [Self; 4] = [Self::Pair, Self::Card, Self::PairAgain, Self::CardAgain];

    /// Returns whether it failed before.
    pub fn is_again(self) -> bool {
        matches!(self, Self::PairAgain | Self::CardAgain)
    }

    /// Threads at most.
    fn most(self) -> usize {
        match self {
            Self::Pair => THREADS,
            Self::Card => FOR_CARD,
            Self::PairAgain | Self::CardAgain => FOR_AGAIN,
        }
    }
}

/// Each subscriber of each feed has one place here at most: it waits, is being told, or rests.
#[derive(Default)]
pub struct Deliveries {
    under_way: HashMap<Arc<Route>, Delivery>,
    pair: Lane,
    card: Lane,
    pair_again: Lane,
    card_again: Lane,
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
    pub fn announce(&mut self, route: Route, is_card: bool) {
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

    /// The subscriber has shown that it is there: what failed counts no more, and what it has yet to
    /// be told it is told now.
    pub fn reached(&mut self, route: &Route) {
        let Some(delivery) = self.under_way.get_mut(route) else { return };
        delivery.failures = 0;
        if let Stage::Resting(until) = delivery.stage {
            delivery.stage = Stage::Waiting;
            let urgency = delivery.urgency();
            let known = self.under_way.get_key_value(route).map(|(route, _)| Arc::clone(route));
            let Some(route) = known else { return };
            self.resting.remove(&(until, Arc::clone(&route)));
            self.lane(urgency).waiting.push_back(route);
        }
    }

    fn lane(&mut self, urgency: Urgency) -> &mut Lane {
        match urgency {
            Urgency::Pair => &mut self.pair,
            Urgency::Card => &mut self.card,
            Urgency::PairAgain => &mut self.pair_again,
            Urgency::CardAgain => &mut self.card_again,
        }
    }

    /// Queues those that have rested.
    fn wake(&mut self, now: Instant) {
        while self.resting.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, route)) = self.resting.pop_first() else { return };
            if let Some(delivery) = self.under_way.get_mut(&route) {
                delivery.stage = Stage::Waiting;
                let urgency = delivery.urgency();
                self.lane(urgency).waiting.push_back(route);
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
        for urgency in Urgency::ALL {
            let Some(route) = self.lane(urgency).next(urgency.most()) else { continue };
            if let Some(delivery) = self.under_way.get_mut(&route) {
                delivery.stage = Stage::Running { again: false };
            }
            return Next::Job(Notification { route, urgency });
        }
        Next::Wait(self.resting.first().map(|(until, _)| *until))
    }

    fn when(&self, now: Instant) -> Option<Instant> {
        let lanes = [&self.pair, &self.card, &self.pair_again, &self.card_again];
        let mut lanes = lanes.into_iter().zip(Urgency::ALL);
        if lanes.any(|(lane, urgency)| lane.is_ready(urgency.most())) {
            return Some(now);
        }
        self.resting.first().map(|(until, _)| now.max(*until))
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
        match (self.is_card, self.failures) {
            (false, 0) => Urgency::Pair,
            (true, 0) => Urgency::Card,
            (false, _) => Urgency::PairAgain,
            (true, _) => Urgency::CardAgain,
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
