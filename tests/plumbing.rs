//! The small tools, and that they do together what the large ones do.

mod common;

#[path = "plumbing/carriers.rs"]
mod carriers;
#[path = "plumbing/cloud.rs"]
mod cloud;
#[path = "plumbing/cloud_command/mod.rs"]
mod cloud_command;
#[path = "plumbing/homes.rs"]
mod homes;
#[path = "plumbing/publish.rs"]
mod publish;
#[path = "plumbing/sealing.rs"]
mod sealing;
#[path = "cloud/subscriber.rs"]
#[allow(dead_code, reason = "another story needs the rest of it")]
mod subscriber;
