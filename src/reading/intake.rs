//! One document of a contact's feed is taken in: what is new is opened, judged, stored and
//! acknowledged.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::rc::Rc;

use jiff::Timestamp;

use super::contents::followed::Followed;
use super::contents::forked::Forked;
use super::contents::untaken::Untaken;
use super::judged::{Judged, Outcome};
use super::opening::documents::{Documents, Sealed};
use super::opening::openings::{Closed, Openings};
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::cost::Budget;
use crate::openpgp::message::open::Opened;
use crate::protocol::feed::channel::{Channel, cloud_of};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::{Hash, SealedHash};
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::basis::Basis;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Http};
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::verdicts::{Verdicts, Why};
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::writing::rewriting::feed;

/// How often a feed is judged anew because something else changed what is known of its contact.
const TRIES: usize = 8;

/// The kind of a document, and the headers that came with it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// An archive: it has neither introduction nor state.
    pub is_archive: bool,
    /// The headers that the host sent with the copy, to be remembered once it is stored.
    pub http: Option<Http>,
    /// Whether all that belongs to it was looked for, as is done only after a pause where that has been
    /// in vain.
    pub in_time: bool,
    /// Whether a certificate that it announces was not to be had.
    pub lacks_key: bool,
    /// How much work on it may come to nothing.
    pub budget: Budget,
    /// What gives the order in which its objects are opened: another each time.
    pub seed: u64,
}

/// One document being taken in.
pub struct Intake<'a> {
    pub(super) identity: &'a Identity,
    pub(super) keys: &'a mut Keys,
    pub(super) name: &'a str,
    pub(super) contact: Contact,
    pub(super) certificate: Certificate,
    pub(super) known: Known,
    pub(super) verdicts: Verdicts,
    pub(super) records: Vec<Record>,
    /// What was not taken, and is to be told of.
    pub(super) untaken: Vec<Untaken>,
    /// Where the logs are forked.
    pub(super) forked: Vec<Forked>,
    pub(super) now: Timestamp,
    pub(super) stale: bool,
    /// Whether the feed moved to another URL.
    pub(super) moved: bool,
    /// The verdict on what unknown keys signed, if the feed names another than the pinned one.
    pub(super) disputed: Option<Why>,
    /// Whether the contact's key was replaced.
    pub(super) succeeded: bool,
    /// Whether this home was copied or restored, and does not know yet what it has published since.
    pub(super) is_copied: bool,
    /// What was opened of its feed.
    pub(super) openings: &'a mut Openings,
    /// The keys by which the feed was followed to the present one.
    pub(super) followed: Followed,
    /// Former keys of the contact, with their certificates.
    pub(super) former: Vec<Certificate>,
    /// The items of which something right was found, so that no other of the name need be opened.
    pub(super) found: HashSet<Guid>,
    /// Whether the feed is to be read again, though it may be unchanged.
    pub(super) again: bool,
    /// What had been refused or held before, while that was more than is tried or remembered.
    pub(super) told_of: Vec<Why>,
    /// Whether the pinned certificate was larger than it is kept now.
    is_reduced: bool,
}

/// Takes `document` in as the feed of the contact called `name`.
///
/// # Errors
/// When it is no feed, or something cannot be read or written; what was stored before stays.
pub fn take_in(
    identity: &Identity,
    keys: &mut Keys,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    document: &[u8],
    source: Source,
) -> Result<Outcome> {
    let parse = if source.is_archive { Channel::parse_each } else { Channel::parse_ours };
    let channel = parse(document).or_cannot(|| format!("cannot read the feed of `{name}`"))?;
    take_in_chain(identity, keys, talk, now, name, &[&channel], source)
}

/// Takes in `chain`, a document and the archives before it, newest first: judged from the head down,
/// stored from the oldest up.
///
/// All that others wrote is opened and judged without a lock. Under it is looked whether what that was
/// judged by is still the same, and only then it is stored.
///
/// # Errors
/// When something cannot be read or written; what was stored before stays. [`Kind::Busy`] when others
/// change what is known of the contact all the time.
pub fn take_in_chain(
    identity: &Identity,
    keys: &mut Keys,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    chain: &[&Channel],
    source: Source,
) -> Result<Outcome> {
    let documents = Documents::of(chain);
    let mut openings = Openings::new(source.budget, source.seed);
    let mut is_copied = false;
    for _ in 0..TRIES {
        keys.notice_key_change()?;
        let basis = Basis::of(&identity.home, name)?;
        let mut intake = Intake::open(identity, keys, &mut openings, now, name)?;
        intake.is_copied = is_copied;
        if intake.has_work_in(&documents) {
            intake.keys.unlock()?;
        }
        let judged = intake.judge(&documents, &source)?;
        let locked = identity.lock_although_copied(now)?;
        is_copied = locked.is_copied();
        let stands = judged.by == (keys.hash()?, is_copied) && !keys.are_outdated();
        if stands && Basis::of(&locked.home, name)? == basis {
            return judged.store(&locked, keys, talk, openings.left());
        }
    }
    Err(Error::new(Kind::Busy, format!("other runs change `{name}` all the time"))
        .hint("its feed is read at the next poll"))
}

impl<'a> Intake<'a> {
    fn open(
        identity: &'a Identity,
        keys: &'a mut Keys,
        openings: &'a mut Openings,
        now: Timestamp,
        name: &'a str,
    ) -> Result<Self> {
        let home = &identity.home;
        let contact = Contact::load(home, name)?;
        let (certificate, is_reduced) = contacts::certificate(home, name)?.reduced_if_large(now);
        let verdicts = verdicts(home, keys, name, &certificate)?;
        openings.by_keys(keys.hash()?);
        let is_flooded = contact.theirs.put_off > 0 || contact.theirs.dropped > 0;
        let told_of = verdicts.items.iter().filter(|_| is_flooded).map(|item| item.why).collect();
        let former = contact.theirs.former.iter();
        let former =
            former.filter_map(|key| contacts::former(home, name, &key.fingerprint).ok()?);
        let former = former.map(|certificate| certificate.reduced_if_large(now).0).collect();
        let known = Known::load(&Messages::of(home, name))?;
        Ok(Self {
            identity,
            keys,
            name,
            contact,
            certificate,
            known,
            verdicts,
            records: Vec::new(),
            untaken: Vec::new(),
            forked: Vec::new(),
            now,
            stale: false,
            moved: false,
            disputed: None,
            succeeded: false,
            is_copied: false,
            openings,
            followed: Followed::default(),
            former,
            found: HashSet::new(),
            again: false,
            told_of,
            is_reduced,
        })
    }

    /// Returns whether anything in `documents` has yet to be opened, or written: only that costs a
    /// passphrase.
    fn has_work_in(&self, documents: &Documents<'_>) -> bool {
        let theirs = &self.contact.theirs;
        let new_single = |part: Option<Sealed<'_>>, seen: Option<SealedHash>, what: &str| {
            part.is_some_and(|part| Some(part.hash) != seen && !self.is_settled(what, part.hash))
        };
        let introduction = theirs.introduction.as_ref().and_then(|seen| seen.sealed);
        let state = theirs.state.as_ref().and_then(|seen| seen.sealed);
        self.is_to_be_written()
            || documents.all.iter().any(|document| {
                new_single(document.introduction, introduction, "introduction")
                    || new_single(document.state, state, "state")
                    || document.items.iter().any(|entry| self.is_new(entry))
            })
    }

    /// Returns whether our feed has to be written, whatever is new: the contact's encryption subkey is
    /// another than it is sealed to, or a run died before it was as it was counted.
    fn is_to_be_written(&self) -> bool {
        let Self { identity, keys, contact, now, .. } = self;
        let writes = !identity.config.read_only && !contact.blocked;
        let subkey = self.certificate.encryption_subkey(*now).ok();
        let is_to_another = subkey.is_some() && subkey != contact.reader().sealed_to;
        // A feed that cannot be read is told by whatever writes it.
        let is_shown = || feed::is_shown(&identity.home, &contact.ours).unwrap_or(true);
        writes && (is_to_another || (own_key::expect_usable(keys, *now).is_ok() && !is_shown()))
    }

    /// Returns whether the verdict on a sealed object stands, so that it need not be opened again.
    pub(super) fn is_settled(&self, guid: &str, sealed: SealedHash) -> bool {
        self.verdicts.of(guid, sealed).is_some_and(|verdict| match verdict.why {
            Why::Failed | Why::Forged | Why::Forked | Why::Disbelieved => true,
            Why::Held | Why::Unknown | Why::Unopened => true,
            Why::Foreign => verdict.logs == self.contact.theirs.logs.len(),
            Why::Early => false,
        })
    }

    /// Opens a sealed object of this contact.
    pub(super) fn unseal(&mut self, sealed: Sealed<'_>) -> std::result::Result<Rc<Opened>, Closed> {
        let opened = self.openings.open(self.keys, sealed, &self.certificate, self.now)?;
        let newest = self.contact.theirs.signed.max(Some(opened.signed));
        self.contact.theirs.signed = newest;
        Ok(opened)
    }

    /// Judges all that is new in `documents`, and says what is to be stored.
    fn judge(mut self, documents: &Documents<'_>, source: &Source) -> Result<Judged> {
        let newest = documents.newest().filter(|_| !source.is_archive);
        if let Some(document) = newest {
            // What is there no more makes room, or that could be used up for good. It may stand in
            // archives that were not read.
            if documents.reach_the_beginning() || self.verdicts.are_full() {
                self.verdicts.forget_refused(|guid, sealed| documents.have_sealed(guid, sealed));
            }
            self.open_parts(document);
            self.open_ahead(documents);
            self.follow_key(documents)?;
            self.refuse_broken(document.channel);
            self.key_element(document.channel);
            self.introduction(document);
            self.state(document);
        } else {
            self.open_ahead(documents);
        }
        documents.all.iter().for_each(|document| self.items(document));
        let theirs = &self.contact.theirs;
        let reached = theirs.logs.iter().map(|log| self.known.reached(theirs, *log)).collect();
        self.contact.theirs.reached = reached;
        let missing = self.known.missing(&self.contact.theirs);
        let floor = self.contact.theirs.floor.unwrap_or(1);
        let archived = missing.iter().any(|range| range.to >= floor);
        let oldest = documents.all.last();
        let oldest = oldest.and_then(|oldest| oldest.channel.prev_archive.clone());
        // An old copy leads to old archives.
        let archive = oldest.filter(|_| archived && !self.stale);
        self.watch_gaps(&missing, documents);
        self.watch_key();
        if let Some(newest) = newest {
            self.forget_replaced(newest.channel, documents);
            self.forget_unopened(documents);
            self.learn_cloud(newest.channel);
        }
        // Where the messages show a fork, that says more than two states do.
        self.tell_forks();
        self.tell_untaken();
        self.tell_put_off();
        self.tell_dropped();
        let has_news = self.records.iter().any(|record| record.entry().is_some());
        self.remember_copy(documents, source, archive.is_some(), has_news);
        self.remember_keys(documents)?;
        Ok(Judged {
            name: self.name.to_owned(),
            by: (self.keys.hash()?, self.is_copied),
            contact: self.contact,
            certificate: self.certificate,
            is_reduced: self.is_reduced,
            verdicts: self.verdicts,
            records: self.records,
            followed: self.followed,
            succeeded: self.succeeded,
            stale: self.stale,
            archive,
            has_news,
        })
    }

    /// Learns who tells of changes of the feed.
    fn learn_cloud(&mut self, channel: &Channel) {
        if !self.stale {
            let third_party = self.identity.config.third_party_cloud;
            let cloud = cloud_of(channel, &self.contact.feed, third_party);
            self.contact.theirs.cloud = cloud;
        }
    }

    /// Forgets what was held and stands in the feed no more, be it that another stands in its place.
    fn forget_replaced(&mut self, channel: &Channel, documents: &Documents<'_>) {
        if self.stale {
            return;
        }
        let newest = documents.newest();
        let introduction = newest.and_then(|newest| newest.introduction);
        let state = newest.and_then(|newest| newest.state);
        for (what, present) in [("introduction", introduction), ("state", state)] {
            self.verdicts.forget_waiting(what, present.map(|present| present.hash));
        }
        if documents.reach_the_beginning() {
            self.verdicts.forget_gone(|guid| documents.have(guid));
        }
        let names_pinned = self.disputed.is_none() && channel.key.is_some();
        if names_pinned && self.contact.theirs.offered.take().is_some() {
            self.tell_healed(About::Trust, "the feed names the pinned key again");
        }
    }

    /// Forgets what was sealed to a key that is not here, and has been sealed again or is gone.
    fn forget_unopened(&mut self, documents: &Documents<'_>) {
        if !self.stale {
            self.verdicts.forget_unopened(|guid, sealed| documents.have_sealed(guid, sealed));
        }
    }
}

/// The verdicts on what the contact called `name` wrote, which stand as long as its certificate and our
/// keys stay the same.
///
/// # Errors
/// When they cannot be read.
pub fn verdicts(
    home: &Home,
    keys: &Keys,
    name: &str,
    certificate: &Certificate,
) -> Result<Verdicts> {
    let keys = format!("{}{}", certificate.to_armored(), keys.hash()?);
    Ok(Verdicts::load(home, name, Hash::of(keys.as_bytes()))?)
}
