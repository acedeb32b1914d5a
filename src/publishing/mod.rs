//! Publishing: what stands in `public/` goes on the web, and the cloud is told.
//!
//! `pages` writes what the settings alone decide: card, key, index, WebFinger. `run` runs the
//! user's publish command on a copy that does not change, at a `place` that it can name; `whole` looks
//! before at the attachments in it, and `heard` is what the command prints. `ping` tells the cloud that our feeds
//! name.
//!
//! Its rule: a command that started after the last change has succeeded, or the run says that it has
//! not. A cloud that cannot be told costs a warning, and the next round tries again.
//!
//! It may call writing and the client of clouds, and all below.

mod command;
mod heard;
pub mod pages;
pub mod ping;
mod place;
pub mod run;
mod whole;
