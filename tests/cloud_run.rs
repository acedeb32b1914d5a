//! `cloud run`: a cloud for feeds that lie elsewhere, as a process of its own.

mod common;

#[path = "cloud_run/bounds.rs"]
mod bounds;
#[path = "cloud_run/run.rs"]
mod run;
#[path = "cloud_run/slow.rs"]
mod slow;
#[path = "cloud_run/story.rs"]
mod story;
#[path = "cloud/subscriber.rs"]
#[allow(dead_code, reason = "another story needs the rest of it")]
mod subscriber;
