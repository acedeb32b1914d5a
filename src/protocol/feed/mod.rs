//! The documents that stand openly on the web: feeds, cards, pages that link to them (PROTOCOL §3,
//! §7).

pub mod card;
pub mod channel;
mod elements;
mod feed_item;
pub(in crate::protocol) mod html;
pub mod kind;
pub mod mail;
mod namespaces;
pub mod page;
pub mod strangers;
pub mod webfinger;
