//! Our own feeds, as they stand below `public/`.

use crate::protocol::feed::channel::Channel;
use crate::protocol::values::token::Token;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};

/// Reads the pair feed `token`, if it is there.
///
/// # Errors
/// When it is there and not a feed of ours.
pub fn load(home: &Home, token: &Token) -> Result<Option<Channel>> {
    let path = home.feed(token);
    let Some(bytes) = atomic::read(&path)? else { return Ok(None) };
    Channel::parse(&bytes).map(Some).or_cannot_use(&path)
}
