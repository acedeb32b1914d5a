//! What lasts and may heal: a key that cannot be used, a gap, an old copy.

use jiff::Timestamp;

use super::intake::Intake;
use crate::store::contact::entry::Contact;
use crate::store::contact::record::About;

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
    let since = *theirs.behind_since.get_or_insert(now);
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
