//! Attachments of ours: sealed files below `public/b`. The octets of the item that an attachment
//! goes with name it; nothing else does.

use std::collections::BTreeSet;

use crate::protocol::sealed::item::Item;
use crate::protocol::values::token::Token;
use crate::store::disk::changes;
use crate::store::error::Result;
use crate::store::identity::own::Locked;

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

/// Removes these attachments from `public/`, those that are there. A publish command that has seen a
/// change of `public/` before is to see this one too, whether or not a feed changes with it.
///
/// # Errors
/// When one cannot be removed, or the change not noted.
pub fn remove<'a>(locked: &Locked<'_>, tokens: impl IntoIterator<Item = &'a Token>) -> Result<()> {
    let home = &locked.home;
    let mut paths: Vec<_> = tokens.into_iter().map(|token| home.attachment(token)).collect();
    paths.retain(|path| path.exists());
    if !paths.is_empty() && changes::changed(home)? > 0 {
        changes::about_to_change(home)?;
    }
    home.remove_all(&paths)
}
