//! How far a connection has got.

use std::cell::Cell;

use tokio::time::Instant;

/// The facts that a connection and its requests tell each other.
pub(super) struct Progress {
    /// When a client that does not take its answer is cut off.
    pub(super) until: Cell<Instant>,
    /// Whether a request of it has come.
    pub(super) begun: Cell<bool>,
    /// Whether it was answered before the whole request was read.
    pub(super) unread: Cell<bool>,
}
