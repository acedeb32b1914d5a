//! The threads of the cloud: there while there is work, and not more than so many.

use crate::work::pool::{Pool, Queue};

/// The threads that work off a queue.
pub(super) type Workers<Q> = Pool<Q>;

/// At most `most` threads that do `work` with the jobs of `queue`.
pub(super) fn employ<Q: Queue>(
    most: usize,
    queue: Q,
    work: impl Fn(Q::Job) -> Q::Done + Send + Sync + 'static,
) -> Workers<Q> {
    Pool::on_demand("cloudim-cloud", most, queue, work)
}
