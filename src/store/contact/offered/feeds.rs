//! Our own feeds, as they stand below `public/`. Each can be rebuilt, so what is no feed there counts
//! as absent.

use std::path::Path;

use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::token::Token;
use crate::store::contact::own_feed::Archive;
use crate::store::disk::home::Home;
use crate::store::disk::rebuildable;
use crate::store::error::Result;

/// Reads the pair feed `token`, if a feed is there.
///
/// # Errors
/// When nothing can be said about the file.
pub fn load(home: &Home, token: &Token) -> Result<Option<Channel>> {
    let bytes = bytes(&home.feed(token))?;
    Ok(bytes.and_then(|bytes| parse(&bytes)))
}

/// Reads the pair feed `token` as [`load`] does, with its bytes.
///
/// # Errors
/// As [`load`].
pub fn load_bytes(home: &Home, token: &Token) -> Result<Option<(Channel, Vec<u8>)>> {
    let Some(bytes) = bytes(&home.feed(token))? else { return Ok(None) };
    Ok(parse(&bytes).map(|channel| (channel, bytes)))
}

/// The bytes of `archive` of the pair feed `token`, if it stands there as it was written.
///
/// # Errors
/// As [`load`].
pub fn archive(home: &Home, token: &Token, archive: &Archive) -> Result<Option<Vec<u8>>> {
    let bytes = bytes(&home.archive(token, archive.number))?;
    Ok(bytes.filter(|bytes| match archive.file {
        Some(file) => Hash::of(bytes) == file,
        None => parse(bytes).is_some(),
    }))
}

/// The items of such bytes.
pub fn items(bytes: &[u8]) -> Vec<FeedItem> {
    parse(bytes).map(|channel| channel.items).unwrap_or_default()
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    rebuildable::read(path, limits::FEED)
}

fn parse(bytes: &[u8]) -> Option<Channel> {
    Channel::parse(bytes).inspect_err(|why| log::warn!("a feed of ours is damaged: {why}")).ok()
}
