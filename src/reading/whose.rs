//! Whose feed a document is, where it came by no URL.

use jiff::Timestamp;

use crate::error::Result;
use crate::protocol::feed::channel::Channel;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::url::Url;
use crate::session::keys::Keys;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Identity;

/// The URL that `channel` gives as its own, if that is not the feed, nor an archive of the feed, of the
/// contact called `name`. A contact that moved says so in an introduction by its key.
///
/// # Errors
/// When the contact cannot be read, or our key not be unlocked.
pub fn other(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    name: &str,
    channel: &Channel,
) -> Result<Option<Url>> {
    let contact = Contact::load(&identity.home, name)?;
    let named = if channel.archive { &channel.current } else { &channel.self_link };
    let Some(named) = named.as_ref().filter(|named| **named != contact.feed) else {
        return Ok(None);
    };
    let Some(sealed) = &channel.introduction else { return Ok(Some(named.clone())) };
    keys.unlock()?;
    let certificate = contacts::certificate(&identity.home, name)?;
    let opened = keys.unseal(sealed, &certificate, now).ok();
    let introduced = opened.and_then(|opened| Introduction::parse(&opened.octets).ok());
    let is_theirs = introduced.is_some_and(|introduction| introduction.feed == *named);
    Ok(Some(named.clone()).filter(|_| !is_theirs))
}
