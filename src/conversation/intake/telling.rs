//! What the user is told of a contact's feed, each thing once.

use super::Intake;
use crate::openpgp::refusal::{Refusal, Verdict as Sentence};
use crate::protocol::hash::Hash;
use crate::store::record::{Direction, Record, Type};
use crate::store::verdicts::{Verdict, Why};

impl Intake<'_> {
    /// Notes that a sealed object was refused, and tells of it once.
    pub(in crate::conversation) fn refuse(
        &mut self,
        what: &str,
        guid: &str,
        sealed: Hash,
        refusal: &Refusal,
    ) {
        let why = match refusal.verdict() {
            Sentence::Held if matches!(refusal, Refusal::Ahead(_)) => Why::Early,
            Sentence::Held => Why::Unknown,
            Sentence::Forged | Sentence::Failed => Why::Failed,
        };
        if why == Why::Unknown && self.rejected {
            let (guid, reason) = (guid.to_owned(), refusal.to_string());
            let logs = self.contact.theirs.logs.len();
            self.verdicts.note(Verdict { guid, sealed, why: Why::Failed, reason, logs });
        } else {
            self.note(what, guid, sealed, why, refusal.to_string());
        }
    }

    /// Notes why a sealed object was not taken, and tells of it once.
    pub(in crate::conversation) fn note(
        &mut self,
        what: &str,
        guid: &str,
        sealed: Hash,
        why: Why,
        reason: String,
    ) {
        let logs = self.contact.theirs.logs.len();
        let verdict = Verdict { guid: guid.to_owned(), sealed, why, reason: reason.clone(), logs };
        if self.verdicts.note(verdict) {
            let kind = if matches!(why, Why::Held | Why::Unknown | Why::Early) {
                Type::Trust
            } else {
                Type::Integrity
            };
            let word = if kind == Type::Trust { "held" } else { "refused" };
            self.tell(kind, format!("{what} is {word}: {reason}"));
        }
    }

    /// Tells of proof that something is wrong, unless it was told before.
    pub(in crate::conversation) fn tell_once(&mut self, about: &str, proof: Hash, text: String) {
        let (guid, logs) = (about.to_owned(), self.contact.theirs.logs.len());
        let reason = text.clone();
        let told = Verdict { guid, sealed: proof, why: Why::Failed, reason, logs };
        if self.verdicts.note(told) {
            self.tell(Type::Integrity, text);
        }
    }

    /// Records something to be told.
    pub(in crate::conversation) fn tell(&mut self, kind: Type, text: String) {
        let record = Record::new(kind, Direction::Received, self.now, text);
        self.records.push(record.about(&self.contact));
    }

    /// Records that something which was told of is over.
    pub(in crate::conversation) fn tell_healed(&mut self, kind: Type, text: &str) {
        let record = Record::new(kind, Direction::Received, self.now, text);
        self.records.push(Record { healed: true, ..record.about(&self.contact) });
    }
}
