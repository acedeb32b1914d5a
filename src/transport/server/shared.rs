//! The state that all connections of a server share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::answer::Answer;
use super::sharing::Open;
use crate::transport::limits::{Limits, neighbourhood};
use crate::transport::message::Request;

pub(super) type Handler = dyn Fn(Request) -> Answer + Send + Sync;

/// The state that all connections share.
pub(super) struct Server {
    pub(super) limits: Limits,
    pub(super) handler: Arc<Handler>,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) connections: Arc<Semaphore>,
    /// Requests with a worker, and those that wait for one.
    pub(super) jobs: Arc<Semaphore>,
    pub(super) workers: Arc<Semaphore>,
    /// Turns in which files are read.
    pub(super) reads: Arc<Semaphore>,
    pub(super) addresses: RefCell<HashMap<IpAddr, usize>>,
    pub(super) bodies: Cell<usize>,
    pub(super) open: Rc<Open>,
}

/// One of the connections that an address may have; given back when dropped.
pub(super) struct Place(Rc<Server>, IpAddr);

impl Drop for Place {
    fn drop(&mut self) {
        let mut addresses = self.0.addresses.borrow_mut();
        match addresses.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(addresses.remove(&self.1)),
        }
    }
}

impl Server {
    pub(super) fn place(self: &Rc<Self>, address: IpAddr) -> Option<Place> {
        let key = neighbourhood(address);
        let mut addresses = self.addresses.borrow_mut();
        let count = addresses.get(&key).copied().unwrap_or(0);
        if count >= self.limits.per_address {
            return None;
        }
        addresses.insert(key, count.saturating_add(1));
        Some(Place(Rc::clone(self), key))
    }
}
