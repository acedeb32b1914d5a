//! The parts that stand in a contact's feed once: key, introduction and state (PROTOCOL §5, §6,
//! §9).

#[cfg(test)]
pub(in crate::reading) mod tests;

use std::time::Duration;

use super::forked::{Forked, Proof};
use super::logs;
use crate::protocol;
use crate::protocol::feed::channel::{Broken, Channel};
use crate::protocol::sealed::handshake::{self, Order};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::sealed::state::{Head, State};
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::{OctetsHash, SealedHash};
use crate::protocol::values::limits;
use crate::reading::intake::Intake;
use crate::reading::opening::documents::{Document, Sealed};
use crate::reading::opening::openings::Closed;
use crate::session::web::network::Network;
use crate::store::contact::entry::{Contact, LogHead, Seen};
use crate::store::contact::history::record::About;
use crate::store::contact::verdicts::Why;

type Judged<T> = Result<T, (Why, String)>;

impl Intake<'_> {
    /// Notes that the feed names another key than the pinned one, and tells of it once: nothing of
    /// that key is believed.
    pub(in crate::reading) fn key_element(&mut self, channel: &Channel) {
        if channel.key.is_some() {
            self.heal("key");
        }
        let Some(key) =
            channel.key.as_ref().filter(|key| key.fingerprint != self.contact.fingerprint)
        else {
            return;
        };
        let (named, theirs) = (&key.fingerprint, &self.contact.theirs);
        self.disputed =
            Some(if theirs.rejected.contains(named) { Why::Disbelieved } else { Why::Unknown });
        let offered = Some(named.clone()).filter(|_| self.disputed == Some(Why::Unknown));
        if offered.is_some() && offered != theirs.offered {
            let text = format!(
                "what comes by another key is held: the feed names the key {named}, not the one that is pinned"
            );
            self.tell(About::Trust, text);
        }
        self.contact.theirs.offered = offered;
    }

    /// Notes which of these parts are refused because they break a rule, and tells of each once.
    pub(in crate::reading) fn refuse_broken(&mut self, channel: &Channel) {
        for Broken { name, why, text } in &channel.broken {
            let what = match *name {
                "pgpKey" => "key",
                "introduction" | "state" => name,
                // A pair feed has no use for the rest.
                _ => continue,
            };
            let hash = SealedHash::of(text.as_bytes());
            self.note(&format!("the {what}"), what, hash, Why::Failed, why.clone());
        }
    }

    /// Opens introduction and state before all items: they say how these are to be judged.
    pub(in crate::reading) fn open_parts(&mut self, document: &Document<'_>) {
        let theirs = &self.contact.theirs;
        let introduction = theirs.introduction.as_ref().and_then(|seen| seen.sealed);
        let state = theirs.state.as_ref().and_then(|seen| seen.sealed);
        for (what, part, seen) in [
            ("introduction", document.introduction, introduction),
            ("state", document.state, state),
        ] {
            let Some(part) = part.filter(|part| Some(part.hash) != seen) else { continue };
            if !self.is_settled(what, part.hash) {
                // What comes of it is asked for when it is judged.
                let _ = self.openings.open(self.keys, part, &self.certificate, self.now);
            }
        }
    }

    /// Judges the introduction, if it is a new one.
    pub(in crate::reading) fn introduction(&mut self, document: &Document<'_>) {
        if let Some(sealed) = document.introduction {
            let seen = self.contact.theirs.introduction.as_ref().and_then(|seen| seen.sealed);
            self.single("introduction", sealed, seen, Self::judge_introduction);
        }
    }

    /// Judges the state, if it is a new one. A copy without one is an old copy.
    pub(in crate::reading) fn state(&mut self, document: &Document<'_>) {
        let seen = self.contact.theirs.state.as_ref();
        let sealed_before = seen.and_then(|seen| seen.sealed);
        match document.state {
            Some(sealed) => self.single("state", sealed, sealed_before, Self::judge_state),
            // One that is broken is refused, and says nothing of how old the copy is.
            None => self.stale |= seen.is_some() && !document.channel.broken.iter().any(is_state),
        }
    }

    /// Opens what stands in the feed once, and has `judge` decide on it, who says whether it is in force;
    /// the bytes that were `seen`
    /// last need no second opening.
    fn single(
        &mut self,
        what: &str,
        sealed: Sealed<'_>,
        seen: Option<SealedHash>,
        judge: fn(&mut Self, &[u8], SealedHash, bool) -> Judged<bool>,
    ) {
        let hash = sealed.hash;
        if seen == Some(hash) {
            return self.heal(what);
        }
        if self.is_settled(what, hash) {
            return;
        }
        // By a clock of ours that was ahead we may have believed a signature of the future.
        let newest = self.contact.theirs.signed.map(|newest| newest.min(self.now));
        let shown = format!("the {what}");
        match self.unseal(sealed) {
            Err(Closed::PutOff) => {}
            Err(Closed::Refused(refusal)) => self.refuse(&shown, what, hash, &refusal),
            Ok(opened) => {
                let octets = &opened.octets;
                match judge(self, octets, hash, is_long_before(opened.signed, newest)) {
                    Ok(in_force) => {
                        self.verdicts.forget(what, hash);
                        if in_force {
                            self.heal(what);
                        }
                    }
                    Err(doubt) => self.note_found(&shown, what, hash, doubt, |found| {
                        let found = found.by([OctetsHash::of(octets).into()]);
                        log_of(octets).map_or(found.clone(), |log| found.in_log(log))
                    }),
                }
            }
        }
    }

    fn judge_introduction(
        &mut self,
        octets: &[u8],
        sealed: SealedHash,
        backdated: bool,
    ) -> Judged<bool> {
        let introduction = Introduction::parse(octets).map_err(refused)?;
        let us = self.keys.fingerprints().map_err(|error| (Why::Failed, error.to_string()))?;
        let invitation = self.contact.reader().invitation;
        handshake::check_later(&introduction, &self.contact.fingerprint, &us, invitation)
            .map_err(refused)?;
        let network = Network::of(&self.identity.config, Duration::ZERO);
        handshake::check_urls(&introduction, |url| network.permits(url)).map_err(refused)?;
        let hash = OctetsHash::of(octets);
        let before = in_force(self.contact.theirs.introduction.as_ref());
        match handshake::order((introduction.log, introduction.serial, hash), before) {
            Order::Earlier => {
                self.stale = true;
                return Ok(false);
            }
            Order::Fork => return Err(forked(introduction.serial)),
            Order::Same => self
                .contact
                .theirs
                .introduction
                .iter_mut()
                .for_each(|seen| seen.sealed = Some(sealed)),
            Order::Later if backdated => return Err(long_before()),
            Order::Later if introduction.log.is_ahead_of(self.now) => return Err(of_the_future()),
            Order::Later => {
                self.moved |= self.contact.feed != introduction.feed;
                self.notice_new_log(&introduction);
                adopt(&mut self.contact, introduction, hash, Some(sealed));
            }
        }
        Ok(true)
    }

    fn judge_state(&mut self, octets: &[u8], sealed: SealedHash, backdated: bool) -> Judged<bool> {
        let state = State::parse(octets).map_err(refused)?;
        if state.log.is_ahead_of(self.now) {
            return Err(of_the_future());
        }
        if !self.contact.theirs.logs.contains(&state.log) {
            return Err((Why::Foreign, "it is of a log that this feed has not opened".to_owned()));
        }
        let hash = OctetsHash::of(octets);
        let before = in_force(self.contact.theirs.state.as_ref());
        match handshake::order((state.log, state.serial, hash), before) {
            Order::Earlier => {
                self.stale = true;
                return Ok(false);
            }
            Order::Fork => return Err(forked(state.serial)),
            Order::Same => {
                self.contact.theirs.state.iter_mut().for_each(|seen| seen.sealed = Some(sealed))
            }
            Order::Later if backdated => return Err(long_before()),
            Order::Later => self.follow(&state, hash, sealed),
        }
        Ok(true)
    }

    /// Puts a later state in force.
    fn follow(&mut self, state: &State, hash: OctetsHash, sealed: SealedHash) {
        let before = self.contact.theirs.state.as_ref();
        if before.is_some_and(|seen| seen.log != state.log) {
            // The contact lost its disk: only what it says from now on counts.
            self.contact.reader_mut().acknowledged = 0;
        }
        let theirs = &mut self.contact.theirs;
        let log_head = |Head { sequence, hash }| LogHead { log: state.log, sequence, hash };
        theirs.head = state.head.map(log_head);
        theirs.floor = state.floor;
        theirs.gone = logs::gone(theirs, state);
        theirs.state =
            Some(Seen { log: state.log, serial: state.serial, hash, sealed: Some(sealed) });
        self.check_head();
        self.asked_for(state);
        self.acknowledged(state);
    }

    /// Looks for proof that the log was forked: its head is not the item that we have there.
    fn check_head(&mut self) {
        let Some(head) = &self.contact.theirs.head else { return };
        let here = self.known.at(head.log, head.sequence);
        if !here.is_empty() && here.iter().all(|link| link.hash != head.hash) {
            let (log, sequence) = (head.log, head.sequence);
            let hashes = here.iter().map(|link| link.hash).chain([head.hash]).collect();
            self.forked.push(Forked { log, sequence, proof: Proof::Head, hashes });
        }
    }
}

/// The log that an introduction or a state is about, if it says so.
fn log_of(octets: &[u8]) -> Option<LogId> {
    let introduction = Introduction::parse(octets).map(|introduction| introduction.log);
    introduction.or_else(|_| State::parse(octets).map(|state| state.log)).ok()
}

fn is_state(broken: &Broken) -> bool {
    broken.name == "state"
}

/// Puts a later introduction of `contact` in force: it may open a log, and move the feed.
pub fn adopt(
    contact: &mut Contact,
    introduction: Introduction,
    hash: OctetsHash,
    sealed: Option<SealedHash>,
) {
    if contact.feed != introduction.feed {
        contact.http = Default::default();
    }
    logs::open_logs(&mut contact.theirs, &introduction);
    (contact.feed, contact.key) = (introduction.feed, introduction.key);
    if contact.card != introduction.card {
        (contact.card_confirmed, contact.card_asked) = (false, None);
    }
    (contact.card, contact.handshake) = (introduction.card, introduction.handshake);
    contact.claimed_name = introduction.name;
    let (log, serial) = (introduction.log, introduction.serial);
    contact.theirs.introduction = Some(Seen { log, serial, hash, sealed });
}

/// The log, the serial and the hash that a later one is compared to.
pub fn in_force(seen: Option<&Seen>) -> Option<(LogId, u64, OctetsHash)> {
    seen.map(|seen| (seen.log, seen.serial, seen.hash))
}

fn forked(serial: u64) -> (Why, String) {
    (Why::Forked, format!("there are two with the serial {serial}"))
}

/// Why something waits whose log is dated over 24 hours ahead.
pub(in crate::reading) fn of_the_future() -> (Why, String) {
    (Why::Early, "its log is of the future".to_owned())
}

fn long_before() -> (Why, String) {
    (Why::Early, "it was signed long before what is known already".to_owned())
}

fn refused(error: protocol::Error) -> (Why, String) {
    match error {
        protocol::Error::Malformed(what) => (Why::Failed, what),
        protocol::Error::Critical(what) => (Why::Held, what),
    }
}

/// Returns whether something was `signed` over a day before the `newest` signature that is known: by
/// a key that was retired meanwhile, perhaps.
pub fn is_long_before(signed: jiff::Timestamp, newest: Option<jiff::Timestamp>) -> bool {
    newest
        .is_some_and(|newest| signed.as_second().saturating_add(limits::AHEAD) < newest.as_second())
}
