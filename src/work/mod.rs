//! Work, and the threads that do it.
//!
//! A `pool` has threads that work off a queue: such as stay, and such as come and go with the work.
//! A `schedule` is a pool whose work has a time, each by its key. A `list` is worked off once, by
//! several threads.
//!
//! Its rules: no lock is held while work is done; what is due begins, whatever else hangs, as long as
//! there is a thread; after the end nothing begins.
//!
//! It stands on nothing of the house.

pub mod list;
pub mod pool;
pub mod schedule;
