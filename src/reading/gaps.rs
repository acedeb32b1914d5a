//! Troubles that last and may heal: a key that cannot be used, a gap, an old copy.

use jiff::Timestamp;

use super::intake::Intake;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::record::About;

impl Intake<'_> {
    /// Tells that nothing can be sealed to the contact's key, and that it can again.
    pub(super) fn watch_key(&mut self) {
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
    pub(super) fn watch_gaps(&mut self, missing: bool) {
        let grace = self.identity.config.stale_grace;
        if let Some((text, healed)) =
            gaps(&mut self.contact, missing || self.stale, self.now, grace)
        {
            if healed {
                self.tell_healed(About::Integrity, &text);
            } else {
                self.tell(About::Integrity, text);
            }
        }
    }
}

/// Notes whether `contact` is behind at `now`; returns what is to be told, and whether it is good.
pub fn gaps(
    contact: &mut Contact,
    behind: bool,
    now: Timestamp,
    grace: jiff::SignedDuration,
) -> Option<(String, bool)> {
    let theirs = &mut contact.theirs;
    if !behind {
        theirs.behind_since = None;
        let healed = std::mem::take(&mut theirs.behind_told);
        return healed.then(|| ("the feed is whole again: nothing is missing".to_owned(), true));
    }
    // A time of the future was noted by a clock that was ahead.
    let since = theirs.behind_since.map_or(now, |since| since.min(now));
    theirs.behind_since = Some(since);
    if theirs.behind_told || now.duration_since(since) <= grace {
        return None;
    }
    theirs.behind_told = true;
    let head = theirs.head.as_ref().map_or(0, |head| head.sequence);
    let reached = theirs.reached.last().map_or(0, |reached| reached.sequence);
    let text = if reached < head {
        format!("messages are missing: here up to sequence {reached}, written up to {head}")
    } else {
        "the feed is an old copy: it was newer before".to_owned()
    };
    Some((text, false))
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::protocol::values::hash::OctetsHash;
    use crate::reading::testing::Scene;
    use crate::store::contact::entry::{LogHead, Reached};
    use crate::store::testing::{Type, contact};
    use crate::writing::testing::pin;
    use jiff::SignedDuration;

    const GRACE: SignedDuration = SignedDuration::from_hours(1);

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn what_is_behind_is_told_after_the_grace_once_and_again_when_it_heals() {
        let mut contact = contact('A');
        let mut at = |minutes, behind| gaps(&mut contact, behind, minute(minutes), GRACE);
        assert_eq!(at(0, true), None);
        assert_eq!(at(60, true), None);
        assert!(at(61, true).is_some_and(|(_, healed)| !healed));
        assert_eq!(at(1_000, true), None);
        assert!(at(1_001, false).is_some_and(|(_, healed)| healed));
        assert_eq!(at(1_002, false), None);
        assert_eq!(at(1_003, true), None, "the grace begins anew");
    }

    #[test]
    fn what_heals_within_the_grace_is_never_told() {
        let mut contact = contact('A');
        assert_eq!(gaps(&mut contact, true, minute(0), GRACE), None);
        assert_eq!(gaps(&mut contact, false, minute(59), GRACE), None);
        assert_eq!(contact.theirs.behind_since, None);
    }

    #[test]
    fn a_gap_is_told_with_its_sequences_and_an_old_copy_as_one() {
        for (reached, words) in [(3, "here up to sequence 3, written up to 5"), (5, "old copy")] {
            let mut contact = contact('A');
            let (log, hash) = (contact.ours.log, OctetsHash::of(b"x"));
            contact.theirs.head = Some(LogHead { log, sequence: 5, hash });
            contact.theirs.reached =
                vec![Reached { sequence: reached, ..Reached::nothing_of(log) }];
            gaps(&mut contact, true, minute(0), GRACE);
            let (text, _) = gaps(&mut contact, true, minute(61), GRACE).unwrap();
            assert!(text.contains(words), "{text}");
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
