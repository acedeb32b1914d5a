//! One round: look for answers and news, store, acknowledge, deliver, publish.
//!
//! `poll` does one, `listen` many. `round` holds the order, `pinning` is the user's word on a key
//! that changed, `history` forgets what was kept for long enough.
//!
//! Its rule: a failure for one contact is reported, and stops nobody else.
//!
//! It may call every room but those of servers, and all below.

pub mod history;
pub mod pinning;
pub mod restored;
pub mod round;
