//! A contact's key is replaced by another, and the old one says so (PROTOCOL §9).

use std::rc::Rc;
use std::time::Duration;

use super::introduction_and_state;
use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::open::{self, Opened, sealed_hash};
use crate::openpgp::message::refusal::Refusal;
use crate::protocol::sealed::handshake;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::sealed::item::{Item, Stream};
use crate::protocol::sealed::transition::Transition;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::{OctetsHash, SealedHash};
use crate::reading::intake::{Intake, verdicts};
use crate::reading::opening::documents::{Documents, Entry, Sealed};
use crate::reading::opening::openings::Closed;
use crate::session::web::network::Network;
use crate::store::contact::entry::Trust;
use crate::store::contact::former_key::FormerKey;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::verdicts::Why;

/// A key that the pinned one names as its successor.
struct Successor {
    certificate: Certificate,
    introduction: Introduction,
    octets: Vec<u8>,
    sealed: SealedHash,
    /// The place where the pinned key says so: the last that it signs.
    stream: Stream,
}

/// How often a contact's key is followed to the next at once.
const AT_ONCE: usize = 4;

impl Intake<'_> {
    /// Follows the contact from key to key up to the one that the newest document of `chain` names.
    /// One that the user has verified is left by the user's decision alone.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub(in crate::reading) fn follow_key(&mut self, documents: &Documents<'_>) -> Result<()> {
        let named = documents.newest().and_then(|newest| newest.channel.key.as_ref());
        let Some(named) = named.map(|key| key.fingerprint.clone()) else { return Ok(()) };
        while named != self.contact.fingerprint && self.contact.trust == Trust::FirstUse {
            if self.followed.before.len() >= AT_ONCE {
                // Each costs some writes under the lock: the rest is followed at the next look.
                self.again = true;
                break;
            }
            let found = documents.items().filter_map(|entry| self.successor(entry)).next();
            let Some(next) = found else { break };
            self.follow_to(next)?;
            self.openings.begin_again();
            self.open_ahead(documents);
        }
        Ok(())
    }

    /// The successor of the pinned key as `item` names it, if it is new, by that key, and right.
    fn successor(&mut self, entry: &Entry<'_>) -> Option<Successor> {
        let sealed = entry.sealed.filter(|_| self.is_new(entry))?;
        let opened = self.unseal(sealed).ok()?;
        let (item, stream) = self.read(entry.item.guid().ok()?, &opened).ok()?;
        self.judge_transition(item.transition.as_ref()?, stream).ok()
    }

    fn judge_transition(
        &self,
        transition: &Transition,
        stream: Stream,
    ) -> std::result::Result<Successor, String> {
        let certificate = transition.certificate.as_bytes();
        let certificate = Certificate::parse_reduced(certificate, self.now);
        let certificate = certificate.map_err(|cause| cause.to_string())?;
        let fingerprint = certificate.fingerprint();
        certificate
            .usable(self.now)
            .map_err(|why| format!("the certificate {fingerprint} {why}"))?;
        let opened = open::open_signed(&transition.introduction, &certificate, self.now);
        let octets = opened.map_err(|refusal| refusal.to_string())?.octets;
        let introduction = Introduction::parse(&octets).map_err(|cause| cause.to_string())?;
        let ours = self.keys.fingerprints().map_err(|error| error.to_string())?;
        handshake::check_later(&introduction, &fingerprint, &ours, None)
            .map_err(|cause| cause.to_string())?;
        let network = Network::of(&self.identity.config, Duration::ZERO);
        handshake::check_urls(&introduction, |url| network.permits(url))
            .map_err(|cause| cause.to_string())?;
        let in_force = self.contact.theirs.introduction.as_ref();
        let is_later = in_force
            .is_some_and(|seen| seen.log == introduction.log && seen.serial < introduction.serial);
        if introduction.replaces.as_ref() != Some(&self.contact.fingerprint) || !is_later {
            return Err("it replaces another key, or by an old introduction".to_owned());
        }
        if self.contact.theirs.rejected.contains(&fingerprint) {
            return Err(format!("it leads to the key {fingerprint}, which you have rejected"));
        }
        let sealed = sealed_hash(&transition.introduction);
        Ok(Successor { certificate, introduction, octets, sealed, stream })
    }

    /// Goes on by the successor.
    fn follow_to(&mut self, next: Successor) -> Result<()> {
        let new = next.certificate.fingerprint();
        let old = std::mem::replace(&mut self.contact.fingerprint, new.clone());
        let before = std::mem::replace(&mut self.certificate, next.certificate);
        let text = format!("its key is now {new}: the one before, {old}, says so");
        let record = Record::notice(About::Trust, false, self.now, text);
        self.followed.notices.push(record.about(&self.contact));
        self.followed.before.push(before.clone());
        let (log, until) = (next.stream.log, next.stream.sequence);
        self.contact.theirs.former.push(FormerKey { fingerprint: old, log, until });
        self.former.push(before);
        (self.contact.key_hash, self.contact.theirs.offered) = (None, None);
        let hash = OctetsHash::of(&next.octets);
        introduction_and_state::adopt(
            &mut self.contact,
            next.introduction,
            hash,
            Some(next.sealed),
        );
        self.verdicts = verdicts(&self.identity.home, self.keys, self.name, &self.certificate)?;
        self.followed.contact = Some(self.contact.clone());
        self.succeeded = true;
        Ok(())
    }

    /// Opens an item that a former key of the contact has signed, in its time.
    fn open_by_former(&mut self, sealed: Sealed<'_>) -> std::result::Result<Rc<Opened>, Closed> {
        for certificate in &self.former {
            let fingerprint = certificate.fingerprint();
            let opened = match self.openings.open(self.keys, sealed, certificate, self.now) {
                Ok(opened) => opened,
                Err(Closed::PutOff) => return Err(Closed::PutOff),
                Err(Closed::Refused(_)) => continue,
            };
            let place = Item::parse(&opened.octets).ok().and_then(|item| item.stream);
            let mut former = self.contact.theirs.former.iter();
            let former = former.find(|former| former.fingerprint == fingerprint);
            if place.zip(former).is_some_and(|(at, former)| former.reaches(at.log, at.sequence)) {
                return Ok(opened);
            }
        }
        Err(Refusal::UnknownSigner.into())
    }

    /// Why the authentic `item`, which tells of another key, is not to be taken now. One whose key is
    /// left to the user is taken, and told.
    pub(in crate::reading) fn waits_for_key(
        &mut self,
        item: &Item,
        stream: &Stream,
    ) -> Option<(Why, String)> {
        let transition = item.transition.as_ref()?;
        let leads_to = Certificate::parse(transition.certificate.as_bytes());
        let leads_to: Option<Fingerprint> = leads_to.ok().map(|key| key.fingerprint());
        let theirs = &self.contact.theirs;
        let is_past = |key: &Fingerprint| {
            *key == self.contact.fingerprint || theirs.former.iter().any(|f| f.fingerprint == *key)
        };
        if leads_to.as_ref().is_some_and(is_past) {
            return None;
        }
        match self.judge_transition(transition, stream.clone()) {
            Err(reason) => Some((Why::Failed, reason)),
            Ok(_) if self.contact.trust == Trust::FirstUse => {
                Some((Why::Early, "the feed does not name its new key yet".to_owned()))
            }
            Ok(next) => {
                let new = next.certificate.fingerprint();
                self.tell(
                    About::Trust,
                    format!(
                        "its key, which you have verified, names another as its successor: {new}"
                    ),
                );
                None
            }
        }
    }

    /// Opens an item, whichever of the contact's keys has signed it.
    pub(in crate::reading) fn opened_item(
        &mut self,
        sealed: Sealed<'_>,
    ) -> std::result::Result<Rc<Opened>, Closed> {
        match self.openings.open(self.keys, sealed, &self.certificate, self.now) {
            Err(Closed::Refused(Refusal::UnknownSigner)) => self.open_by_former(sealed),
            opened => opened,
        }
    }

    /// Reads an item, whichever of the contact's keys has signed it.
    pub(in crate::reading) fn unseal_item(
        &mut self,
        sealed: Sealed<'_>,
    ) -> std::result::Result<Rc<Opened>, Closed> {
        match self.unseal(sealed) {
            Err(Closed::Refused(Refusal::UnknownSigner)) => self.open_by_former(sealed),
            opened => opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::message::seal;
    use crate::protocol::feed::channel::FeedItem;
    use crate::reading::testing::Scene;
    use crate::store::testing::Type;
    use crate::writing::testing::{head, tell_new_key};

    /// Mary replaces her key, and her feed says so.
    fn replace_key(scene: &mut Scene) -> (Fingerprint, Fingerprint) {
        let old = scene.mary.certificate().fingerprint();
        scene.mary.replace_key();
        tell_new_key(&mut scene.mary, "john").unwrap();
        scene.feed = scene.mary.feed("john");
        (old, scene.mary.certificate().fingerprint())
    }

    #[test]
    fn a_contact_is_followed_to_the_key_that_its_old_one_names() {
        let mut scene = Scene::begin();
        scene.write("before");
        let (old, new) = replace_key(&mut scene);
        scene.read();
        let contact = scene.contact();
        assert_eq!(contact.fingerprint, new);
        assert_eq!(scene.john.pinned("mary").fingerprint(), new);
        assert_eq!(contact.theirs.former.len(), 1);
        assert_eq!(contact.theirs.former[0].fingerprint, old);
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains(&format!("its key is now {new}")), "{told:?}");
        assert_eq!(scene.messages(), ["before"], "the old key has signed it");
        scene.write("after");
        scene.read();
        assert_eq!(scene.messages(), ["before", "after"]);
        assert_eq!(scene.told(Type::Trust).len(), 1);
        assert!(scene.told(Type::Integrity).is_empty());
    }

    #[test]
    fn a_contact_is_followed_through_several_keys_at_once() {
        let mut scene = Scene::begin();
        replace_key(&mut scene);
        scene.wait(1);
        let (_, last) = replace_key(&mut scene);
        scene.read();
        assert_eq!(scene.contact().fingerprint, last);
        assert_eq!(scene.contact().theirs.former.len(), 2);
    }

    #[test]
    fn a_key_that_the_user_has_verified_is_left_by_the_user_alone() {
        let mut scene = Scene::begin();
        scene.john.update("mary", |mary| mary.trust = Trust::Verified);
        let (old, new) = replace_key(&mut scene);
        scene.read();
        scene.read();
        assert_eq!(scene.contact().fingerprint, old);
        let told = scene.told(Type::Trust);
        let named = told.iter().filter(|text| text.contains("names another as its successor"));
        assert_eq!(named.count(), 1, "{told:?}");
        assert!(told.iter().any(|text| text.contains(new.as_str())), "{told:?}");
        scene.write("by the new key");
        scene.read();
        assert!(scene.messages().is_empty());
    }

    #[test]
    fn a_key_that_the_user_has_rejected_is_not_followed_to() {
        let mut scene = Scene::begin();
        let (old, new) = replace_key(&mut scene);
        scene.john.update("mary", |mary| mary.theirs.rejected.push(new));
        scene.read();
        assert_eq!(scene.contact().fingerprint, old);
        let told = scene.told(Type::Integrity);
        assert!(told.iter().any(|text| text.contains("which you have rejected")), "{told:?}");
    }

    #[test]
    fn a_new_key_waits_until_the_feed_names_it() {
        let mut scene = Scene::begin();
        let named = scene.feed.key.clone();
        let (old, new) = replace_key(&mut scene);
        let now_named = std::mem::replace(&mut scene.feed.key, named);
        scene.read();
        assert_eq!(scene.contact().fingerprint, old);
        let told = scene.told(Type::Trust);
        assert!(told.iter().any(|text| text.contains("does not name its new key yet")), "{told:?}");
        scene.feed.key = now_named;
        scene.read();
        assert_eq!(scene.contact().fingerprint, new);
    }

    #[test]
    fn who_has_the_old_key_cannot_write_after_the_new_one_took_over() {
        let mut scene = Scene::begin();
        let stolen = scene.mary.secret();
        replace_key(&mut scene);
        scene.read();
        let item =
            scene.item(2, scene.mary.contact("john").ours.head.map(|head| head.hash), "forged");
        let (octets, now) = (item.octets(&head()), scene.mary.now());
        let (john, rng) = (scene.john.certificate(), &mut scene.mary.run.keys.rng);
        let sealed = seal::seal(octets.as_bytes(), &stolen, &[&john], now, rng).unwrap();
        scene.feed.items.insert(0, FeedItem::sealed(item.guid, sealed));
        scene.read();
        assert!(scene.messages().is_empty());
        let told = scene.told(Type::Trust);
        assert!(told.iter().any(|text| text.contains("signed by an unknown key")), "{told:?}");
    }

    #[test]
    fn a_transition_from_another_key_or_by_an_old_introduction_is_refused() {
        let changes: [fn(&mut Introduction); 3] =
            [|i| i.replaces = "A".repeat(40).parse().ok(), |i| i.replaces = None, |i| i.serial = 1];
        for change in changes {
            let mut scene = Scene::begin();
            let old = scene.mary.secret();
            scene.mary.replace_key();
            let (now, new) = (scene.mary.now(), scene.mary.certificate());
            scene.introduce(now, |introduction| {
                introduction.serial = 2;
                introduction.fingerprint = new.fingerprint();
                introduction.replaces = Some(old.fingerprint());
            });
            let mut signed = String::new();
            scene.introduce(now, |introduction| {
                introduction.serial = 2;
                introduction.fingerprint = new.fingerprint();
                introduction.replaces = Some(old.fingerprint());
                change(introduction);
                signed = introduction.write();
            });
            let (secret, rng) = scene.mary.run.keys.secret().unwrap();
            let introduction = seal::sign(signed.as_bytes(), secret, now, rng).unwrap();
            let transition = Some(Transition { introduction, certificate: new.to_armored() });
            let item = Item { transition, ..scene.item(1, None, "another key") };
            let (octets, john) = (item.octets(&head()), scene.john.certificate());
            let rng = &mut scene.mary.run.keys.rng;
            let sealed = seal::seal(octets.as_bytes(), &old, &[&john], now, rng).unwrap();
            scene.feed.items.insert(0, FeedItem::sealed(item.guid, sealed));
            scene.feed.key.as_mut().unwrap().fingerprint = new.fingerprint();
            scene.read();
            assert_eq!(scene.contact().fingerprint, old.fingerprint());
            let told = scene.told(Type::Integrity);
            let is_told = |text: &String| text.contains("it replaces another key");
            assert!(told.iter().any(is_told), "{told:?}");
        }
    }
}
