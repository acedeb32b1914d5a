//! The content of a feed: the `frame` around all that it says, our `state` of the contact's log, how
//! that is sealed, and how long an item is retained.

pub mod frame;
pub mod introducing;
pub mod repair;
pub mod retention;
pub mod sealing;
pub mod state;
