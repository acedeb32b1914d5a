//! The items of a contact's feed are judged, from the head down (PROTOCOL §2 to §4).

use super::forked::{Forked, Proof};
use super::introduction_and_state::of_the_future;
use crate::openpgp::message::open::Opened;
use crate::protocol;
use crate::protocol::feed::channel::Broken;
use crate::protocol::sealed::item::{Item, Stream};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{OctetsHash, SealedHash};
use crate::protocol::values::limits;
use crate::reading::intake::Intake;
use crate::reading::opening::documents::{Document, Documents, Entry, Sealed};
use crate::reading::opening::openings::Closed;
use crate::store::contact::history::known::Link;
use crate::store::contact::history::log_entry::Place;
use crate::store::contact::history::record::{Direction, Record};
use crate::store::contact::verdicts::Why;

impl Intake<'_> {
    /// Returns whether `entry` is sealed and has yet to be opened. A known guid costs no decryption.
    pub(in crate::reading) fn is_new(&self, entry: &Entry<'_>) -> bool {
        let Some(sealed) = entry.sealed else { return false };
        let known = entry.item.guid().is_ok_and(|guid| self.known.has(guid));
        !known && !self.is_settled(&entry.guid, sealed.hash)
    }

    /// Opens what is new among the items of `documents`, in an order that whoever wrote them does not
    /// know, until too much was in vain. Of what stands under one guid, one that is right is enough.
    pub(in crate::reading) fn open_ahead(&mut self, documents: &Documents<'_>) {
        let mut new: Vec<&Entry<'_>> =
            documents.items().filter(|entry| self.is_new(entry)).collect();
        new.sort_by_cached_key(|entry| entry.sealed.map(|it| self.openings.place(it.hash)));
        for entry in new {
            let Some((sealed, guid)) = entry.sealed.zip(entry.item.guid().ok()) else { continue };
            if self.found.contains(&guid) {
                continue;
            }
            let Ok(opened) = self.opened_item(sealed) else { continue };
            if Item::parse(&opened.octets).is_ok_and(|item| item.guid == guid) {
                self.found.insert(guid);
            } else {
                self.openings.were_in_vain(sealed.hash);
            }
        }
        self.found.clear();
    }

    /// Judges every new item of `document`.
    pub(in crate::reading) fn items(&mut self, document: &Document<'_>) {
        for entry in &document.items {
            if let Some(Broken { why, text, .. }) = &entry.item.broken {
                let (hash, guid) = (SealedHash::of(text.as_bytes()), entry.guid.as_str());
                self.note(&format!("item {guid}"), guid, hash, Why::Failed, why.clone());
            }
            if let Some(sealed) = entry.sealed.filter(|_| self.is_new(entry)) {
                self.item(entry, sealed);
            }
        }
    }

    fn item(&mut self, entry: &Entry<'_>, sealed: Sealed<'_>) {
        let guid = entry.guid.clone();
        let what = format!("item {guid}");
        let hash = sealed.hash;
        let outer_guid = match entry.item.guid() {
            Ok(guid) => guid,
            Err(error) => return self.note(&what, &guid, hash, Why::Failed, error.to_string()),
        };
        if self.found.contains(&outer_guid) {
            // What was right there waits, and is enough for one time.
            return;
        }
        let opened = match self.unseal_item(sealed) {
            Ok(opened) => opened,
            Err(Closed::Refused(refusal)) => return self.refuse(&what, &guid, hash, &refusal),
            Err(Closed::PutOff) => return,
        };
        match self.read(outer_guid, &opened) {
            Ok((item, stream)) => {
                if let Some((why, reason)) = self.waits_for_key(&item, &stream) {
                    return self.note(&what, &guid, hash, why, reason);
                }
                self.verdicts.forget(&guid, hash);
                // Whatever else stood under this guid waits for nothing any more.
                self.verdicts.forget_waiting(&guid, None);
                self.take(&item, &stream, OctetsHash::of(&opened.octets), hash);
            }
            Err(doubt) => {
                let item = Item::parse(&opened.octets).ok();
                let is_right = item.as_ref().is_some_and(|item| item.guid == outer_guid);
                self.found.extend(is_right.then_some(outer_guid));
                let place = item.and_then(|item| item.stream);
                let octets = OctetsHash::of(&opened.octets);
                self.note_found(&what, &guid, hash, doubt, |found| {
                    let found = found.by([octets.into()]);
                    let Some(place) = &place else { return found };
                    found.in_log(place.log).at([place.sequence])
                });
            }
        }
    }

    /// Reads an authentic item, and judges whether it may be taken now.
    pub(in crate::reading) fn read(
        &self,
        guid: Guid,
        opened: &Opened,
    ) -> Result<(Item, Stream), (Why, String)> {
        let (item, stream) = read_item(guid, opened, None)?;
        if stream.log.is_ahead_of(self.now) {
            return Err(of_the_future());
        }
        expect_opened(&stream, &self.contact.theirs.logs)?;
        if self.is_backdated(opened, &stream) {
            let reason =
                format!("it was signed at {}, long before what is known already", opened.signed);
            return Err((Why::Early, reason));
        }
        Ok((item, stream))
    }

    /// A key that was retired may have been stolen since: an item above all that we verified and
    /// signed long before counts only if a state or a later item gives its hash.
    fn is_backdated(&self, opened: &Opened, stream: &Stream) -> bool {
        let theirs = &self.contact.theirs;
        // By a clock of ours that was ahead we may have believed a signature of the future.
        let newest = theirs.signed.map_or(0, |time| time.min(self.now).as_second());
        let old = opened.signed.as_second().saturating_add(limits::AHEAD) < newest;
        let above = stream.sequence > self.known.highest(stream.log);
        let hash = OctetsHash::of(&opened.octets);
        old && above
            && theirs.offered().all(|head| head.hash != hash)
            && !self.known.vouches_for(hash)
    }

    fn take(&mut self, item: &Item, stream: &Stream, hash: OctetsHash, sealed: SealedHash) {
        self.check_links(stream, hash);
        let record = Record::of_item(item, Place::of(stream, hash), Direction::Received, self.now)
            .sealed_as(sealed)
            .about(&self.contact);
        self.known.add(&record);
        self.records.push(record);
    }

    /// Looks for proof that the log was forked: two items at one place, or a wrong `previous`.
    fn check_links(&mut self, stream: &Stream, hash: OctetsHash) {
        let (log, sequence) = (stream.log, stream.sequence);
        let here = self.known.at(log, sequence);
        let before = self.known.at(log, sequence.saturating_sub(1));
        let after = self.known.at(log, sequence.saturating_add(1));
        let names = |link: &Link| Some(link.hash) == stream.previous;
        let fits = (before.is_empty() || before.iter().any(names))
            && (after.is_empty() || after.iter().any(|link| link.previous == Some(hash)));
        let proof = if here.iter().any(|link| link.hash != hash) {
            Proof::Two
        } else if !fits {
            Proof::Neighbours
        } else {
            return;
        };
        let hashes = here.iter().map(|link| link.hash).chain([hash]).collect();
        self.forked.push(Forked { log, sequence, proof, hashes });
    }
}

/// Reads the octets of an authentic item that stands under `guid` in a feed which opened `logs`.
///
/// # Errors
/// When it is no item, of another guid, or of another log.
pub fn read_item(
    guid: Guid,
    opened: &Opened,
    logs: Option<&[LogId]>,
) -> Result<(Item, Stream), (Why, String)> {
    let item = Item::parse(&opened.octets).map_err(|error| match error {
        protocol::Error::Malformed(what) => (Why::Failed, what),
        protocol::Error::Critical(what) => (Why::Held, what),
    })?;
    if item.guid != guid {
        return Err((Why::Failed, format!("its guid differs inside: `{}`", item.guid)));
    }
    let stream = item.stream.clone().ok_or((Why::Failed, "it has no place in a log".to_owned()))?;
    if let Some(logs) = logs {
        expect_opened(&stream, logs)?;
    }
    Ok((item, stream))
}

fn expect_opened(stream: &Stream, logs: &[LogId]) -> Result<(), (Why, String)> {
    if logs.contains(&stream.log) {
        return Ok(());
    }
    Err((Why::Foreign, "it is of a log that this feed has not opened".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sealed::state::Head;
    use crate::reading::testing::Scene;
    use crate::store::testing::Type;
    use crate::writing::testing::head;

    #[test]
    fn an_item_whose_guid_differs_inside_is_refused_and_told_once() {
        let mut scene = Scene::begin();
        let (item, other) = (scene.item(1, None, "moved"), scene.item(1, None, "other"));
        scene.put(&item);
        scene.feed.items[0].guid = Some(other.guid.to_string());
        scene.read();
        scene.state(|_| ());
        scene.read();
        let told = scene.told(Type::Integrity);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("refused: its guid differs inside"), "{told:?}");
        assert!(scene.messages().is_empty());
    }

    #[test]
    fn an_item_without_a_place_in_a_log_is_refused() {
        let mut scene = Scene::begin();
        let item = Item { stream: None, ..scene.item(1, None, "nowhere") };
        scene.put(&item);
        scene.read();
        assert!(scene.told(Type::Integrity)[0].contains("no place in a log"));
        assert!(scene.messages().is_empty());
    }

    #[test]
    fn an_item_of_another_log_is_foreign_until_the_feed_opens_that_log() {
        let mut scene = Scene::begin();
        let log = Guid::new(scene.mary.now(), &mut scene.mary.run.keys.rng);
        let item = scene.item(1, None, "elsewhere");
        let stream = Some(Stream { log, sequence: 1, previous: None });
        scene.put(&Item { stream, ..item });
        scene.read();
        scene.read();
        let told = scene.told(Type::Integrity);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("of a log that this feed has not opened"), "{told:?}");
        assert!(scene.messages().is_empty());
        scene.john.update("mary", |mary| mary.theirs.logs.push(log));
        scene.read();
        assert_eq!(scene.messages(), ["elsewhere"]);
    }

    /// A scene in which what Mary signed now is known, three days after her first item.
    fn three_days_later() -> (Scene, OctetsHash) {
        let mut scene = Scene::begin();
        let one = scene.add(1, None, "one");
        scene.read();
        scene.wait(72);
        scene.state(|_| ());
        scene.read();
        (scene, one)
    }

    #[test]
    fn what_was_signed_long_before_is_early_until_the_head_vouches_for_it() {
        let (mut scene, one) = three_days_later();
        let (item, at) = (scene.item(2, Some(one), "two"), scene.ago(25));
        let two = scene.put_signed(&item, at);
        scene.read();
        scene.read();
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("held: it was signed at"), "{told:?}");
        assert_eq!(scene.messages(), ["one"]);
        scene.state(|state| state.head = Some(Head { sequence: 2, hash: two }));
        scene.read();
        assert_eq!(scene.messages(), ["one", "two"]);
    }

    #[test]
    fn what_was_signed_long_before_counts_if_a_later_item_names_it() {
        let (mut scene, one) = three_days_later();
        let (item, at) = (scene.item(2, Some(one), "two"), scene.ago(25));
        let two = scene.put_signed(&item, at);
        scene.add(3, Some(two), "three");
        scene.read();
        assert_eq!(scene.messages(), ["one", "two", "three"]);
        assert!(scene.told(Type::Trust).is_empty());
    }

    #[test]
    fn another_item_than_the_one_that_is_vouched_for_stays_early() {
        let (mut scene, one) = three_days_later();
        let (item, at) = (scene.item(2, Some(one), "two"), scene.ago(25));
        scene.put_signed(&item, at);
        scene.state(|state| {
            state.head = Some(Head { sequence: 2, hash: OctetsHash::of(b"another") })
        });
        scene.read();
        assert_eq!(scene.messages(), ["one"]);
    }

    #[test]
    fn below_what_is_known_an_item_is_judged_by_its_neighbours_and_not_by_its_time() {
        let (mut scene, one) = three_days_later();
        scene.add(3, Some(OctetsHash::of(b"another")), "three");
        scene.read();
        let (two, at) = (scene.item(2, Some(one), "two"), scene.ago(25));
        scene.put_signed(&two, at);
        scene.read();
        assert_eq!(scene.messages(), ["one", "three", "two"]);
        assert!(scene.told(Type::Trust).is_empty());
        assert_eq!(scene.told(Type::Integrity).len(), 1, "three does not name two");
    }

    #[test]
    fn a_clock_that_is_a_day_behind_is_no_proof_of_a_stolen_key() {
        let (mut scene, one) = three_days_later();
        let (item, at) = (scene.item(2, Some(one), "two"), scene.ago(24));
        scene.put_signed(&item, at);
        scene.read();
        assert_eq!(scene.messages(), ["one", "two"]);
    }

    #[test]
    fn two_messages_at_one_place_are_a_fork_and_both_are_kept() {
        let mut scene = Scene::begin();
        scene.add(1, None, "one");
        scene.read();
        scene.add(1, None, "another");
        scene.read();
        scene.state(|_| ());
        scene.read();
        assert_eq!(scene.messages(), ["one", "another"]);
        let told = scene.told(Type::Integrity);
        assert_eq!(told, ["the log is forked: there are two messages at sequence 1"]);
    }

    #[test]
    fn a_message_that_does_not_fit_the_one_before_or_after_is_a_fork() {
        let elsewhere = Some(OctetsHash::of(b"another"));
        for order in [[1, 2], [2, 1]] {
            let mut scene = Scene::begin();
            for sequence in order {
                scene.add(sequence, elsewhere.filter(|_| sequence == 2), "it");
                scene.read();
            }
            let told = scene.told(Type::Integrity);
            assert_eq!(told.len(), 1, "{order:?}");
            assert!(told[0].contains("does not fit its neighbours"), "{told:?}");
            assert_eq!(scene.messages().len(), 2);
        }
    }

    #[test]
    fn messages_that_fit_are_no_fork_in_whatever_order_they_come() {
        let mut scene = Scene::begin();
        let one = scene.item(1, None, "one");
        let two = scene.add(2, Some(OctetsHash::of(one.octets(&head()).as_bytes())), "two");
        scene.read();
        scene.add(3, Some(two), "three");
        scene.put(&one);
        scene.read();
        assert_eq!(scene.messages(), ["two", "one", "three"]);
        assert!(scene.told(Type::Integrity).is_empty());
    }
}
