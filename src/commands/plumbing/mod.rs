//! The plumbing: each does one step of `send` or `poll`, from stdin to stdout, so that any carrier
//! will do between two steps.
//!
//! `send mary` is `compose | encrypt --to mary | append mary && publish && cloud ping URL`; `poll
//! mary` is `fetch mary | receive mary`. A story runs both forms and compares the homes.

pub(super) mod append;
pub(super) mod compose;
pub(super) mod decrypt;
pub(super) mod encrypt;
pub(super) mod fetch;
pub(super) mod receive;
