//! Callbacks are tried before they are believed, and nobody waits for another's.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use crate::cloud_server::workers::{Next, Queue};
use crate::fair::tally::Tally;
use crate::protocol::calls::cloud::{Form, Protocol};
use crate::protocol::values::url::Url;
use crate::transport::server::Promise;

/// Registrations that wait, in all.
const WAITING: usize = 256;
/// Of one caller.
const WAITING_OF_ONE: usize = 32;
/// Of one caller, checks under way; and of feeds of one host, where the hosts count.
const RUNNING_OF_ONE: usize = 4;

/// A registration that waits for its answer.
pub struct Check {
    /// Who registers: an address, of IPv6 a network.
    pub caller: IpAddr,
    /// Whom to call.
    pub callback: Url,
    /// How.
    pub protocol: Protocol,
    /// Whether it must answer a challenge.
    pub is_challenged: bool,
    /// Of which feeds it is to be told.
    pub feeds: Vec<Url>,
    /// Their hosts, if these may keep others waiting.
    pub hosts: Vec<String>,
    /// The form of the answer, as the caller wants it.
    pub form: Form,
    /// The answer to come.
    pub promise: Promise,
}

/// The registrations that wait, and how many of each caller and each host are under way.
#[derive(Default)]
pub struct Checks {
    waiting: VecDeque<Check>,
    running: Tally<IpAddr>,
    at_hosts: Tally<String>,
}

impl Checks {
    /// Takes a registration in; if there is no room it is dropped, which answers it.
    pub fn push(&mut self, check: Check) {
        let of_one = self.waiting.iter().filter(|other| other.caller == check.caller).count();
        if self.waiting.len() < WAITING && of_one < WAITING_OF_ONE {
            self.waiting.push_back(check);
        }
    }

    fn next(&self) -> Option<usize> {
        self.waiting.iter().position(|check| {
            self.running.of(&check.caller) < RUNNING_OF_ONE
                && check.hosts.iter().all(|host| self.at_hosts.of(host) < RUNNING_OF_ONE)
        })
    }
}

impl Queue for Checks {
    type Job = Check;
    /// The caller, and the hosts.
    type Done = (IpAddr, Vec<String>);

    fn take(&mut self, _: Instant) -> Next<Check> {
        let Some(check) = self.next().and_then(|at| self.waiting.remove(at)) else {
            return Next::Wait(None);
        };
        self.running.more(check.caller);
        for host in &check.hosts {
            self.at_hosts.more(host.clone());
        }
        Next::Job(check)
    }

    fn when(&self, now: Instant) -> Option<Instant> {
        self.next().map(|_| now)
    }

    fn done(&mut self, (caller, hosts): Self::Done, _: Instant) {
        self.running.less(&caller);
        for host in &hosts {
            self.at_hosts.less(host);
        }
    }
}
