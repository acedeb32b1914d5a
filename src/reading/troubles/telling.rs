//! Telling the user of a contact's feed, each thing once.

use crate::openpgp::message::refusal::{Refusal, Treatment};
use crate::protocol::values::hash::SealedHash;
use crate::protocol::values::time;
use crate::reading::contents::untaken::{Fate, Untaken};
use crate::reading::intake::Intake;
use crate::session::own_key;
use crate::store::contact::fork::Fork;
use crate::store::contact::history::finding::{Finding, Kind};
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::verdicts::{Verdict, Why};

/// Objects of which the hashes are recorded when their like are told of together, beside the first.
const HASHES: usize = 15;

impl Intake<'_> {
    /// Notes that a sealed object was refused, and tells of it once.
    pub(in crate::reading) fn refuse(
        &mut self,
        what: &str,
        guid: &str,
        sealed: SealedHash,
        refusal: &Refusal,
    ) {
        let why = match refusal.treatment() {
            _ if *refusal == Refusal::NotForUs => Why::Unopened,
            Treatment::Held if matches!(refusal, Refusal::Ahead(_)) => Why::Early,
            Treatment::Held => Why::Unknown,
            Treatment::Forged if refusal.is_of_trust() => Why::Disbelieved,
            Treatment::Forged => Why::Forged,
            Treatment::Failed => Why::Failed,
        };
        let about = if refusal.is_of_trust() { About::Trust } else { About::Integrity };
        let closed = Some(refusal).filter(|refusal| **refusal == Refusal::NotForUs);
        if let Some(reason) = closed.and_then(|_| self.lacks_key()) {
            let fate = (Why::Unopened, Fate::Closed);
            // What is told stands for all that comes before the key does.
            if self.verdicts.unopened().next().is_some() && self.untaken.is_empty() {
                self.remember(guid, sealed, Why::Unopened, reason);
            } else {
                self.untaken(About::Trust, what, guid, sealed, fate, reason);
            }
        } else if let Some(why) = self.disputed.filter(|_| why == Why::Unknown) {
            // The notice that the feed names another key says it all.
            self.remember(guid, sealed, why, refusal.to_string());
        } else {
            self.untaken(about, what, guid, sealed, (why, Fate::of(why)), refusal.to_string());
        }
    }

    /// Why this home may lack a secret key that others have sealed to, and how that mends.
    fn lacks_key(&mut self) -> Option<String> {
        if self.identity.config.read_only {
            let lacks = "this home only reads, and lacks the subkey that it is sealed to";
            return Some(format!("{lacks}; {}", own_key::COPY));
        }
        let gone = "it is sealed to a subkey whose secret is gone, and comes again";
        // A copy has yet to see which subkeys it has published since.
        (self.is_copied || self.keys.lacks_secret()).then(|| gone.to_owned())
    }

    /// Notes why a sealed object was not taken, and tells of it once.
    pub(in crate::reading) fn note(
        &mut self,
        what: &str,
        guid: &str,
        sealed: SealedHash,
        why: Why,
        reason: String,
    ) {
        let about = if why.waits() { About::Trust } else { About::Integrity };
        self.untaken(about, what, guid, sealed, (why, Fate::of(why)), reason);
    }

    /// The same, of an object that was opened, and so says where it belongs.
    pub(in crate::reading) fn note_found(
        &mut self,
        what: &str,
        guid: &str,
        sealed: SealedHash,
        (why, reason): (Why, String),
        found: impl Fn(Finding) -> Finding,
    ) {
        let before = self.untaken.len();
        self.note(what, guid, sealed, why, reason);
        if let Some(untaken) = self.untaken.get_mut(before) {
            untaken.finding.hashes.clear();
            untaken.finding = found(untaken.finding.clone());
        }
    }

    fn untaken(
        &mut self,
        about: About,
        what: &str,
        guid: &str,
        sealed: SealedHash,
        (why, fate): (Why, Fate),
        reason: String,
    ) {
        let is_item = what.starts_with("item ");
        if !self.remember(guid, sealed, why, reason.clone()) {
            return;
        }
        if is_item && self.told_of.contains(&why) {
            // That more of this is to come was told, and lasts.
            return;
        }
        let kind = match why {
            Why::Foreign => Kind::ForeignLog,
            Why::Forged => Kind::Forged,
            Why::Forked => Kind::Fork,
            _ => Kind::Refused,
        };
        let what = what.to_owned();
        let finding = Finding::new(kind).by([sealed.into()]);
        self.untaken.push(Untaken { about, what, is_item, fate, reason, finding });
    }

    /// Keeps the verdict on a sealed object; returns whether it is news.
    fn remember(&mut self, guid: &str, sealed: SealedHash, why: Why, reason: String) -> bool {
        let logs = self.contact.theirs.logs.len();
        // Fractions of a second would make the file larger and smaller by a digit for each verdict.
        let since = Some(time::whole_seconds(self.now));
        let guid = guid.to_owned();
        self.verdicts.note(Verdict { guid, sealed, why, reason, logs, since, anew: false })
    }

    /// Tells of all that was not taken. Of items whose like there are many, the first is named and the
    /// others are counted: whoever puts garbage into a feed chooses how much.
    pub(in crate::reading) fn tell_untaken(&mut self) {
        let mut left = std::mem::take(&mut self.untaken);
        while !left.is_empty() {
            let first = left.remove(0);
            let is_like = |other: &Untaken| {
                (other.is_item && first.is_item || first.fate == Fate::Closed)
                    && (other.about, other.fate) == (first.about, first.fate)
                    && other.finding.kind == first.finding.kind
            };
            let (like, others) = left.into_iter().partition(is_like);
            left = others;
            self.tell_like(first, like);
        }
    }

    fn tell_like(&mut self, first: Untaken, like: Vec<Untaken>) {
        let Untaken { about, what, fate, reason, mut finding, .. } = first;
        let more = match (like.len(), fate) {
            (0, _) => String::new(),
            (count, Fate::Closed) => format!("; nor can {count} more be"),
            (1, _) => "; so is 1 more".to_owned(),
            (count, _) => format!("; so are {count} more"),
        };
        // Whoever puts garbage into a feed chooses how much.
        for other in like.into_iter().take(HASHES) {
            finding = finding.at(other.finding.sequences).by(other.finding.hashes);
        }
        let text = format!("{what} {}: {reason}{more}", fate.words());
        match about {
            About::Trust => self.tell(About::Trust, text),
            About::Integrity => self.tell_found(finding, text),
        }
    }

    /// Tells that so much of the feed cannot be opened that the rest waits, once while that lasts.
    pub(in crate::reading) fn tell_put_off(&mut self) {
        let waiting = self.openings.put_off();
        self.again |= waiting > 0;
        let before = std::mem::replace(&mut self.contact.theirs.put_off, waiting);
        match (before, waiting) {
            (0, 1..) => {
                let text = format!(
                    "so much in the feed comes to nothing that {waiting} objects more were put off; others of them are tried each time"
                );
                self.tell_found(Finding::new(Kind::Refused), text);
            }
            (1.., 0) => {
                let text = "nothing in the feed is put off any more".to_owned();
                let record = Record::found(Finding::new(Kind::Refused), true, self.now, text);
                self.records.push(record.about(&self.contact));
            }
            _ => {}
        }
    }

    /// Tells that more is refused than is remembered and told of, once while that lasts.
    pub(in crate::reading) fn tell_dropped(&mut self) {
        let dropped = self.verdicts.dropped;
        let before = std::mem::replace(&mut self.contact.theirs.dropped, dropped);
        if before == 0 && dropped > 0 {
            let text = format!("{dropped} objects more are refused than are remembered");
            self.tell_found(Finding::new(Kind::Refused), text);
        }
    }

    /// Tells of proof that something is wrong, unless it was told before. The `proof` was never
    /// sealed: it is remembered as what was, by the hash of what it says.
    pub(in crate::reading) fn tell_once(
        &mut self,
        about: &str,
        proof: SealedHash,
        finding: Finding,
        text: String,
    ) {
        if self.remember(about, proof, Why::Failed, text.clone()) {
            self.tell_found(finding, text);
        }
    }

    /// Records what was found to be wrong. A fork is told once for each log, and stands until the user
    /// has looked at it.
    pub(in crate::reading) fn tell_found(&mut self, finding: Finding, text: String) {
        // What the contact says of our own log is its word, and no proof.
        let is_fork = finding.kind == Kind::Fork && finding.log != Some(self.contact.ours.log);
        if is_fork && !Fork::note(&mut self.contact.theirs.forks, &finding, self.now) {
            return;
        }
        let record = Record::found(finding, false, self.now, text);
        self.records.push(record.about(&self.contact));
    }

    /// Records something about the contact's key that is to be told.
    pub(in crate::reading) fn tell(&mut self, about: About, text: String) {
        let record = Record::notice(about, false, self.now, text);
        self.records.push(record.about(&self.contact));
    }

    /// Records that something which was told of is over.
    pub(in crate::reading) fn tell_healed(&mut self, about: About, text: &str) {
        let record = Record::notice(about, true, self.now, text);
        self.records.push(record.about(&self.contact));
    }

    /// Another `what` than those that were refused is in force, or is there again: that is over.
    pub(in crate::reading) fn heal(&mut self, what: &str) {
        if self.verdicts.heal(what) {
            let text = format!("the {what} is as it should be again");
            let record = Record::found(Finding::new(Kind::Refused), true, self.now, text);
            self.records.push(record.about(&self.contact));
        }
    }
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

    #[test]
    fn a_home_that_only_reads_says_what_it_lacks_once_and_reads_all_once_that_is_here() {
        let mut scene = Scene::begin();
        scene.john.set("read_only = true");
        let home = scene.john.home();
        let keys = [home.secret(), home.key()];
        let keep = || keys.clone().map(|path| std::fs::read(path).unwrap());
        let old = keep();
        scene.john.rotate();
        let new = keep();
        let put = |scene: &mut Scene, kept: &[Vec<u8>; 2]| {
            for (path, bytes) in keys.iter().zip(kept) {
                std::fs::write(path, bytes).unwrap();
            }
            scene.john.lock_key();
            scene.john.run.keys.unlock().unwrap();
        };
        let mut before = None;
        for (sequence, text) in [(1, "one"), (2, "two"), (3, "three")] {
            put(&mut scene, &new);
            before = Some(scene.add(sequence, before, text));
            put(&mut scene, &old);
            scene.read_tagged("a");
        }
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("lacks the subkey that it is sealed to; copy secret.asc, key.toml")
        );
        assert!(scene.told(Type::Integrity).is_empty() && scene.messages().is_empty());
        let unopened = scene.contact().http.unopened;
        assert_eq!(unopened, Some(scene.john.run.keys.hash().unwrap()));
        put(&mut scene, &new);
        assert_ne!(unopened, Some(scene.john.run.keys.hash().unwrap()), "it is asked for anew");
        scene.read_tagged("a");
        let mut messages = scene.messages();
        messages.sort();
        assert_eq!(messages, ["one", "three", "two"]);
        assert_eq!(scene.contact().http.unopened, None);
    }
}
