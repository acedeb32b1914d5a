//! A contact's state about what we wrote: how far it is read, and what of it is asked for
//! (PROTOCOL §5).

use std::cmp::Ordering;

use crate::protocol::sealed::state::{Acknowledged, Head, State};
use crate::protocol::values::hash::{OctetsHash, SealedHash};
use crate::reading::intake::Intake;
use crate::store::contact::history::finding::{Finding, Kind};
use crate::store::contact::history::record::{Record, What};
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::ranges::SequenceRange;
use crate::store::contact::verdicts::OURS;
use crate::writing::renewal;

impl Intake<'_> {
    /// Takes note of what the contact asks for. What it asks of a log that is not ours is of no
    /// concern to anybody.
    pub(in crate::reading) fn asked_for(&mut self, state: &State) {
        let ours = &self.contact.ours;
        let missing = state.missing.iter().map(SequenceRange::from);
        let missing = missing.filter_map(|range| range.up_to(ours.highest_in(range.log)));
        self.contact.reader_mut().missing = missing.collect();
    }

    /// Takes note of how far the contact has read each log of ours.
    pub(in crate::reading) fn acknowledged(&mut self, state: &State) {
        let mut acknowledged: Vec<&Acknowledged> = state.acknowledged.iter().collect();
        acknowledged.sort_by_key(|acknowledged| acknowledged.log);
        for acknowledged in acknowledged {
            match acknowledged.log.cmp(&self.contact.ours.log) {
                Ordering::Less => self.acknowledged_earlier(acknowledged),
                Ordering::Equal => self.acknowledged_now(acknowledged, state),
                // Of a log that is not to be for a day yet nobody can have read anything.
                Ordering::Greater if acknowledged.log.is_ahead_of(self.now) => {}
                Ordering::Greater => self.overtaken(acknowledged),
            }
        }
    }

    /// The contact has read what this home never wrote: our counters are old, and the next item would take
    /// a place that is not free.
    fn overtaken(&mut self, theirs: &Acknowledged) {
        let Acknowledged { log, sequence, hash } = *theirs;
        let is_known = self.contact.ours.overtaken.is_some();
        renewal::go_on_from(&mut self.contact.ours, log, Head { sequence, hash });
        if !is_known && renewal::is_refused(&self.contact.ours, self.now) {
            self.tell_found(found(Kind::Fork, theirs), renewal::two_homes("the contact"));
        }
    }

    fn acknowledged_now(&mut self, theirs: &Acknowledged, state: &State) {
        if theirs.sequence > self.contact.ours.sequence() {
            return self.overtaken(theirs);
        }
        if self.contradicts(theirs) {
            let text = format!(
                "the contact has read another message than ours at sequence {}",
                theirs.sequence
            );
            return self.tell_once(OURS, proof_of(theirs), found(Kind::Fork, theirs), text);
        }
        if theirs.sequence > self.contact.reader().acknowledged {
            self.contact.reader_mut().acknowledged = theirs.sequence;
            self.note_receipt(theirs.sequence, state);
        }
    }

    fn note_receipt(&mut self, sequence: u64, state: &State) {
        let text = format!("read up to sequence {sequence}");
        let record = Record::new(What::Receipt { sequence }, self.now, text);
        let record = Record { time: state.time, ..record };
        self.records.push(record.about(&self.contact));
    }

    /// Of a log that we no longer write, the contact may have read more than this home can name: what
    /// was lost with the disk.
    fn acknowledged_earlier(&mut self, theirs: &Acknowledged) {
        let mut earlier = self.contact.ours.earlier.iter_mut();
        let Some(log) = earlier.find(|earlier| earlier.log == theirs.log) else { return };
        if theirs.sequence > log.sequence {
            (log.sequence, log.hash) = (theirs.sequence, theirs.hash);
        }
        log.acknowledged = log.acknowledged.max(theirs.sequence);
    }

    /// Returns whether the hash that is acknowledged is not the one that we wrote. An item that we
    /// no longer have contradicts nothing.
    fn contradicts(&self, acknowledged: &Acknowledged) -> bool {
        let ours = &self.contact.ours;
        if let Some(head) = ours.head.filter(|head| head.sequence == acknowledged.sequence) {
            return head.hash != acknowledged.hash;
        }
        let octets = Octets::of(&self.identity.home, self.name);
        let filed = octets.items().unwrap_or_default();
        let item = filed
            .iter()
            .find(|item| item.log == acknowledged.log && item.sequence == acknowledged.sequence);
        let written = item.and_then(|item| octets.intact(item).ok()).flatten();
        written.is_some_and(|written| OctetsHash::of(written.as_bytes()) != acknowledged.hash)
    }
}

fn found(kind: Kind, acknowledged: &Acknowledged) -> Finding {
    let Acknowledged { log, sequence, hash } = *acknowledged;
    Finding::new(kind).in_log(log).at([sequence]).by([hash.into()])
}

/// The hash by which an acknowledgement that cannot be is remembered, in whatever state it stands.
fn proof_of(acknowledged: &Acknowledged) -> SealedHash {
    let Acknowledged { log, sequence, hash } = acknowledged;
    SealedHash::of(format!("{log} {sequence} {hash}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::guid::Guid;
    use crate::reading::testing::{Scene, exchange, take_in};
    use crate::session::testing::Person;
    use crate::store::testing::Type;
    use crate::writing::testing::{acquainted, filed, opened, pin, write};

    fn read(reader: &mut Person, name: &str, writer: &Person, to: &str) {
        let feed = writer.feed(to).write();
        take_in(reader, name, feed.as_bytes()).unwrap();
    }

    /// John and Mary, after she has read three messages of his; the first two of them were written
    /// when his home was saved, to which he then returns.
    fn restored() -> (Person, Person) {
        let (mut john, mut mary) = acquainted();
        exchange(&mut john, &mut mary);
        write(&mut john, "mary", "one");
        write(&mut john, "mary", "two");
        let saved = john.files();
        write(&mut john, "mary", "three");
        exchange(&mut john, &mut mary);
        john.restore(&saved);
        (john, mary)
    }

    #[test]
    fn what_a_restored_home_writes_comes_as_a_new_log_and_is_acknowledged_there() {
        let (mut john, mut mary) = restored();
        let log = john.contact("mary").ours.log;
        read(&mut john, "mary", &mary, "john");
        assert_eq!(write(&mut john, "mary", "four"), 1);
        exchange(&mut john, &mut mary);
        assert_eq!(mary.texts("john", Type::Message), ["one", "two", "three", "four"]);
        let told = mary.texts("john", Type::Integrity);
        assert_eq!(told, ["the contact writes a new log: its home was restored from a backup"]);
        let ours = john.contact("mary").ours;
        assert_eq!((ours.acknowledged(), ours.acknowledged_in(log)), (1, 3));
        let [earlier] = &ours.earlier[..] else { panic!() };
        assert_eq!((earlier.log, earlier.sequence, earlier.acknowledged), (log, 3, 3));
        assert_eq!(john.texts("mary", Type::Integrity).len(), 1, "nothing is told twice");
    }

    #[test]
    fn a_log_that_the_contact_has_read_and_this_home_has_forgotten_shows_the_restore_as_well() {
        let (mut john, mut mary) = acquainted();
        exchange(&mut john, &mut mary);
        write(&mut john, "mary", "one");
        exchange(&mut john, &mut mary);
        let (saved, first) = (john.files(), john.contact("mary").ours.log);
        write(&mut john, "mary", "two");
        // A first restore, after which he wrote in a second log.
        let head = john.contact("mary").ours.head;
        john.update("mary", |mary| mary.ours.overtaken = head);
        write(&mut john, "mary", "three");
        let second = john.contact("mary").ours.log;
        exchange(&mut john, &mut mary);
        john.restore(&saved);
        john.wait(25);
        mary.wait(25);
        read(&mut john, "mary", &mary, "john");
        let ours = john.contact("mary").ours;
        let named: Vec<_> = ours.earlier.iter().map(|log| (log.log, log.sequence)).collect();
        assert_eq!(named, [(first, 2), (second, 1)]);
        assert!(ours.log > second && ours.overtaken.is_none());
        assert_eq!(write(&mut john, "mary", "four"), 1);
        exchange(&mut john, &mut mary);
        assert_eq!(mary.texts("john", Type::Message), ["one", "two", "three", "four"]);
    }

    #[test]
    fn a_log_of_the_future_that_nobody_can_have_read_changes_nothing() {
        let mut scene = Scene::begin();
        write(&mut scene.john, "mary", "one");
        let before = scene.contact().ours.log;
        let later = scene.mary.now() + jiff::SignedDuration::from_hours(49);
        let log = Guid::new(later, &mut scene.mary.run.keys.rng);
        let hash = OctetsHash::of(b"");
        scene.state(|state| state.acknowledged = vec![Acknowledged { log, sequence: 1, hash }]);
        scene.read();
        assert_eq!(scene.contact().ours.log, before);
        assert!(scene.told(Type::Integrity).is_empty());
    }

    #[test]
    fn what_the_contact_lacks_of_an_older_log_is_asked_for_and_said_to_be_gone() {
        let (mut john, mut mary) = acquainted();
        exchange(&mut john, &mut mary);
        write(&mut john, "mary", "one");
        exchange(&mut john, &mut mary);
        let saved = john.files();
        write(&mut john, "mary", "two");
        let three = write(&mut john, "mary", "three");
        // Mary has found the newest of them, and not the one before.
        let mut feed = john.feed("mary");
        feed.items.retain(|item| item.guid != feed_guid(&john, 2));
        take_in(&mut mary, "john", feed.write().as_bytes()).unwrap();
        assert_eq!((three, mary.texts("john", Type::Message).len()), (3, 2));
        john.restore(&saved);
        // Her acknowledgement goes up to the first only, so another sign of the restore is needed.
        let head = feed_head(&feed, &mut mary, &john);
        john.update("mary", |mary| mary.ours.overtaken = Some(head));
        crate::writing::testing::rewrite(&mut john, "mary").unwrap();
        read(&mut mary, "john", &john, "mary");
        read(&mut john, "mary", &mary, "john");
        assert_eq!(john.contact("mary").reader().missing.len(), 1);
        read(&mut mary, "john", &john, "mary");
        let theirs = mary.contact("john").theirs;
        let gone: Vec<_> = theirs.gone.iter().map(|range| (range.from, range.to)).collect();
        assert_eq!(gone, [(2, 2)]);
        assert!(theirs.is_whole());
        exchange(&mut john, &mut mary);
        assert!(john.contact("mary").reader().missing.is_empty());
        assert_eq!(john.contact("mary").ours.earlier[0].acknowledged, 3);
    }

    fn feed_guid(john: &Person, sequence: u64) -> Option<String> {
        let filed = filed(john, "mary");
        let (item, _) = filed.iter().find(|(item, _)| item.sequence == sequence).unwrap();
        Some(item.guid.to_string())
    }

    fn feed_head(
        feed: &crate::protocol::feed::channel::Channel,
        mary: &mut Person,
        john: &Person,
    ) -> crate::protocol::sealed::state::Head {
        let octets = opened(mary, feed.state.as_ref().unwrap(), &john.certificate());
        let state = crate::protocol::sealed::state::State::parse(octets.as_bytes()).unwrap();
        state.head.unwrap()
    }

    #[test]
    fn a_reader_that_lost_its_disk_and_its_subkey_gets_again_what_it_had_acknowledged() {
        let (mut john, mut mary) = acquainted();
        john.set("retention = \"90d\"");
        exchange(&mut john, &mut mary);
        let saved = mary.files();
        write(&mut john, "mary", "one");
        write(&mut john, "mary", "two");
        exchange(&mut john, &mut mary);
        assert_eq!(john.contact("mary").ours.acknowledged(), 2);
        // Mary's new subkey: what she has acknowledged is not sealed to it.
        mary.rotate();
        pin(&john, "mary", &mary);
        read(&mut john, "mary", &mary, "john");
        let key = mary.secret();
        assert_eq!(john.contact("mary").reader().outdated.len(), 1);
        mary.restore(&saved);
        mary.update("john", |john| john.ours.state.serial += 1_000);
        mary.wait(24 * 40);
        john.wait(24 * 40);
        mary.change_key(|_, now, _| key.without_expired(now).unwrap().unwrap());
        let before = john.feed("mary");
        exchange(&mut john, &mut mary);
        let after = john.feed("mary");
        assert_eq!(mary.texts("john", Type::Message), ["one", "two"], "{:?}", mary.heard());
        assert_ne!(after.items[0].description, before.items[0].description);
        assert!(john.contact("mary").reader().outdated.is_empty());
    }
}
