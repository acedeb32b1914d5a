//! `cloud run`: a cloud for feeds that lie elsewhere, as a process of its own.

mod bounds;
pub(crate) mod run;
mod slow;
mod story;
