//! One document of a contact's feed is taken in: what is new is opened, judged, stored and
//! acknowledged.

use jiff::Timestamp;

use super::known::Known;
use super::own_feed::{self, Change};
use super::registration;
use super::session::Session;
use crate::error::{Context, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::open::{self, Opened};
use crate::openpgp::refusal::{Refusal, Verdict as Sentence};
use crate::protocol::channel::{Channel, KeyElement};
use crate::protocol::hash::Hash;
use crate::protocol::url::Url;
use crate::store::contact::{Contact, Http};
use crate::store::contacts;
use crate::store::messages::Messages;
use crate::store::record::{Direction, Record, Type};
use crate::store::verdicts::{Verdict, Verdicts, Why};

/// What kind of document it is, and what came with it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// An archive: it has neither introduction nor state.
    pub is_archive: bool,
    /// What the host said of the copy, to be remembered once it is stored.
    pub http: Option<Http>,
}

/// What taking it in brought.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether the copy is older than what we know.
    pub stale: bool,
    /// Where to look for what is missing.
    pub archive: Option<Url>,
    /// Whether our own feed changed.
    pub rewritten: bool,
}

/// One document being taken in.
pub struct Intake<'a> {
    pub(super) session: &'a mut Session,
    pub(super) name: &'a str,
    pub(super) contact: Contact,
    pub(super) certificate: Certificate,
    pub(super) known: Known,
    pub(super) verdicts: Verdicts,
    pub(super) records: Vec<Record>,
    pub(super) now: Timestamp,
    pub(super) stale: bool,
    /// Whether the feed moved to another URL.
    pub(super) moved: bool,
}

/// Takes `document` in as the feed of the contact called `name`.
///
/// # Errors
/// When it is no feed, or something cannot be read or written; what was stored before stays.
pub fn take_in(
    session: &mut Session,
    name: &str,
    document: &[u8],
    source: Source,
) -> Result<Outcome> {
    let channel =
        Channel::parse(document).or_cannot(|| format!("cannot read the feed of `{name}`"))?;
    take_in_chain(session, name, &channel, &[], source)
}

/// Takes in `channel`, and with it the `archives` before it, newest first: judged from the head
/// down, stored from the oldest up.
///
/// # Errors
/// When something cannot be read or written; what was stored before stays.
pub fn take_in_chain(
    session: &mut Session,
    name: &str,
    channel: &Channel,
    archives: &[Channel],
    source: Source,
) -> Result<Outcome> {
    let chain: Vec<&Channel> = std::iter::once(channel).chain(archives).collect();
    let intake = Intake::open(session, name)?;
    if chain.iter().any(|channel| intake.has_work(channel)) {
        session.unlock()?;
    }
    let lock = session.lock()?;
    let mut intake = Intake::open(session, name)?;
    if intake.session.secret().is_err() && chain.iter().any(|channel| intake.has_work(channel)) {
        // Another process has changed what is known meanwhile. What cannot be opened for want of
        // the key must not be taken for what nobody can open.
        drop(lock);
        session.unlock()?;
        return take_in_chain(session, name, channel, archives, source);
    }
    if !source.is_archive {
        intake.key_element(channel);
        intake.introduction(channel);
        intake.state(channel);
    }
    chain.iter().for_each(|channel| intake.items(channel));
    intake.finish(&chain, source)
}

impl<'a> Intake<'a> {
    fn open(session: &'a mut Session, name: &'a str) -> Result<Self> {
        let contact = Contact::load(&session.home, name)?;
        let certificate = contacts::certificate(&session.home, name)?;
        let keys = format!("{}{}", certificate.to_armored(), session.certificate()?.to_armored());
        let verdicts = Verdicts::load(&session.home, name, Hash::of(keys.as_bytes()))?;
        let known = Known::load(&Messages::of(&session.home, name))?;
        let now = session.now();
        Ok(Self {
            session,
            name,
            contact,
            certificate,
            known,
            verdicts,
            records: Vec::new(),
            now,
            stale: false,
            moved: false,
        })
    }

    /// Whether anything in `channel` has yet to be opened: only that costs a passphrase.
    fn has_work(&self, channel: &Channel) -> bool {
        let theirs = &self.contact.theirs;
        let new_single = |sealed: &Option<String>, seen: Option<Hash>, what: &str| {
            let hash = sealed.as_deref().map(sealed_hash);
            hash.is_some_and(|hash| Some(hash) != seen && !self.is_settled(what, hash))
        };
        self.is_sealed_to_the_past()
            || new_single(
                &channel.introduction,
                theirs.introduction.as_ref().map(|seen| seen.sealed),
                "introduction",
            )
            || new_single(&channel.state, theirs.state.as_ref().map(|seen| seen.sealed), "state")
            || channel.items.iter().any(|item| self.is_new(item))
    }

    /// Whether the contact's encryption subkey is another than our feed is sealed to.
    fn is_sealed_to_the_past(&self) -> bool {
        let writes = !self.session.config.read_only && !self.contact.blocked;
        let subkey = self.certificate.encryption_subkey(self.now).ok();
        writes && subkey.is_some() && subkey != self.contact.ours.sealed_to
    }

    /// Whether the verdict on a sealed object stands, so that it need not be opened again.
    pub(super) fn is_settled(&self, guid: &str, sealed: Hash) -> bool {
        self.verdicts.of(guid, sealed).is_some_and(|verdict| match verdict.why {
            Why::Failed | Why::Held => true,
            Why::Foreign => verdict.logs == self.contact.theirs.logs.len(),
            Why::Early => false,
        })
    }

    /// Opens a sealed object of this contact.
    pub(super) fn unseal(&mut self, sealed: &str) -> std::result::Result<Opened, Refusal> {
        let (secret, _) = self.session.secret().map_err(|_| Refusal::NotForUs)?;
        let opened = open::open(sealed, secret, &self.certificate, self.now)?;
        let newest = self.contact.theirs.signed.max(Some(opened.signed));
        self.contact.theirs.signed = newest;
        Ok(opened)
    }

    /// Notes that a sealed object was refused, and tells of it once.
    pub(super) fn refuse(&mut self, what: &str, guid: &str, sealed: Hash, refusal: &Refusal) {
        let why = match refusal.verdict() {
            Sentence::Held if matches!(refusal, Refusal::Ahead(_)) => Why::Early,
            Sentence::Held => Why::Held,
            Sentence::Forged | Sentence::Failed => Why::Failed,
        };
        self.note(what, guid, sealed, why, refusal.to_string());
    }

    /// Notes why a sealed object was not taken, and tells of it once.
    pub(super) fn note(&mut self, what: &str, guid: &str, sealed: Hash, why: Why, reason: String) {
        let logs = self.contact.theirs.logs.len();
        let verdict = Verdict { guid: guid.to_owned(), sealed, why, reason: reason.clone(), logs };
        if self.verdicts.note(verdict) {
            let kind =
                if matches!(why, Why::Held | Why::Early) { Type::Trust } else { Type::Integrity };
            let word = if kind == Type::Trust { "held" } else { "refused" };
            self.tell(kind, format!("{what} is {word}: {reason}"));
        }
    }

    /// Tells of proof that something is wrong, unless it was told before.
    pub(super) fn tell_once(&mut self, about: &str, proof: Hash, text: String) {
        let (guid, logs) = (about.to_owned(), self.contact.theirs.logs.len());
        let reason = text.clone();
        let told = Verdict { guid, sealed: proof, why: Why::Failed, reason, logs };
        if self.verdicts.note(told) {
            self.tell(Type::Integrity, text);
        }
    }

    /// Records something to be told.
    pub(super) fn tell(&mut self, kind: Type, text: String) {
        let record = Record::new(kind, Direction::Received, self.now, text);
        self.records.push(record.about(&self.contact));
    }

    /// Stores and acknowledges what the documents of `chain` brought, the newest of them first.
    fn finish(mut self, chain: &[&Channel], source: Source) -> Result<Outcome> {
        let theirs = &self.contact.theirs;
        let reached = theirs.logs.iter().map(|log| self.known.reached(theirs, *log)).collect();
        self.contact.theirs.reached = reached;
        let missing = self.known.missing(&self.contact.theirs);
        let floor = self.contact.theirs.floor.unwrap_or(1);
        let archived = missing.iter().any(|range| range.to >= floor);
        let oldest = chain.last().and_then(|oldest| oldest.prev_archive.clone());
        let archive = oldest.filter(|_| archived);
        self.watch_gaps(!missing.is_empty());
        if let Some(newest) = chain.first().filter(|_| !source.is_archive) {
            self.forget_replaced(newest);
            self.learn_cloud(newest);
        }
        self.remember_copy(chain, source, archive.is_some());
        let Self { session, name, mut contact, certificate, verdicts, mut records, stale, .. } =
            self;
        records.sort_by_key(|record| (record.log, record.sequence));
        Messages::of(&session.home, name).append(&mut records)?;
        verdicts.save(&session.home, name)?;
        let rewritten = acknowledge(session, name, &mut contact, &certificate)?;
        Ok(Outcome { stale, archive, rewritten })
    }

    /// Learns who tells of changes of the feed.
    fn learn_cloud(&mut self, channel: &Channel) {
        if !self.stale {
            let third_party = self.session.config.third_party_cloud;
            let cloud = registration::cloud_of(channel, &self.contact.feed, third_party);
            self.contact.theirs.cloud = cloud;
        }
    }

    /// Forgets what was held and stands in the feed no more, since another stands in its place.
    fn forget_replaced(&mut self, channel: &Channel) {
        if self.stale {
            return;
        }
        for (what, present) in [("introduction", &channel.introduction), ("state", &channel.state)]
        {
            let present = present.as_deref().map(sealed_hash);
            self.verdicts.forget_waiting(what, present);
        }
        let other = channel.key.as_ref().filter(|key| key.fingerprint != self.contact.fingerprint);
        self.verdicts.forget_waiting("key", other.map(key_hash));
    }

    /// Remembers what the host said of the copy, unless it has to be read again: a stale one, one
    /// at a place that the feed has left, one with something in it that waits for the clock, or one
    /// whose archives are still to be read.
    fn remember_copy(&mut self, chain: &[&Channel], source: Source, unread: bool) {
        let again = self.stale || self.moved || unread || self.waits_for_clock(chain);
        let http = &mut self.contact.http;
        match source.http {
            Some(said) => *http = if again { Http::default() } else { said },
            // It came by another way: what the host said is about another copy.
            None if !source.is_archive => (http.etag, http.last_modified) = (None, None),
            None => {}
        }
    }

    fn waits_for_clock(&self, chain: &[&Channel]) -> bool {
        let in_feed = |guid: &str| {
            let mut items = chain.iter().flat_map(|channel| &channel.items);
            matches!(guid, "introduction" | "state")
                || items.any(|item| item.guid.as_deref() == Some(guid))
        };
        self.verdicts.early().any(in_feed)
    }

    /// Tells that something has been missing for too long, and that it is no more.
    fn watch_gaps(&mut self, missing: bool) {
        let grace = self.session.config.stale_grace;
        if let Some((text, healed)) =
            gaps(&mut self.contact, missing || self.stale, self.now, grace)
        {
            self.tell(Type::Integrity, text);
            if let Some(record) = self.records.last_mut() {
                record.healed = healed;
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

/// Tells the contact how far we are, where that changed, or saves what we know of it.
fn acknowledge(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    certificate: &Certificate,
) -> Result<bool> {
    let silent = session.config.read_only || contact.blocked || session.secret().is_err();
    if silent {
        contact.save(&session.home, name)?;
        return Ok(false);
    }
    let untouched = contact.clone();
    match own_feed::rewrite(session, name, contact, certificate, Change::default()) {
        Err(error) if error.kind == Kind::Trust => {
            // What came is stored; only the acknowledgement waits for a better key.
            untouched.save(&session.home, name)?;
            session.report(&error);
            Ok(false)
        }
        done => done,
    }
}

/// What a key that is not the pinned one is remembered by.
pub(super) fn key_hash(key: &KeyElement) -> Hash {
    Hash::of(key.fingerprint.as_str().as_bytes())
}

/// What a sealed object is remembered by.
pub fn sealed_hash(sealed: &str) -> Hash {
    open::dearmored_hash(sealed).unwrap_or_else(|_| Hash::of(sealed.as_bytes()))
}
