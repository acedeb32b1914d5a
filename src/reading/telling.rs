//! What the user is told of a contact's feed, each thing once.

use super::intake::Intake;
use crate::openpgp::message::refusal::{Refusal, Verdict as Sentence};
use crate::protocol::values::hash::SealedHash;
use crate::store::contact::record::{About, Record};
use crate::store::contact::verdicts::{Verdict, Why};

impl Intake<'_> {
    /// Notes that a sealed object was refused, and tells of it once.
    pub(super) fn refuse(&mut self, what: &str, guid: &str, sealed: SealedHash, refusal: &Refusal) {
        let why = match refusal.verdict() {
            Sentence::Held if matches!(refusal, Refusal::Ahead(_)) => Why::Early,
            Sentence::Held => Why::Unknown,
            Sentence::Forged | Sentence::Failed => Why::Failed,
        };
        if *refusal == Refusal::NotForUs && self.keys.lacks_secret() {
            let reason =
                "it is sealed to a subkey whose secret is gone, and comes again".to_owned();
            if self.remember(guid, sealed, why, reason.clone()) {
                self.tell(About::Trust, format!("{what} cannot be opened: {reason}"));
            }
        } else if let Some(why) = self.disputed.filter(|_| why == Why::Unknown) {
            // That the feed names another key says it all.
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
