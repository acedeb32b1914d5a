//! A log that was begun by a clock that was ahead: nobody reads it before its time (PROTOCOL §4). What it
//! holds goes into a log of today.

use std::collections::HashMap;

use jiff::Timestamp;

use super::content::introducing;
use super::renewal;
use super::rewriting::feed::{self, Change};
use crate::error::Result;
use crate::protocol::Random;
use crate::protocol::sealed::item::Item;
use crate::protocol::sealed::state::Head;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::store::contact::history::log_entry::Place;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::octets::{Filed, Octets};
use crate::store::contact::own_feed::{OwnFeed, Sealed};
use crate::store::contact::pair::Pair;
use crate::store::disk::atomic;
use crate::store::identity::own::Locked;

/// Returns whether the log of `ours` was begun over a day after `now`, and nobody has read any of it. Then
/// this clock is behind, or the other one was ahead.
pub fn is_of_the_future(ours: &OwnFeed, now: Timestamp) -> bool {
    ours.log.is_ahead_of(now) && ours.acknowledged() == 0
}

/// Puts a log of today in the place of the one of the future that we write to the contact of `pair`: each
/// message keeps its guid and gets a place there. The caller knows that the clock is right.
///
/// # Errors
/// When something cannot be read, sealed or written. Said again, it is done.
pub fn begin_today(locked: &Locked<'_>, keys: &mut Keys, pair: &mut Pair) -> Result<()> {
    let name = pair.name.clone();
    let octets = Octets::of(&locked.home, &name);
    let before = introducing::before(locked, &name, &pair.contact.ours)?;
    let items = octets.items()?;
    drop_unfinished(locked, &octets, &items)?;
    begin(&mut pair.contact.ours, locked.now, &mut keys.rng);
    let (mut staged, mut places) = (Vec::new(), HashMap::new());
    for item in items.iter().filter(|item| item.log.is_ahead_of(locked.now)) {
        // Where the octets are lost, no other place can be given.
        let Some(text) = octets.intact(item)? else { continue };
        let ours = &mut pair.contact.ours;
        let stream = ours.next();
        let moved = Item { stream: Some(stream.clone()), ..Item::parse(text.as_bytes())? };
        let text = moved.octets(&Token::new(&mut keys.rng));
        let hash = OctetsHash::of(text.as_bytes());
        let filed = Filed { log: stream.log, sequence: stream.sequence, guid: item.guid };
        staged.push(octets.stage(locked, &filed, &text)?);
        places.insert(item.guid, Place::of(&stream, hash));
        ours.head = Some(Head { sequence: stream.sequence, hash });
    }
    atomic::sync(&staged)?;
    locked.home.put(staged)?;
    Messages::of(&locked.home, &name).move_to(locked, &places)?;
    let introduction = introducing::next(locked, keys, &name, &pair.contact, before.as_ref())?;
    pair.contact.ours.introduction.serial = introduction.serial;
    // All is sealed again, whatever stands in the feed under the same guid.
    pair.contact.reader_mut().sealed_to = None;
    let introduction = Some(&introduction);
    let change = Change { introduction, despite_clock: true, ..Change::default() };
    feed::rewrite(locked, keys, pair, change)?;
    Ok(())
}

/// Puts an empty log in the place of the present one, and of others of the future.
fn begin(ours: &mut OwnFeed, now: Timestamp, rng: &mut Random) {
    ours.earlier.retain(|earlier| !earlier.log.is_ahead_of(now));
    ours.log = match ours.earlier.iter().map(|earlier| earlier.log).max() {
        Some(before) => renewal::after(before, now, rng),
        None => Guid::new(now, rng),
    };
    (ours.head, ours.overtaken) = (None, None);
    ours.lost.clear();
    ours.state = Sealed::default();
    ours.set_acknowledged(0);
}

/// Drops what a run that died has given a place in a log that was not begun then.
fn drop_unfinished(locked: &Locked<'_>, octets: &Octets, items: &[Filed]) -> Result<()> {
    let is_ahead = |item: &Filed| item.log.is_ahead_of(locked.now);
    let is_there = |item: &Filed| items.iter().any(|it| it.guid == item.guid && is_ahead(it));
    for item in items.iter().filter(|item| !is_ahead(item) && is_there(item)) {
        octets.drop_item(locked, item)?;
    }
    Ok(())
}
