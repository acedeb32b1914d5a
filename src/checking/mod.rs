//! Checking: whether all is well with this home, as it is on the disk and as others see it.
//!
//! In come the files of the home and the documents that hosts give. Out comes a [`finding`] for each
//! thing that was looked at: it is well, or what is wrong and which command mends it. `here` looks at
//! the disk and asks no network; `outside` asks our own host and those of contacts, as anybody can.
//!
//! `repair` rebuilds what other files of the home say, and asks before what cannot be undone.
//!
//! Its rule: looking changes nothing but the note of when our pages were seen from outside, and no lock is held while a host is asked. A judgement is a function
//! of what was seen and of what the disk holds, so that each can be tried alone.
//!
//! It may call `sync`, and all below.

pub mod finding;
pub mod here;
pub mod outside;
pub mod repair;
