//! What the stories share: people, and the static hosts that serve them.
#![allow(dead_code, unused_imports, reason = "no program of stories needs all of it")]

pub mod again;
pub mod ending;
pub mod folder;
pub mod garbage;
pub mod hand;
pub mod heard;
pub mod host;
pub mod kept_folder;
pub mod killer;
pub mod peer;
pub mod port;
pub mod raw;
pub mod sound;
pub mod static_host;
pub mod stub;
pub mod tree;
pub mod tty;
pub mod waiting;
