//! One contact's folder: what we know of it (`entry`), its `history`, and what is `offered` to it.

pub mod basis;
pub mod contacts;
pub mod entry;
pub mod failing;
pub mod fork;
pub mod former_key;
pub mod history;
pub mod offered;
pub mod own_feed;
pub mod pair;
pub mod ranges;
pub mod verdicts;
