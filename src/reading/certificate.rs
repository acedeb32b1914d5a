//! A later version of a contact's certificate, which its feed announces (PROTOCOL §9).

use crate::error::{Error, Kind, Result};
use crate::protocol::feed::channel::{Channel, KeyElement};
use crate::session::talk::Talk;
use crate::session::web::fetch;
use crate::session::web::network::Network;
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
    let locked = identity.lock_although_copied(now)?;
    let known = contacts::certificate(&locked.home, name)?;
    match known.merged(&announced, now) {
        Ok(merged) => contacts::pin(&locked, name, &merged)?,
        Err(cause) => talk.report(
            &Error::new(Kind::Trust, format!("the certificate of `{name}` is kept as it was"))
                .because(cause),
        ),
    }
    let mut contact = Contact::load(&locked.home, name)?;
    contact.key_hash = Some(hash);
    Ok(contact.save(&locked, name)?)
}

/// The later version of the pinned certificate that the feed announces: by `im:pgpKey`, or where
/// that has no hash by an item with the key as its enclosure.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::feed::channel::{Enclosure, FeedItem};
    use crate::protocol::values::hash::Hash;
    use crate::session::run::Run;
    use crate::session::testing::Host;
    use crate::store::testing::contact;
    use crate::writing::testing::acquainted;

    fn key(letter: char, hash: Option<Hash>) -> KeyElement {
        let fingerprint = letter.to_string().repeat(40).parse().unwrap();
        KeyElement { fingerprint, hash, url: "https://a.example/key.asc".parse().unwrap() }
    }

    #[test]
    fn the_pinned_key_with_another_hash_is_news() {
        let (new, mut contact) = (Some(Hash::of(b"new")), contact('A'));
        let announced =
            |contact: &Contact, key| announced_key(&Channel { key, ..Channel::default() }, contact);
        assert_eq!(announced(&contact, Some(key('A', new))), Some(key('A', new)));
        contact.key_hash = Some(Hash::of(b"old"));
        assert_eq!(announced(&contact, Some(key('A', new))), Some(key('A', new)));
        contact.key_hash = new;
        assert_eq!(announced(&contact, Some(key('A', new))), None);
        assert_eq!(announced(&contact, Some(key('B', Some(Hash::of(b"other"))))), None);
        assert_eq!(announced(&contact, Some(key('A', None))), None);
        assert_eq!(announced(&contact, None), None);
    }

    #[test]
    fn where_the_feed_gives_no_hash_a_notice_of_a_key_is_news() {
        let url = "https://a.example/key.asc".parse().unwrap();
        let notice = FeedItem { enclosure: Some(Enclosure::key(&url, 1)), ..FeedItem::default() };
        let channel = |key| Channel { key, items: vec![notice.clone()], ..Channel::default() };
        let contact = contact('A');
        for element in [None, Some(key('A', None))] {
            assert_eq!(announced_key(&channel(element), &contact), Some(key('A', None)));
        }
        let known = Contact { key_hash: Some(Hash::of(b"x")), ..contact };
        let element = Some(key('A', Some(Hash::of(b"x"))));
        assert_eq!(announced_key(&channel(element), &known), None);
    }

    #[test]
    fn a_later_version_of_the_certificate_is_merged_and_read_once() {
        let (host, (mut john, mut mary)) = (Host::start(), acquainted());
        john.set("allow = [\"127.0.0.0/8\"]");
        mary.rotate();
        let later = mary.certificate().to_armored();
        host.put("key.asc", &later);
        let key = KeyElement {
            fingerprint: mary.certificate().fingerprint(),
            hash: Some(Hash::of(later.as_bytes())),
            url: format!("{}key.asc", host.base).parse().unwrap(),
        };
        let channel = Channel { key: Some(key), ..Channel::default() };
        for asked in [1, 0] {
            let now = john.now();
            let Run { identity, network, talk, .. } = &mut john.run;
            refresh_certificate(identity, network, talk, now, "mary", &channel).unwrap();
            assert_eq!(host.asked().len(), asked);
        }
        let subkey = |certificate: crate::openpgp::Certificate| {
            certificate.encryption_subkey(john.now()).unwrap()
        };
        assert_eq!(subkey(john.pinned("mary")), subkey(mary.certificate()));
    }

    #[test]
    fn a_file_that_is_not_what_was_announced_changes_nothing() {
        let (host, (mut john, mary)) = (Host::start(), acquainted());
        john.set("allow = [\"127.0.0.0/8\"]");
        host.put("key.asc", "another");
        let before = john.files();
        let key = KeyElement {
            fingerprint: mary.certificate().fingerprint(),
            hash: Some(Hash::of(b"announced")),
            url: format!("{}key.asc", host.base).parse().unwrap(),
        };
        let channel = Channel { key: Some(key), ..Channel::default() };
        let now = john.now();
        let Run { identity, network, talk, .. } = &mut john.run;
        refresh_certificate(identity, network, talk, now, "mary", &channel).unwrap();
        assert!(john.heard().starts_with("warning: "));
        assert!(john.files() == before);
    }
}
