//! Attachments of ours: sealed files below `public/b`. The octets of the item that an attachment
//! goes with name it; nothing else does.

use std::collections::BTreeSet;

use crate::protocol::sealed::item::Item;
use crate::protocol::values::token::Token;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::Result;

/// The token of the attachment at `url`, if it has the form of one of ours.
pub fn token_of(url: &str) -> Option<Token> {
    url.rsplit('/').next().and_then(|last| last.parse().ok())
}

/// The attachments that the item with these octets names. What is no item names none.
pub fn named_in(octets: &str) -> BTreeSet<Token> {
    let item = Item::parse(octets.as_bytes());
    let urls = item.map(|item| item.attachments).unwrap_or_default();
    urls.iter().filter_map(|attachment| token_of(&attachment.url)).collect()
}

/// Removes these attachments from `public/`, those that are there.
///
/// # Errors
/// When one cannot be removed.
pub fn remove<'a>(home: &Home, tokens: impl IntoIterator<Item = &'a Token>) -> Result<()> {
    let paths: Vec<_> = tokens.into_iter().map(|token| home.attachment(token)).collect();
    atomic::remove_all(&paths)
}
