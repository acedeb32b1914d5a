//! Things that wait for the user or for another's answer: invitations, calls, an inbox.

pub mod callers;
pub mod calls;
pub mod inbox;
pub mod invitations;
