//! Troubles that last and may heal: a key that cannot be used, a gap, an old copy.

use jiff::Timestamp;

use crate::protocol::sealed::state::Range;
use crate::reading::intake::Intake;
use crate::reading::opening::documents::Documents;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::finding::{self, Finding, Kind, spelled};
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::ranges::SequenceRange;
use crate::store::contact::verdicts::Verdict;

impl Intake<'_> {
    /// Tells that nothing can be sealed to the contact's key, and that it can again.
    pub(in crate::reading) fn watch_key(&mut self) {
        let why = self.certificate.encryption_subkey(self.now).err().map(|why| why.to_string());
        if why == self.contact.unusable {
            return;
        }
        self.contact.unusable = why.clone();
        match why {
            Some(why) => self.tell(About::Trust, format!("the key {why}: nothing is sent to it")),
            None => self.tell_healed(About::Trust, "the key can be used again"),
        }
    }

    /// Tells that something has been missing for too long, and that it is no more.
    pub(in crate::reading) fn watch_gaps(&mut self, missing: &[Range], documents: &Documents<'_>) {
        let head = self.contact.theirs.head.as_ref().map(|head| head.sequence);
        let lacks_head = missing.iter().any(|range| Some(range.to) == head);
        // A message that is there and was not taken is withheld by nobody.
        let is_taken = || {
            let is_there = |item: &Verdict| documents.have(&item.guid);
            self.openings.put_off() == 0 && !self.verdicts.items.iter().any(is_there)
        };
        let kind = match (self.stale, missing.is_empty()) {
            (true, _) => Some(Kind::Rollback),
            (false, true) => None,
            (false, false) if lacks_head && is_taken() => Some(Kind::Withheld),
            (false, false) => Some(Kind::Gap),
        };
        let missing = missing.iter().map(SequenceRange::from).collect();
        let grace = self.identity.config.stale_grace;
        if let Some(record) = gaps(&mut self.contact, kind, missing, self.now, grace) {
            self.records.push(record.about(&self.contact));
        }
    }
}

/// Notes how `contact` is behind at `now`, and what is `missing`; returns what is to be told.
pub fn gaps(
    contact: &mut Contact,
    kind: Option<Kind>,
    missing: Vec<SequenceRange>,
    now: Timestamp,
    grace: jiff::SignedDuration,
) -> Option<Record> {
    let theirs = &mut contact.theirs;
    let (was, lacked) = (theirs.behind_as, std::mem::replace(&mut theirs.missing, missing));
    theirs.behind_as = kind;
    let Some(kind) = kind else {
        theirs.behind_since = None;
        let healed = std::mem::take(&mut theirs.behind_told);
        let finding = found(contact, was.unwrap_or(Kind::Gap), &lacked);
        let text = "the feed is whole again: nothing is missing";
        return healed.then(|| Record::found(finding, true, now, text));
    };
    // A time of the future was noted by a clock that was ahead.
    let since = theirs.behind_since.map_or(now, |since| since.min(now));
    theirs.behind_since = Some(since);
    if theirs.behind_told || now.duration_since(since) <= grace {
        return None;
    }
    theirs.behind_told = true;
    let (text, missing) = (words(contact, kind), contact.theirs.missing.clone());
    Some(Record::found(found(contact, kind, &missing), false, now, text))
}

fn found(contact: &Contact, kind: Kind, missing: &[SequenceRange]) -> Finding {
    let finding = Finding::new(kind).at(finding::numbers(&SequenceRange::ends(missing)));
    match &contact.theirs.head {
        Some(head) => finding.in_log(head.log).by([head.hash.into()]),
        None => finding,
    }
}

/// What is behind, for people, with the numbers of what is missing.
fn words(contact: &Contact, kind: Kind) -> String {
    let theirs = &contact.theirs;
    if theirs.missing.is_empty() {
        return "the feed is an old copy: it was newer before".to_owned();
    }
    let head = theirs.head.as_ref().map_or(0, |head| head.sequence);
    let reached = theirs.reached.last().map_or(0, |reached| reached.sequence);
    let missing = SequenceRange::ends(&theirs.missing);
    let what = match kind {
        Kind::Withheld => "messages are withheld, the newest among them",
        _ => "messages are missing",
    };
    let numbers = spelled(&missing);
    format!("{what}: {numbers}; here up to sequence {reached}, written up to {head}")
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::protocol::sealed::state::Head;
    use crate::protocol::values::hash::OctetsHash;
    use crate::reading::testing::Scene;
    use crate::session::testing::Person;
    use crate::store::contact::entry::{LogHead, Reached};
    use crate::store::contact::history::record::What;
    use crate::store::testing::{Type, contact};
    use crate::writing::testing::{head, pin};
    use jiff::SignedDuration;

    const GRACE: SignedDuration = SignedDuration::from_hours(1);

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    fn lacking(contact: &Contact, ranges: &[(u64, u64)]) -> Vec<SequenceRange> {
        let log = contact.ours.log;
        ranges.iter().map(|(from, to)| SequenceRange { log, from: *from, to: *to }).collect()
    }

    fn finding(record: Record) -> (Finding, bool, String) {
        let What::Notice { finding: Some(finding), healed, .. } = record.what else { panic!() };
        (*finding, healed, record.text)
    }

    #[test]
    fn what_is_behind_is_told_after_the_grace_once_and_again_when_it_heals() {
        let mut contact = contact('A');
        let mut at = |minutes, behind: bool| {
            let kind = behind.then_some(Kind::Rollback);
            let record = gaps(&mut contact, kind, Vec::new(), minute(minutes), GRACE)?;
            let (finding, healed, _) = finding(record);
            assert_eq!(finding.kind, Kind::Rollback);
            Some(healed)
        };
        assert_eq!(at(0, true), None);
        assert_eq!(at(60, true), None);
        assert_eq!(at(61, true), Some(false));
        assert_eq!(at(1_000, true), None);
        assert_eq!(at(1_001, false), Some(true));
        assert_eq!(at(1_002, false), None);
        assert_eq!(at(1_003, true), None, "the grace begins anew");
    }

    #[test]
    fn what_heals_within_the_grace_is_never_told() {
        let mut contact = contact('A');
        let missing = lacking(&contact, &[(2, 2)]);
        assert_eq!(gaps(&mut contact, Some(Kind::Gap), missing, minute(0), GRACE), None);
        assert_eq!(gaps(&mut contact, None, Vec::new(), minute(59), GRACE), None);
        assert_eq!((contact.theirs.behind_since, contact.theirs.missing.len()), (None, 0));
    }

    #[test]
    fn a_gap_is_told_with_its_numbers_and_an_old_copy_as_one() {
        let here = "; here up to sequence 3, written up to 9";
        for (kind, missing, text) in [
            (Kind::Gap, &[(4, 4)][..], format!("messages are missing: sequence 4{here}")),
            (
                Kind::Withheld,
                &[(4, 4), (6, 9)],
                format!("messages are withheld, the newest among them: sequences 4, 6 to 9{here}"),
            ),
            (Kind::Rollback, &[], "the feed is an old copy: it was newer before".to_owned()),
        ] {
            let mut contact = contact('A');
            let (log, hash) = (contact.ours.log, OctetsHash::of(b"x"));
            contact.theirs.head = Some(LogHead { log, sequence: 9, hash });
            contact.theirs.reached = vec![Reached { sequence: 3, ..Reached::nothing_of(log) }];
            let mut at = |minutes| {
                let missing = lacking(&contact, missing);
                gaps(&mut contact, Some(kind), missing, minute(minutes), GRACE)
            };
            assert_eq!(at(0), None);
            let (found, healed, told) = finding(at(61).unwrap());
            assert_eq!((found.kind, healed, told), (kind, false, text));
            assert_eq!((found.log, found.hashes), (Some(log), vec![hash.into()]));
            let numbers: Vec<u64> = missing.iter().flat_map(|(from, to)| *from..=*to).collect();
            assert_eq!(found.sequences, numbers);
        }
    }

    #[test]
    fn the_newest_message_is_withheld_only_if_it_is_not_there() {
        for is_there in [false, true] {
            let mut scene = Scene::begin();
            let mut eve = Person::called("Eve");
            let one = scene.item(1, None, "one");
            if is_there {
                scene.forge(&mut eve, &one);
            }
            let hash = OctetsHash::of(one.octets(&head()).as_bytes());
            scene.state(|state| state.head = Some(Head { sequence: 1, hash }));
            scene.read();
            let kind = if is_there { Kind::Gap } else { Kind::Withheld };
            assert_eq!(scene.contact().theirs.behind_as, Some(kind));
            assert_eq!(scene.contact().theirs.missing.len(), 1);
        }
    }

    #[test]
    fn a_key_that_nothing_can_be_sealed_to_is_told_once_and_so_is_its_return() {
        let mut scene = Scene::begin();
        scene.mary.rotate();
        pin(&scene.john, "mary", &scene.mary);
        scene.read();
        scene.wait(24 * 366);
        scene.read();
        scene.read();
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("nothing is sent to it"), "{told:?}");
        scene.mary.rotate();
        pin(&scene.john, "mary", &scene.mary);
        scene.read();
        let told = scene.told(Type::Trust);
        assert_eq!(told.len(), 2);
        assert!(told[1].contains("can be used again"), "{told:?}");
    }
}
