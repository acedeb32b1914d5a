//! Callbacks are tried before they are believed, and nobody waits for another's.

use std::net::IpAddr;
use std::time::Instant;

use crate::fair::queue::{Bounds, FairQueue, Full, Order};
use crate::fair::tally::Tally;
use crate::protocol::calls::cloud::{Form, Protocol};
use crate::protocol::values::url::Url;
use crate::transport::server::Promise;
use crate::work::pool::{Next, Queue};

/// Registrations that wait, in all.
const WAITING: usize = 256;
/// Registrations of one caller that wait.
const WAITING_OF_ONE: usize = 32;
/// The bounds of the queue. A caller that is turned away can register again, and one that waits
/// already shall have an answer.
const BOUNDS: Bounds =
    Bounds { in_all: WAITING, of_key: WAITING_OF_ONE, order: Order::Arrival, full: Full::Newcomer };
/// Checks under way of one caller; and of feeds of one host, where the hosts count.
const RUNNING_OF_ONE: usize = 4;

/// A registration that waits for its answer.
pub struct Check {
    /// The caller that registers: an address, of IPv6 a network.
    pub caller: IpAddr,
    /// The URL to call.
    pub callback: Url,
    /// The way to call it.
    pub protocol: Protocol,
    /// Whether it must answer a challenge.
    pub is_challenged: bool,
    /// The feeds of which it is to be told.
    pub feeds: Vec<Url>,
    /// Their hosts, if these may keep others waiting.
    pub hosts: Vec<String>,
    /// The form of the answer, as the caller wants it.
    pub form: Form,
    /// The answer to come.
    pub promise: Promise,
}

/// The registrations that wait, and how many of each caller and each host are under way.
pub struct Checks {
    /// The registrations that wait, by caller.
    waiting: FairQueue<IpAddr, Check>,
    running: Running,
}

#[derive(Default)]
struct Running {
    of_callers: Tally<IpAddr>,
    at_hosts: Tally<String>,
}

impl Default for Checks {
    fn default() -> Self {
        Self { waiting: FairQueue::new(BOUNDS), running: Running::default() }
    }
}

impl Checks {
    /// Takes a registration in; if there is no room it is dropped, which answers it.
    pub fn push(&mut self, check: Check) {
        drop(self.waiting.push(check.caller, check));
    }
}

impl Running {
    /// Returns whether `check` may begin.
    fn leave_room(&self, check: &Check) -> bool {
        self.of_callers.of(&check.caller) < RUNNING_OF_ONE
            && check.hosts.iter().all(|host| self.at_hosts.of(host) < RUNNING_OF_ONE)
    }
}

impl Queue for Checks {
    type Job = Check;
    /// The caller, and the hosts.
    type Done = (IpAddr, Vec<String>);

    fn take(&mut self, _: Instant) -> Next<Check> {
        let next = self.waiting.take(|_, check| self.running.leave_room(check));
        let Some(check) = next.map(|next| next.value) else { return Next::Wait(None) };
        self.running.of_callers.more(check.caller);
        for host in &check.hosts {
            self.running.at_hosts.more(host.clone());
        }
        Next::Job(check)
    }

    fn when(&self, now: Instant) -> Option<Instant> {
        let mut waiting = self.waiting.iter();
        waiting.any(|waiting| self.running.leave_room(&waiting.value)).then_some(now)
    }

    fn done(&mut self, (caller, hosts): Self::Done, _: Instant) {
        self.running.of_callers.less(&caller);
        for host in &hosts {
            self.running.at_hosts.less(host);
        }
    }
}
