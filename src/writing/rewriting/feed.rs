//! Our feed for one contact, rebuilt from what is on disk: what was sealed stays byte for byte,
//! what a crash left out is put in, what was acknowledged long enough ago leaves.
//!
//! [`prepare`] computes, [`Prepared::commit`] writes: counters first, archives and the feed after
//! what they refer to. Whatever is killed in between, the next rewriting completes it.

use super::items::{Anew, Fresh, Rewriting};
use super::losses;
use super::prepared::Prepared;
use crate::error::Error;
use crate::openpgp::message::open::sealed_hash;
use crate::protocol::feed::channel::Channel;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::feeds;
use crate::store::contact::offered::octets::{Filed, Kept, Octets};
use crate::store::contact::own_feed::OwnFeed;
use crate::store::contact::pair::Pair;
use crate::store::contact::ranges;
use crate::store::disk::home::Home;
use crate::store::disk::versions::without_end;
use crate::store::identity::own::Locked;
use crate::writing::content::frame;
use crate::writing::content::retention::{self, Retained};
use crate::writing::content::sealing::{doubt_signed_ahead, signing_time, unusable};
use crate::writing::renewal::{self, Renewed};
use crate::writing::unwritten::{Result, Unwritten};

/// The change that a rewriting is for.
#[derive(Default)]
pub struct Change<'a> {
    /// A new introduction, with its serial already in the contact.
    pub introduction: Option<&'a Introduction>,
    /// A new item: its place, its octets, and the same sealed.
    pub item: Option<Fresh>,
    /// Sign even if the clock is far behind our own newest signature.
    pub despite_clock: bool,
    /// The item tells the contact of our present key: from here on that one signs.
    pub is_transition: bool,
    /// The user knows of no other home that writes: a second new log within a day may begin.
    pub is_only_home: bool,
}

/// Computes our feed for the contact of `pair`, as it should be now.
///
/// # Errors
/// When something on disk is not as it should be, or cannot be sealed; [`Unwritten::Waits`] when a key
/// cannot be used.
pub fn prepare(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    change: Change<'_>,
) -> Result<Prepared> {
    let (now, Pair { name, contact, certificate: to }) = (locked.now, pair);
    let at = signing_time(contact, locked, change.despite_clock)?;
    doubt_signed_ahead(contact, at);
    let signer = keys.certificate()?.fingerprint();
    if !change.is_transition {
        expect_told(locked, keys, name, contact, &signer)?;
    }
    let (standing, before) = read(locked, &mut contact.ours)?;
    let subkey = to.encryption_subkey(now);
    let subkey = subkey.map_err(|why| Unwritten::Waits(unusable(name, why)))?;
    let anew = anew(&contact.ours, &before, &subkey, change.is_transition);
    let fresh = change.item.as_ref().map(|fresh| fresh.filed);
    let Kept { items, unopened } = Octets::of(&locked.home, name).kept()?;
    let kept = retain(locked, name, contact, items, fresh, &before)?;
    let channel = framed(locked, keys, &contact.ours.token, &before)?;
    let prepared = Prepared { channel, leaves: kept.leaves, ..Prepared::default() };
    let written = None;
    let mut rewriting =
        Rewriting { locked, keys, name, contact, to, anew, at, unopened, written, prepared };
    compose(&mut rewriting, &before, &kept.stays, change)?;
    let reader = rewriting.contact.reader_mut();
    (reader.sealed_to, reader.signed_by) = (Some(subkey), Some(signer));
    let mut prepared = rewriting.prepared;
    let messages = Messages::of(&locked.home, name);
    prepared.notices = losses::count(&messages, &mut contact.ours, &kept.stays, &prepared, now)?;
    let written = prepared.channel.write();
    prepared.is_changed =
        standing.as_deref().map(without_end) != Some(without_end(written.as_bytes()));
    // Before anybody is told: whoever tells may be killed.
    contact.ours.unpinged |= prepared.is_changed && frame::cloud_of(&locked.config)?.is_some();
    Ok(prepared)
}

/// Puts into the feed what belongs there, in the order in which one part tells of another.
fn compose(
    rewriting: &mut Rewriting<'_>,
    before: &Channel,
    stays: &[Filed],
    change: Change<'_>,
) -> Result<()> {
    rewriting.fill(before, stays, change.item)?;
    rewriting.introduce(change.introduction)?;
    rewriting.archive_oldest()?;
    rewriting.keep_notices(before);
    rewriting.tell_state(stays)
}

/// Decides what of `filed`, and of the `fresh` item, stays in the feed, and forgets of the contact what it
/// holds of the rest.
fn retain(
    locked: &Locked<'_>,
    name: &str,
    contact: &mut Contact,
    filed: Vec<Filed>,
    fresh: Option<Filed>,
    before: &Channel,
) -> Result<Retained> {
    let messages = Messages::of(&locked.home, name);
    let filed = losses::with_copies(&messages, filed, before, &contact.ours)?;
    let kept =
        retention::decide(filed, fresh, &contact.ours, locked.config.retention, locked.aged());
    contact.ours.archives.retain(|archive| !kept.archives.contains(&archive.number));
    for left in &kept.leaves {
        ranges::take_out(&mut contact.reader_mut().outdated, left.log, left.sequence);
    }
    Ok(kept)
}

/// Decides what of `before`, the feed that is there, is sealed anew now that `subkey` is the reader's.
fn anew(ours: &OwnFeed, before: &Channel, subkey: &Fingerprint, is_transition: bool) -> Anew {
    let is_to_another_subkey =
        ours.readers().iter().any(|reader| reader.sealed_to.as_ref() != Some(subkey));
    // A run may have died between counting what it sealed and writing the feed. Where sealed items are
    // counted, each says so for itself.
    let is_as_counted = ours.shown.is_some()
        || before.introduction.as_deref().map(sealed_hash) == ours.introduction.sealed;
    let items = is_to_another_subkey || !is_as_counted;
    Anew { items, is_to_another_subkey, once: items || is_transition }
}

/// Returns whether the feed that stands there is the one that was counted last. Else a run died before
/// it was written, or the file was lost. Of its items only the number is looked at: this is asked at each
/// poll.
///
/// # Errors
/// When nothing can be said about the file.
pub fn is_shown(home: &Home, ours: &OwnFeed) -> Result<bool> {
    let there = feeds::load(home, &ours.token)?.unwrap_or_default();
    let items = there.items.iter().filter(|item| item.is_sealed()).count();
    let shown = [there.introduction, there.state].map(|sealed| sealed.as_deref().map(sealed_hash));
    Ok(shown == [ours.introduction.sealed, ours.state.sealed]
        && ours.shown.as_ref().is_none_or(|counted| counted.len() == items))
}

/// Returns whether the feed that stands there and its archives are, to the last item, as they were counted.
///
/// # Errors
/// When nothing can be said about a file.
pub fn is_whole(home: &Home, ours: &OwnFeed) -> Result<bool> {
    let there = feeds::load(home, &ours.token)?.unwrap_or_default();
    let items: Vec<_> = there.items.iter().filter_map(losses::hash).collect();
    let is_counted = ours.shown.as_ref().is_none_or(|counted| *counted == items);
    if !is_counted || !is_shown(home, ours)? {
        return Ok(false);
    }
    for archive in &ours.archives {
        if feeds::archive(home, &ours.token, archive)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Refuses to sign by `signer` for a contact that does not know this key of ours yet.
fn expect_told(
    locked: &Locked<'_>,
    keys: &Keys,
    name: &str,
    contact: &Contact,
    signer: &Fingerprint,
) -> Result<()> {
    if own_key::known_by(&locked.home, keys, contact)? == *signer {
        return Ok(());
    }
    let untold = Error::cannot(format!("`{name}` has yet to be told of our new key"));
    Err(untold.hint(format!("cloudim poll {name}")).into())
}

/// The bytes of the feed that is there, if it can be read, and what of it is as it was counted: that is
/// believed. Archives that are lost are counted no more.
fn read(locked: &Locked<'_>, ours: &mut OwnFeed) -> Result<(Option<Vec<u8>>, Channel)> {
    let rescued = losses::forget_lost_archives(&locked.home, ours)?;
    let (channel, bytes) = feeds::load_bytes(&locked.home, &ours.token)?.unzip();
    let mut before = losses::as_counted(channel.unwrap_or_default(), ours.shown.as_deref());
    before.items.extend(rescued);
    Ok((bytes, before))
}

/// The feed without items, with the introduction and the state that it had `before`.
fn framed(
    locked: &Locked<'_>,
    keys: &mut Keys,
    token: &Token,
    before: &Channel,
) -> Result<Channel> {
    let (introduction, state) = (before.introduction.clone(), before.state.clone());
    Ok(Channel { introduction, state, ..frame::channel(locked, keys, token)? })
}

/// Rewrites our feed for the contact of `pair` if anything about it changed, and saves the contact. Where
/// our counters are old, a new log begins. Returns whether the feed changed.
///
/// # Errors
/// As [`prepare`] and [`Prepared::commit`].
pub fn rewrite(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    change: Change<'_>,
) -> Result<bool> {
    let (introduction, notice) = match renewal::renew(locked, keys, pair, change.is_only_home)? {
        Some(Renewed { introduction, notice }) => (Some(introduction), Some(notice)),
        None => (None, None),
    };
    let change = Change { introduction: introduction.as_ref().or(change.introduction), ..change };
    let prepared = prepare(locked, keys, pair, change)?;
    let is_changed = prepared.is_changed();
    prepared.commit(locked, pair, notice).done()?;
    Ok(is_changed)
}

#[cfg(test)]
mod tests {
    use crate::error::Kind;
    use crate::session::testing::Person;
    use crate::store::contact::own_feed::Archive;
    use crate::store::testing::Type;
    use crate::writing::testing::{acquainted, filed, opened, pin, rewrite, write};

    #[test]
    fn where_nothing_happened_not_a_byte_changes() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        let before = john.files();
        john.wait(5);
        assert!(!rewrite(&mut john, "mary").unwrap());
        assert!(john.files() == before);
    }

    #[test]
    fn what_was_counted_and_did_not_come_into_the_feed_is_not_shown() {
        let (mut john, _) = acquainted();
        let is_shown =
            |john: &Person| super::is_shown(&john.home(), &john.contact("mary").ours).unwrap();
        let before = john.feed("mary");
        write(&mut john, "mary", "one");
        assert!(is_shown(&john));
        john.put_feed("mary", &before);
        assert!(!is_shown(&john));
        assert!(rewrite(&mut john, "mary").unwrap());
        assert!(is_shown(&john));
        std::fs::remove_file(john.home().feed(&john.contact("mary").ours.token)).unwrap();
        assert!(!is_shown(&john));
    }

    #[test]
    fn a_contact_that_was_not_told_of_our_key_gets_nothing_by_it() {
        let (mut john, _) = acquainted();
        john.replace_key();
        let before = john.files();
        let refused = rewrite(&mut john, "mary").unwrap_err();
        assert!(refused.message.contains("has yet to be told"), "{refused}");
        assert!(john.files() == before);
    }

    #[test]
    fn nothing_is_sealed_to_a_key_that_has_no_subkey_left() {
        let (mut john, mut mary) = acquainted();
        mary.rotate();
        pin(&john, "mary", &mary);
        john.wait(24 * 366);
        assert_eq!(rewrite(&mut john, "mary").unwrap_err().kind, Kind::Trust);
    }

    #[test]
    fn another_subkey_of_the_reader_seals_anew_what_is_unacknowledged_and_nothing_else() {
        let (mut john, mut mary) = acquainted();
        write(&mut john, "mary", "one");
        write(&mut john, "mary", "two");
        john.update("mary", |mary| mary.reader_mut().acknowledged = 1);
        let before = john.feed("mary");
        mary.rotate();
        pin(&john, "mary", &mary);
        assert!(rewrite(&mut john, "mary").unwrap());
        let after = john.feed("mary");
        assert_eq!(after.items[1], before.items[1]);
        assert_eq!(after.items[0].guid, before.items[0].guid);
        assert_ne!(after.items[0], before.items[0]);
        assert!(!rewrite(&mut john, "mary").unwrap());
        // Somebody with the new subkey alone can open it.
        mary.wait(24 * 40);
        mary.change_key(|key, now, _| key.without_expired(now).unwrap().unwrap());
        let two = filed(&john, "mary").remove(1).1;
        let sealed = [&after.items[0].description, &after.introduction, &after.state];
        let octets = sealed.map(|s| opened(&mut mary, s.as_ref().unwrap(), &john.certificate()));
        assert_eq!(octets[0], two);
    }

    #[test]
    fn an_archive_that_is_not_there_gives_its_items_back_to_the_feed() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        write(&mut john, "mary", "two");
        let mut feed = john.feed("mary");
        let items = vec![feed.items.pop().unwrap().guid().unwrap()];
        john.put_feed("mary", &feed);
        let archive = Archive { number: 1, items, file: None };
        john.update("mary", |mary| mary.ours.archives.push(archive));
        assert!(rewrite(&mut john, "mary").unwrap());
        assert_eq!(john.feed("mary").items.len(), 2);
        assert!(john.contact("mary").ours.archives.is_empty());
        assert_eq!(john.texts("mary", Type::Message), ["one", "two"]);
    }

    #[test]
    fn a_change_is_to_be_told_to_the_cloud_where_there_is_one() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        assert!(!john.contact("mary").ours.unpinged);
        john.set("cloud = \"https://john.example/pleaseNotify\"");
        write(&mut john, "mary", "two");
        assert!(john.contact("mary").ours.unpinged);
        john.update("mary", |mary| mary.ours.unpinged = false);
        rewrite(&mut john, "mary").unwrap();
        assert!(!john.contact("mary").ours.unpinged);
    }
}
