//! Attachments of ours: sealed files below `public/b`. The octets of the item that an attachment
//! goes with name it; nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::sealed::item::{Attachment, Item};
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::token::Token;
use crate::store::disk::home::Home;
use crate::store::disk::{changes, mirror, rebuildable};
use crate::store::error::Result;
use crate::store::identity::own::Locked;

/// The longest file that is ours.
pub const LIMIT: usize = limits::ATTACHMENT + limits::SEALED;

/// The token of the attachment at `url`, if it has the form of one of ours.
pub fn token_of(url: &str) -> Option<Token> {
    url.rsplit('/').next().and_then(|last| last.parse().ok())
}

/// The attachments that the item with these octets names. What is no item names none.
pub fn named_in(octets: &str) -> BTreeSet<Token> {
    announced_in(octets).into_keys().collect()
}

/// The same, as the item announces them.
pub fn announced_in(octets: &str) -> BTreeMap<Token, Attachment> {
    let item = Item::parse(octets.as_bytes());
    let all = item.map(|item| item.attachments).unwrap_or_default();
    all.into_iter().filter_map(|one| Some((token_of(&one.url)?, one))).collect()
}

/// Whether the file of the attachment `token` stands below `public/` as it was `announced`.
///
/// # Errors
/// When nothing can be said about the file.
pub fn is_whole(home: &Home, token: &Token, announced: &Attachment) -> Result<bool> {
    Ok(is_it(rebuildable::read(&home.attachment(token), LIMIT)?.as_deref(), announced))
}

/// The attachment `token` out of the copy that the publish command saw last, if that is as it was
/// `announced`.
///
/// # Errors
/// When nothing can be said about the copy.
pub fn copied(home: &Home, token: &Token, announced: &Attachment) -> Result<Option<Vec<u8>>> {
    let copy = rebuildable::read(&mirror::copy_of(home, &home.attachment(token)), LIMIT)?;
    Ok(copy.filter(|bytes| is_it(Some(bytes), announced)))
}

/// Whether `bytes` are the sealed file that was `announced`.
pub fn is_it(bytes: Option<&[u8]>, announced: &Attachment) -> bool {
    bytes.is_some_and(|bytes| Hash::of(bytes) == announced.hash)
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
