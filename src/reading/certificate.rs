//! A later version of a contact's certificate, which its feed announces (PROTOCOL §9).

use super::troubles::out_of_reach::{self, Part};
use crate::error::{Error, Kind, Result};
use crate::protocol;
use crate::protocol::feed::channel::{Channel, KeyElement};
use crate::session::run::Run;
use crate::session::web::fetch;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;

/// How often a version is merged anew because another run has changed the pinned one.
const TRIES: usize = 8;

/// Takes over a later version of the contact's certificate, which the feed announces by its hash.
/// One that was not to be had before is only asked for if it is `in_time`. Returns whether it is here.
pub(super) fn refresh_certificate(
    run: &mut Run,
    name: &str,
    channel: &Channel,
    in_time: bool,
) -> Result<bool> {
    let contact = Contact::load(&run.identity.home, name)?;
    let Some(key) = announced_key(channel, &contact) else {
        out_of_reach::note(run, name, Part::Key, None)?;
        return Ok(true);
    };
    if !in_time && contact.key_failing.is_some() {
        return Ok(false);
    }
    let fetched = fetch::certificate(&run.network, &key, run.now()).map_err(Error::from);
    let (announced, hash) = match fetched {
        Ok(found) => found,
        Err(cause) => {
            let what = format!("the certificate of `{name}` could not be refreshed");
            let seen = protocol::Error::malformed(cause.line());
            out_of_reach::note(run, name, Part::Key, Some(Error::cannot(what).because(seen)))?;
            return Ok(false);
        }
    };
    let Run { identity, talk, clock, .. } = run;
    for _ in 0..TRIES {
        // What the host sent is looked at without the lock.
        let now = clock.now();
        let known = contacts::certificate(&identity.home, name)?;
        let merged = known.clone().reduced_if_large(now).0.merged(&announced, now);
        let locked = identity.lock_although_copied(now)?;
        if contacts::certificate(&locked.home, name)? != known {
            continue;
        }
        match merged {
            Ok(merged) => contacts::pin(&locked, name, &merged)?,
            Err(cause) => talk.report_daily(
                &Error::new(Kind::Trust, format!("the certificate of `{name}` is kept as it was"))
                    .because(cause),
            ),
        }
        let mut contact = Contact::load(&locked.home, name)?;
        (contact.key_hash, contact.key_failing) = (Some(hash), None);
        contact.save(&locked, name)?;
        return Ok(true);
    }
    // Others change it all the time: the next look finds it.
    Ok(false)
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
            assert!(refresh_certificate(&mut john.run, "mary", &channel, true).unwrap());
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
        assert!(!refresh_certificate(&mut john.run, "mary", &channel, true).unwrap());
        assert!(john.heard().starts_with("warning: the certificate of `mary` could not be"));
        let failing = john.contact("mary").key_failing.unwrap();
        assert!(failing.seen.ends_with("is not the file that was announced"), "{}", failing.seen);
        assert!(refresh_certificate(&mut john.run, "mary", &Channel::default(), false).unwrap());
        assert!(john.files() == before, "it is announced no more");
    }
}
