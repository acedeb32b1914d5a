//! A later version of a contact's certificate, which its feed announces (PROTOCOL §9).

use crate::error::{Error, Kind, Result};
use crate::protocol::feed::channel::{Channel, KeyElement};
use crate::session::fetch::{self};
use crate::session::network::Network;
use crate::session::talk::Talk;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Identity;
use jiff::Timestamp;

/// Takes over a later version of the contact's certificate, which the feed announces by its hash.
pub(super) fn refresh_certificate(
    identity: &Identity,
    network: &Network,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    channel: &Channel,
) -> Result<()> {
    let contact = Contact::load(&identity.home, name)?;
    let Some(key) = announced_key(channel, &contact) else { return Ok(()) };
    let (announced, hash) = match fetch::certificate(network, &key) {
        Ok(found) => found,
        Err(error) => {
            talk.warn(&format!("the certificate of `{name}` could not be refreshed: {error}"));
            return Ok(());
        }
    };
    let locked = identity.lock(now)?;
    let known = contacts::certificate(&locked.home, name)?;
    match known.merged(&announced, now) {
        Ok(merged) => contacts::pin(&locked.home, name, &merged)?,
        Err(cause) => talk.report(
            &Error::new(Kind::Trust, format!("the certificate of `{name}` is kept as it was"))
                .because(cause),
        ),
    }
    let mut contact = Contact::load(&locked.home, name)?;
    contact.key_hash = Some(hash);
    Ok(contact.save(&locked.home, name)?)
}

/// What the feed says of a later version of the pinned certificate: by `im:pgpKey`, or where that
/// has no hash by an item with the key as its enclosure.
fn announced_key(channel: &Channel, contact: &Contact) -> Option<KeyElement> {
    let (fingerprint, element) = (contact.fingerprint.clone(), channel.key.as_ref());
    if let Some(key) = element.filter(|key| key.hash.is_some()) {
        let is_news = key.fingerprint == fingerprint && key.hash != contact.key_hash;
        return is_news.then(|| key.clone());
    }
    let notices = channel.items.iter().filter(|item| item.is_key());
    let mut keys = notices.filter_map(|item| item.enclosure.as_ref());
    let url = keys.find_map(|enclosure| enclosure.url.parse().ok())?;
    Some(KeyElement { fingerprint, hash: None, url })
}
