//! One document of a contact's feed is taken in: what is new is opened, judged, stored and
//! acknowledged.

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::acknowledge::acknowledge;
use super::contents::forked::Forked;
use super::contents::untaken::Untaken;
use crate::error::{Context, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::open::{Opened, sealed_hash};
use crate::openpgp::message::refusal::Refusal;
use crate::protocol::feed::channel::{Channel, cloud_of};
use crate::protocol::values::hash::{Hash, SealedHash};
use crate::protocol::values::url::Url;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Http};
use crate::store::contact::failing::Vain;
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::pair::Pair;
use crate::store::contact::verdicts::{OURS, PARTS, Verdicts, Why};
use crate::store::disk::home::Home;
use crate::store::identity::own::{Identity, Locked};
use crate::writing::rewriting::feed;

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
}

/// The result of taking a document in.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether the copy is older than what we know.
    pub stale: bool,
    /// The archive to look in for what is missing.
    pub archive: Option<Url>,
    /// Whether our own feed changed.
    pub rewritten: bool,
    /// Whether an item was new.
    pub has_news: bool,
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
/// # Errors
/// When something cannot be read or written; what was stored before stays.
pub fn take_in_chain(
    identity: &Identity,
    keys: &mut Keys,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    chain: &[&Channel],
    source: Source,
) -> Result<Outcome> {
    if Intake::open(identity, keys, now, name)?.has_work_in(chain) {
        keys.unlock()?;
    }
    let locked = identity.lock_although_copied(now)?;
    keys.notice_key_change()?;
    let mut intake = Intake::open(identity, keys, now, name)?;
    intake.is_copied = locked.is_copied();
    if intake.keys.secret().is_err() && intake.has_work_in(chain) {
        // Another process has changed what is known meanwhile. What cannot be opened for want of
        // the key must not be taken for what nobody can open.
        drop(locked);
        keys.unlock()?;
        return take_in_chain(identity, keys, talk, now, name, chain, source);
    }
    if let Some(channel) = chain.first().filter(|_| !source.is_archive) {
        intake.follow_key(&locked, chain)?;
        intake.refuse_broken(channel);
        intake.key_element(channel);
        intake.introduction(channel);
        intake.state(channel);
    }
    chain.iter().for_each(|channel| intake.items(channel));
    intake.finish(&locked, talk, chain, source)
}

impl<'a> Intake<'a> {
    fn open(
        identity: &'a Identity,
        keys: &'a mut Keys,
        now: Timestamp,
        name: &'a str,
    ) -> Result<Self> {
        let home = &identity.home;
        let contact = Contact::load(home, name)?;
        let certificate = contacts::certificate(home, name)?;
        let verdicts = verdicts(home, keys, name, &certificate)?;
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
        })
    }

    fn has_work_in(&self, chain: &[&Channel]) -> bool {
        self.is_to_be_written() || chain.iter().any(|channel| self.has_work(channel))
    }

    /// Returns whether anything in `channel` has yet to be opened: only that costs a passphrase.
    fn has_work(&self, channel: &Channel) -> bool {
        let theirs = &self.contact.theirs;
        let new_single = |sealed: &Option<String>, seen: Option<SealedHash>, what: &str| {
            let hash = sealed.as_deref().map(sealed_hash);
            hash.is_some_and(|hash| Some(hash) != seen && !self.is_settled(what, hash))
        };
        new_single(
            &channel.introduction,
            theirs.introduction.as_ref().and_then(|seen| seen.sealed),
            "introduction",
        ) || new_single(&channel.state, theirs.state.as_ref().and_then(|seen| seen.sealed), "state")
            || channel.items.iter().any(|item| self.is_new(item))
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
    pub(super) fn unseal(&mut self, sealed: &str) -> std::result::Result<Opened, Refusal> {
        let opened = self.keys.unseal(sealed, &self.certificate, self.now)?;
        let newest = self.contact.theirs.signed.max(Some(opened.signed));
        self.contact.theirs.signed = newest;
        Ok(opened)
    }

    /// Stores and acknowledges what the documents of `chain` brought, the newest of them first.
    fn finish(
        mut self,
        locked: &Locked<'_>,
        talk: &mut Talk,
        chain: &[&Channel],
        source: Source,
    ) -> Result<Outcome> {
        let theirs = &self.contact.theirs;
        let reached = theirs.logs.iter().map(|log| self.known.reached(theirs, *log)).collect();
        self.contact.theirs.reached = reached;
        let missing = self.known.missing(&self.contact.theirs);
        let floor = self.contact.theirs.floor.unwrap_or(1);
        let archived = missing.iter().any(|range| range.to >= floor);
        let oldest = chain.last().and_then(|oldest| oldest.prev_archive.clone());
        // An old copy leads to old archives.
        let archive = oldest.filter(|_| archived && !self.stale);
        self.watch_gaps(&missing, chain);
        self.watch_key();
        if let Some(newest) = chain.first().filter(|_| !source.is_archive) {
            self.forget_replaced(newest, chain);
            self.forget_unopened(newest, chain);
            self.learn_cloud(newest);
        }
        // Where the messages show a fork, that says more than two states do.
        self.tell_forks();
        self.tell_untaken();
        let has_news = self.records.iter().any(|record| record.entry().is_some());
        self.remember_copy(chain, source, archive.is_some(), has_news);
        self.remember_keys(chain)?;
        if locked.is_copied() {
            // A home that must not write yet acknowledges at the next reading.
            let http = &mut self.contact.http;
            (http.etag, http.last_modified, http.copy) = (None, None, None);
        }
        let succeeded = self.succeeded;
        let Self { keys, name, contact, certificate, verdicts, mut records, stale, .. } = self;
        records.sort_by_key(Record::order);
        Messages::of(&locked.home, name).append(locked, &mut records)?;
        verdicts.save(locked, name)?;
        let mut pair = Pair { name: name.to_owned(), contact, certificate };
        let rewritten = acknowledge(locked, keys, talk, &mut pair, succeeded)?;
        Ok(Outcome { stale, archive, rewritten, has_news })
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
    fn forget_replaced(&mut self, channel: &Channel, chain: &[&Channel]) {
        if self.stale {
            return;
        }
        for (what, present) in [("introduction", &channel.introduction), ("state", &channel.state)]
        {
            let present = present.as_deref().map(sealed_hash);
            self.verdicts.forget_waiting(what, present);
        }
        if chain.last().is_some_and(|oldest| oldest.prev_archive.is_none()) {
            self.verdicts.forget_gone(|guid| stands_in(chain, guid));
        }
        let names_pinned = self.disputed.is_none() && channel.key.is_some();
        if names_pinned && self.contact.theirs.offered.take().is_some() {
            self.tell_healed(About::Trust, "the feed names the pinned key again");
        }
    }

    /// Forgets what was sealed to a key that is not here, and has been sealed again or is gone.
    fn forget_unopened(&mut self, channel: &Channel, chain: &[&Channel]) {
        if self.stale {
            return;
        }
        self.verdicts.forget_unopened(|guid, sealed| match guid {
            "introduction" => channel.introduction.as_deref().map(sealed_hash) == Some(sealed),
            "state" => channel.state.as_deref().map(sealed_hash) == Some(sealed),
            _ => {
                let mut items = chain.iter().flat_map(|channel| &channel.items);
                items.any(|item| {
                    item.shown_guid() == guid
                        && item.description.as_deref().map(sealed_hash) == Some(sealed)
                })
            }
        });
    }

    /// Remembers what the host said of the copy, unless it has to be read again in any case: one at a
    /// place that the feed has left, or one with something in it that waits for the clock. An old
    /// copy, one whose archives are still to be read, and one that names a key which was not to be had
    /// are read again after pauses that grow until something new comes.
    fn remember_copy(&mut self, chain: &[&Channel], source: Source, unread: bool, has_news: bool) {
        let feed = chain.first().filter(|_| !source.is_archive);
        let outdated = feed.is_some_and(|channel| self.has_outdated_certificate(channel));
        if feed.is_some() && !self.stale && !outdated {
            self.contact.note_seen(self.now);
        }
        let is_vain = self.stale || unread || source.lacks_key || outdated;
        let forget = self.moved || self.waits_for_clock(chain);
        let (now, http) = (self.now, &mut self.contact.http);
        let (before, unopened) = (http.again, http.unopened);
        let again = match (has_news, before) {
            _ if !is_vain => None,
            (false, Some(before)) if !source.in_time => Some(before),
            (news, before) => Some(Vain::once_more(before.filter(|_| !news), now)),
        };
        match source.http {
            Some(said) => {
                *http = Http { again, unopened, ..if forget { Http::default() } else { said } };
            }
            // It came by another way: what the host said is about another copy.
            None if !source.is_archive => {
                (http.etag, http.last_modified, http.copy, http.again) = (None, None, None, again);
            }
            // With the last archive that was to be read, nothing is missing any more.
            None if !unread && self.contact.key_failing.is_none() => http.again = None,
            None => {}
        }
    }

    /// Notes by which keys something in the copy was not to be opened.
    fn remember_keys(&mut self, chain: &[&Channel]) -> Result<()> {
        let waits = self.verdicts.unopened().any(|guid| stands_in(chain, guid));
        let unopened = if waits { Some(self.keys.hash()?) } else { None };
        if unopened.is_some() || self.verdicts.unopened().next().is_none() {
            self.contact.http.unopened = unopened;
        }
        Ok(())
    }

    /// Returns whether `channel` names another version of the pinned certificate than we have taken.
    fn has_outdated_certificate(&self, channel: &Channel) -> bool {
        let named = channel.key.as_ref().filter(|key| key.fingerprint == self.contact.fingerprint);
        named.is_some_and(|key| key.hash.is_some() && key.hash != self.contact.key_hash)
    }

    fn waits_for_clock(&self, chain: &[&Channel]) -> bool {
        self.verdicts.early().any(|guid| stands_in(chain, guid))
    }
}

/// Returns whether what is remembered by `guid` may stand in the documents of `chain`. An item does
/// or does not. Each of the rest can be there only once.
pub(super) fn stands_in(chain: &[&Channel], guid: &str) -> bool {
    let mut items = chain.iter().flat_map(|channel| &channel.items);
    PARTS.contains(&guid) || guid == OURS || items.any(|item| item.shown_guid() == guid)
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
