//! How far a connection has got.

use std::cell::Cell;
use std::net::IpAddr;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The facts that a connection and its requests tell each other.
pub(super) struct Progress {
    /// When a client that does not take its answer is cut off.
    pub(super) until: Cell<Instant>,
    /// Whether a request of it has come.
    pub(super) begun: Cell<bool>,
    /// Whether it was answered before the whole request was read.
    pub(super) unread: Cell<bool>,
    /// Since when nothing whole has come: no head, or no body to its end. None while a request is worked
    /// on, or a long answer is on its way.
    pub(super) idle: Cell<Option<Instant>>,
    /// Octets of an unfinished body in memory.
    pub(super) body: Cell<usize>,
    /// Whose request it is: the peer, or who stands behind a proxy.
    pub(super) client: Cell<IpAddr>,
    /// Somebody else needs the room more: the connection ends.
    pub(super) leave: Notify,
}

impl Progress {
    /// That of a connection by `peer` that has just begun, and is cut off at `until`.
    pub(super) fn new(peer: IpAddr, until: Instant) -> Self {
        Self {
            until: Cell::new(until),
            begun: Cell::new(false),
            unread: Cell::new(false),
            idle: Cell::new(Some(Instant::now())),
            body: Cell::new(0),
            client: Cell::new(peer),
            leave: Notify::new(),
        }
    }
}
