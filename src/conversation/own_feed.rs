//! Our feed for one contact, rebuilt from what is on disk: what was sealed stays byte for byte,
//! what a crash left out is put in, what was acknowledged long enough ago leaves.
//!
//! [`prepare`] computes, [`Prepared::commit`] writes: counters first, archives and the feed after
//! what they refer to. Whatever is killed in between, the next rewriting completes it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::session::Session;
use super::singles;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::seal::{self, SealError};
use crate::protocol::channel::{Channel, FeedItem};
use crate::protocol::guid::Guid;
use crate::protocol::introduction::Introduction;
use crate::protocol::item::Item;
use crate::protocol::limits;
use crate::protocol::state::State;
use crate::protocol::time;
use crate::protocol::token::Token;
use crate::store::contacts::{Archive, Contact, Ours};
use crate::store::octets::{Filed, Octets, Single};
use crate::store::{atomic, feeds};

/// What a rewriting is for.
#[derive(Default)]
pub struct Change<'a> {
    /// A new introduction, with its serial already in the contact.
    pub introduction: Option<&'a Introduction>,
    /// A new item that was sealed already.
    pub sealed: Option<(Filed, FeedItem)>,
    /// Sign even if the clock is far behind our own newest signature.
    pub despite_clock: bool,
}

/// A feed that is ready to be written.
pub struct Prepared {
    channel: Channel,
    changed: bool,
    state: Option<State>,
    introduction: Option<String>,
    archive: Option<(u64, Channel)>,
    leaving: Vec<Filed>,
    dead_archives: Vec<u64>,
    /// Items that an earlier run filed and did not get into the feed.
    pub recovered: Vec<Filed>,
}

/// The time to sign with: the later of our clock and our newest signature (PROTOCOL §2).
///
/// # Errors
/// When the clock is over 24 hours behind, unless `despite_clock`.
pub fn signing_time(contact: &Contact, now: Timestamp, despite_clock: bool) -> Result<Timestamp> {
    let now = time::whole_seconds(now);
    let Some(newest) = contact.ours.signed.filter(|newest| *newest > now) else { return Ok(now) };
    if newest.as_second() - now.as_second() <= limits::AHEAD {
        return Ok(newest);
    }
    if despite_clock {
        return Ok(now);
    }
    Err(Error::cannot(format!("the clock says {now}, and we have signed at {newest} already"))
        .hint("set the clock; or sign with this time by send --yes"))
}

/// Seals `octets` to `contact`, and notes when.
///
/// # Errors
/// [`Kind::Trust`] when the contact's certificate cannot be sealed to.
pub fn seal(
    session: &mut Session,
    octets: &str,
    contact: &mut Contact,
    to: &Certificate,
    at: Timestamp,
) -> Result<String> {
    let (secret, rng) = session.secret()?;
    let sealed = seal::seal(octets.as_bytes(), secret, &[to], at, rng).map_err(cannot_seal)?;
    contact.ours.signed = Some(at);
    Ok(sealed)
}

/// What to say when something cannot be sealed.
pub fn cannot_seal(cause: SealError) -> Error {
    match cause {
        SealError::Unusable(fingerprint, why) => {
            Error::new(Kind::Trust, format!("the certificate {fingerprint} {why}")).hint(
                "ask its owner to publish a new key or a longer expiry, then run cloudim poll",
            )
        }
        other => Error::cannot("cannot seal").because(other),
    }
}

/// Computes the feed of `contact`, called `name`, as it should be now.
///
/// # Errors
/// When something on disk is not as it should be, or cannot be sealed.
pub fn prepare(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    to: &Certificate,
    change: Change<'_>,
) -> Result<Prepared> {
    let now = session.now();
    let at = signing_time(contact, now, change.despite_clock)?;
    let old = feeds::load(&session.home, &contact.ours.token)?;
    let base = singles::channel(session, &contact.ours.token)?;
    let subkey = to
        .encryption_subkey(now)
        .map_err(|why| cannot_seal(SealError::Unusable(to.fingerprint(), why)))?;
    let reseal = contact.ours.sealed_to.as_ref() != Some(&subkey);
    let filed = Octets::of(&session.home, name).items()?;
    let before = old.clone().unwrap_or_default();
    let mut prepared = Prepared {
        channel: Channel {
            introduction: before.introduction.clone(),
            state: before.state.clone(),
            ..base
        },
        changed: false,
        state: None,
        introduction: None,
        archive: None,
        leaving: Vec::new(),
        dead_archives: Vec::new(),
        recovered: Vec::new(),
    };
    let kept = prepared.retain(session, contact, filed, now);
    prepared.fill(
        session,
        name,
        contact,
        to,
        &Filling { before: &before, kept: &kept, change: &change, reseal, at },
    )?;
    prepared.introduce(session, name, contact, to, &change, reseal, at)?;
    prepared.archive_oldest(session, contact)?;
    prepared.tell_state(session, name, contact, to, &kept, reseal, at)?;
    contact.ours.sealed_to = Some(subkey);
    if let Some(last) = contact.ours.archives.last() {
        prepared.channel.prev_archive =
            Some(singles::archive_url(session, &contact.ours.token, last.number)?);
    }
    prepared.changed = old.as_ref() != Some(&prepared.channel);
    Ok(prepared)
}

struct Filling<'a> {
    before: &'a Channel,
    kept: &'a [Filed],
    change: &'a Change<'a>,
    reseal: bool,
    at: Timestamp,
}

impl Prepared {
    /// Whether anything would be written into `public/`.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// Decides what leaves the feed: what was acknowledged and is older than `retention`, but never
    /// the head; and an archive only as a whole, oldest first. Returns what stays, oldest first.
    fn retain(
        &mut self,
        session: &Session,
        contact: &mut Contact,
        filed: Vec<Filed>,
        now: Timestamp,
    ) -> Vec<Filed> {
        let ours = &mut contact.ours;
        // Counted by a run that died before it wrote the file: its items are still in the feed, or
        // come back into it.
        ours.archives.retain(|archive| session.home.archive(&ours.token, archive.number).exists());
        let settled = |item: &Filed| is_settled(item, ours, session.config.retention, now);
        // Filed by a run that died before it counted: its sequence is free, and will be used.
        let stray = |item: &Filed| item.log == ours.log && item.sequence > ours.sequence;
        let done: HashMap<Guid, bool> =
            filed.iter().map(|item| (item.guid, settled(item))).collect();
        let all_done = |archive: &Archive| {
            archive.items.iter().all(|guid| done.get(guid).is_none_or(|done| *done))
        };
        let dead = ours.archives.iter().take_while(|archive| all_done(archive)).count();
        self.dead_archives =
            ours.archives.iter().take(dead).map(|archive| archive.number).collect();
        let archived = |archives: &[Archive], guid: &Guid| {
            archives.iter().any(|archive| archive.items.contains(guid))
        };
        let (stays, leaving) = filed.into_iter().partition(|item| {
            let alive = ours.archives.get(dead..).is_some_and(|alive| archived(alive, &item.guid));
            !stray(item) && (alive || !settled(item))
        });
        ours.archives.drain(..dead);
        self.leaving = leaving;
        stays
    }

    /// Puts the items that stay into the channel, newest first, sealing those that are not sealed.
    fn fill(
        &mut self,
        session: &mut Session,
        name: &str,
        contact: &mut Contact,
        to: &Certificate,
        with: &Filling<'_>,
    ) -> Result<()> {
        let sealed: HashMap<&str, &FeedItem> = with
            .before
            .items
            .iter()
            .filter_map(|item| Some((item.guid.as_deref()?, item)))
            .collect();
        for item in with.kept.iter().rev() {
            let archived =
                contact.ours.archives.iter().any(|archive| archive.items.contains(&item.guid));
            let unacknowledged =
                item.log != contact.ours.log || item.sequence > contact.ours.acknowledged;
            if archived && !(with.reseal && unacknowledged) {
                continue;
            }
            let fresh = with.change.sealed.as_ref().filter(|(filed, _)| filed == item);
            let guid = item.guid.to_string();
            if let Some((_, fresh)) = fresh {
                self.channel.items.push(fresh.clone());
            } else if let Some(before) =
                sealed.get(guid.as_str()).filter(|_| !(with.reseal && unacknowledged))
            {
                self.channel.items.push((*before).clone());
            } else {
                let octets = Octets::of(&session.home, name).item(item)?;
                let armored = seal(session, &octets, contact, to, with.at)?;
                self.channel.items.push(FeedItem::sealed(item.guid, armored));
                // The copy in the archive is sealed to a subkey of the past: this one counts now.
                contact
                    .ours
                    .archives
                    .iter_mut()
                    .for_each(|a| a.items.retain(|guid| *guid != item.guid));
                if !sealed.contains_key(guid.as_str()) && !archived {
                    self.recovered.push(*item);
                }
            }
        }
        Ok(())
    }

    fn introduce(
        &mut self,
        session: &mut Session,
        name: &str,
        contact: &mut Contact,
        to: &Certificate,
        change: &Change<'_>,
        reseal: bool,
        at: Timestamp,
    ) -> Result<()> {
        let octets = match change.introduction {
            Some(introduction) => Some(introduction.write()),
            None => Octets::of(&session.home, name).single(Single::Introduction)?,
        };
        let Some(octets) = octets else { return Ok(()) };
        if change.introduction.is_some() || reseal || self.channel.introduction.is_none() {
            self.channel.introduction = Some(seal(session, &octets, contact, to, at)?);
        }
        self.introduction = change.introduction.is_some().then_some(octets);
        Ok(())
    }

    /// Moves the oldest items into a new archive when the feed has grown too long.
    fn archive_oldest(&mut self, session: &Session, contact: &mut Contact) -> Result<()> {
        if self.channel.write().len() <= limits::FEED_BEFORE_ARCHIVING {
            return Ok(());
        }
        let mut size = 0;
        let stays = self.channel.items.iter().enumerate().take_while(|(index, item)| {
            size += item.write().len();
            *index == 0 || size <= limits::FEED_BEFORE_ARCHIVING / 2
        });
        let stays = stays.count();
        let mut archived = self.channel.items.split_off(stays);
        // One archive holds what fits; the rest, if any, goes with the next rewriting.
        let mut size = 2_048;
        let fits = archived.iter().rev().take_while(|item| {
            size += item.write().len();
            size <= limits::FEED_WRITTEN
        });
        let rest = archived.len() - fits.count();
        let oldest = archived.split_off(rest);
        self.channel.items.append(&mut archived);
        if oldest.is_empty() {
            return Ok(());
        }
        let number = contact.ours.next_archive;
        let previous = contact.ours.archives.last().map(|archive| archive.number);
        let guids = oldest.iter().filter_map(|item| item.guid().ok()).collect();
        let channel = singles::archive(session, &contact.ours.token, number, previous, oldest)?;
        contact.ours.next_archive = number.saturating_add(1);
        contact.ours.archives.push(Archive { number, items: guids });
        self.archive = Some((number, channel));
        Ok(())
    }

    fn tell_state(
        &mut self,
        session: &mut Session,
        name: &str,
        contact: &mut Contact,
        to: &Certificate,
        kept: &[Filed],
        reseal: bool,
        at: Timestamp,
    ) -> Result<()> {
        let floor =
            kept.iter().filter(|item| item.log == contact.ours.log).map(|item| item.sequence).min();
        let before = match Octets::of(&session.home, name).single(Single::State)? {
            Some(octets) => Some(
                State::parse(octets.as_bytes())
                    .or_cannot(|| "cannot use `octets/state.xml`".to_owned())?,
            ),
            None => None,
        };
        let mut state = singles::state(session, name, contact, floor, at)?;
        let same = before
            .as_ref()
            .filter(|before| before.log == state.log && before.same_children(&state));
        if let Some(before) = same.filter(|_| self.channel.state.is_some() && !reseal) {
            self.state = Some(before.clone());
            return Ok(());
        }
        match same {
            Some(before) => state = before.clone(),
            None => contact.ours.state = state.serial,
        }
        self.channel.state = Some(seal(session, &state.write(), contact, to, at)?);
        self.state = Some(state);
        Ok(())
    }

    /// Writes: the contact, `between` (what must be on disk before the world sees it), archive and
    /// feed, and last what is no longer needed. The caller holds the home's lock.
    ///
    /// # Errors
    /// When something cannot be written; the next rewriting completes it.
    pub fn commit(
        self,
        session: &mut Session,
        name: &str,
        contact: &Contact,
        between: impl FnOnce(&Session) -> Result<()>,
    ) -> Result<()> {
        contact.save(&session.home, name)?;
        between(session)?;
        let token = &contact.ours.token;
        if self.changed {
            session.about_to_change_public()?;
            if let Some((number, archive)) = &self.archive {
                session
                    .home
                    .write(&session.home.archive(token, *number), archive.write().as_bytes())?;
            }
            session.home.write(&session.home.feed(token), self.channel.write().as_bytes())?;
        }
        let octets = Octets::of(&session.home, name);
        if let Some(introduction) = &self.introduction {
            octets.keep_single(Single::Introduction, introduction)?;
        }
        if let Some(state) = self.state.filter(|_| self.changed) {
            octets.keep_single(Single::State, &state.write())?;
        }
        for number in self.dead_archives {
            atomic::remove(&session.home.archive(token, number))?;
        }
        for item in &self.leaving {
            remove_attachments(session, &octets.item(item)?)?;
            octets.drop_item(item)?;
        }
        Ok(())
    }
}

/// Removes the files that belong to an item which has left the feed.
fn remove_attachments(session: &Session, octets: &str) -> Result<()> {
    let Ok(item) = Item::parse(octets.as_bytes()) else { return Ok(()) };
    for attachment in item.attachments {
        let token = attachment.url.rsplit('/').next().and_then(|last| last.parse::<Token>().ok());
        if let Some(token) = token {
            atomic::remove(&session.home.attachment(&token))?;
        }
    }
    Ok(())
}

/// Rewrites the feed of `contact` if anything about it changed, and saves the contact.
///
/// # Errors
/// As [`prepare`] and [`Prepared::commit`].
pub fn rewrite(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    to: &Certificate,
    change: Change<'_>,
) -> Result<bool> {
    let prepared = prepare(session, name, contact, to, change)?;
    let changed = prepared.is_changed();
    let recovered = super::outgoing::records_of(session, name, contact, &prepared.recovered)?;
    prepared.commit(session, name, contact, |session| {
        super::outgoing::store(session, name, recovered)
    })?;
    Ok(changed)
}

/// Whether `item` may leave the feed: acknowledged, older than `retention`, and not the head.
pub fn is_settled(item: &Filed, ours: &Ours, retention: SignedDuration, now: Timestamp) -> bool {
    item.log == ours.log
        && item.sequence <= ours.acknowledged
        && item.sequence < ours.sequence
        && now.duration_since(item.guid.time()) > retention
}

/// How old the oldest item is that the contact has not acknowledged.
pub fn oldest_unacknowledged(
    items: &[Filed],
    contact: &Contact,
    now: Timestamp,
) -> Option<SignedDuration> {
    let open = items
        .iter()
        .filter(|item| item.log == contact.ours.log && item.sequence > contact.ours.acknowledged);
    open.map(|item| now.duration_since(item.guid.time())).max()
}
