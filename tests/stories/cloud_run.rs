//! `cloud run`: a cloud for feeds that lie elsewhere, as a process of its own.

mod bounds;
mod run;
mod slow;
mod story;
