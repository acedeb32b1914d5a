//! Telling the user of a contact's feed, each thing once.

use super::intake::Intake;
use crate::openpgp::message::refusal::{Refusal, Treatment};
use crate::protocol::values::hash::SealedHash;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::verdicts::{Verdict, Why};

impl Intake<'_> {
    /// Notes that a sealed object was refused, and tells of it once.
    pub(super) fn refuse(&mut self, what: &str, guid: &str, sealed: SealedHash, refusal: &Refusal) {
        let why = match refusal.treatment() {
            _ if *refusal == Refusal::NotForUs => Why::Unopened,
            Treatment::Held if matches!(refusal, Refusal::Ahead(_)) => Why::Early,
            Treatment::Held => Why::Unknown,
            Treatment::Forged | Treatment::Failed => Why::Failed,
        };
        if *refusal == Refusal::NotForUs && self.keys.lacks_secret() {
            let reason =
                "it is sealed to a subkey whose secret is gone, and comes again".to_owned();
            if self.remember(guid, sealed, why, reason.clone()) {
                self.tell(About::Trust, format!("{what} cannot be opened: {reason}"));
            }
        } else if let Some(why) = self.disputed.filter(|_| why == Why::Unknown) {
            // The notice that the feed names another key says it all.
            self.remember(guid, sealed, why, refusal.to_string());
        } else if self.remember(guid, sealed, why, refusal.to_string()) {
            let about = if refusal.is_of_trust() { About::Trust } else { About::Integrity };
            self.tell(about, format!("{what} is {}: {refusal}", word(why)));
        }
    }

    /// Notes why a sealed object was not taken, and tells of it once.
    pub(super) fn note(
        &mut self,
        what: &str,
        guid: &str,
        sealed: SealedHash,
        why: Why,
        reason: String,
    ) {
        if self.remember(guid, sealed, why, reason.clone()) {
            let about = if why.waits() { About::Trust } else { About::Integrity };
            self.tell(about, format!("{what} is {}: {reason}", word(why)));
        }
    }

    /// Keeps the verdict on a sealed object; returns whether it is news.
    fn remember(&mut self, guid: &str, sealed: SealedHash, why: Why, reason: String) -> bool {
        let logs = self.contact.theirs.logs.len();
        self.verdicts.note(Verdict { guid: guid.to_owned(), sealed, why, reason, logs })
    }

    /// Tells of proof that something is wrong, unless it was told before. The `proof` was never
    /// sealed: it is remembered as what was, by the hash of what it says.
    pub(super) fn tell_once(&mut self, about: &str, proof: SealedHash, text: String) {
        if self.remember(about, proof, Why::Failed, text.clone()) {
            self.tell(About::Integrity, text);
        }
    }

    /// Records something to be told.
    pub(super) fn tell(&mut self, about: About, text: String) {
        let record = Record::notice(about, false, self.now, text);
        self.records.push(record.about(&self.contact));
    }

    /// Records that something which was told of is over.
    pub(super) fn tell_healed(&mut self, about: About, text: &str) {
        let record = Record::notice(about, true, self.now, text);
        self.records.push(record.about(&self.contact));
    }
}

fn word(why: Why) -> &'static str {
    if why.waits() { "held" } else { "refused" }
}

#[cfg(test)]
mod tests {

    use crate::openpgp::message::seal;
    use crate::protocol::feed::channel::FeedItem;
    use crate::reading::testing::{Scene, sealed};
    use crate::session::testing::Person;
    use crate::store::testing::Type;
    use crate::writing::testing::head;

    #[test]
    fn what_an_unknown_key_signed_is_held_and_told_once() {
        let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
        let item = scene.item(1, None, "by eve");
        scene.forge(&mut eve, &item);
        scene.read();
        scene.state(|_| ());
        scene.read();
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("held: signed by an unknown key"), "{told:?}");
        assert!(scene.messages().is_empty());
        assert!(scene.told(Type::Integrity).is_empty());
    }

    #[test]
    fn an_item_in_the_place_of_one_that_was_refused_is_judged_anew() {
        let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
        let item = scene.item(1, None, "it");
        scene.forge(&mut eve, &item);
        scene.read();
        scene.feed.items.clear();
        scene.put(&item);
        scene.read();
        assert_eq!(scene.messages(), ["it"]);
    }

    #[test]
    fn what_is_sealed_to_another_is_refused_as_no_question_of_trust() {
        let (mut scene, eve) = (Scene::begin(), Person::called("Eve"));
        let (item, now) = (scene.item(1, None, "for eve"), scene.mary.now());
        let sealed = sealed(&mut scene.mary, &eve, &item.octets(&head()), now);
        scene.feed.items.insert(0, FeedItem::sealed(item.guid, sealed));
        scene.read();
        let told = scene.told(Type::Integrity);
        assert!(told[0].contains("refused: not encrypted to us"), "{told:?}");
        assert!(scene.told(Type::Trust).is_empty());
    }

    #[test]
    fn what_is_sealed_to_a_subkey_of_ours_that_is_lost_is_told_as_that() {
        let mut scene = Scene::begin();
        let (secret, now) = (scene.john.secret(), scene.john.now());
        let year = jiff::SignedDuration::from_hours(365 * 24);
        let rotated =
            secret.rotated(year, now, &mut scene.john.run.keys.rng).unwrap().certificate();
        let home = scene.john.home();
        home.write(&home.key(), rotated.to_armored().as_bytes()).unwrap();
        scene.john.run.keys.forget_certificate();
        let item = scene.item(1, None, "lost");
        scene.put(&item);
        scene.read();
        let told = scene.told(Type::Trust);
        assert!(told[0].contains("a subkey whose secret is gone, and comes again"), "{told:?}");
        assert!(scene.told(Type::Integrity).is_empty());
    }

    #[test]
    fn where_the_feed_names_another_key_what_that_signed_is_not_told_besides() {
        let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
        let item = scene.item(1, None, "by eve");
        scene.forge(&mut eve, &item);
        scene.feed.key.as_mut().unwrap().fingerprint = eve.certificate().fingerprint();
        scene.read();
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("the feed names the key"), "{told:?}");
    }

    #[test]
    fn what_was_signed_in_the_future_is_held_until_then() {
        let mut scene = Scene::begin();
        let (item, at) = (scene.item(1, None, "tomorrow"), scene.ago(-25));
        scene.put_signed(&item, at);
        scene.read();
        let told = scene.told(Type::Trust);
        assert!(told[0].contains("held: signed in the future"), "{told:?}");
        scene.wait(1);
        scene.read();
        assert_eq!(scene.messages(), ["tomorrow"]);
    }

    #[test]
    fn what_nobody_signed_is_refused() {
        let mut scene = Scene::begin();
        let (item, now) = (scene.item(1, None, "unsigned"), scene.mary.now());
        let (octets, john) = (item.octets(&head()), scene.john.certificate());
        let rng = &mut scene.mary.run.keys.rng;
        let sealed = seal::seal_unsigned(octets.as_bytes(), &john, now, rng).unwrap();
        scene.feed.items.insert(0, FeedItem::sealed(item.guid, sealed));
        scene.read();
        assert!(scene.messages().is_empty());
        assert_eq!(scene.told(Type::Integrity).len(), 1);
    }
}
