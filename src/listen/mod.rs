//! Listening: a home that serves, takes calls and notifications, and does rounds.
//!
//! In come requests (`door`), the time, and changes of the home. Out come answers from `public/`
//! (`hosting`), and what `poll` would have done, at once instead of by the clock. `listening`
//! employs the threads, `duties` says what they do, and when; `attention` looks after a
//! contact whose feed changed, `callers` after those who call. `keyless` is the server that holds no
//! secret.
//!
//! Its rule: a stranger, and a host that hangs, hold up no message: each duty has threads of its own,
//! and they meet on disk as processes do.
//!
//! It may call the round and our cloud, and all below.

mod announcement;
mod attention;
mod callers;
mod directory;
pub mod door;
mod duties;
pub mod end;
pub mod hosting;
pub mod keyless;
pub mod listening;
