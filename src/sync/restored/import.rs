//! Taking over what a published feed of ours holds and this home has lost.

use super::findings::{Findings, Found};
use super::look::Published;
use crate::error::Result;
use crate::protocol::sealed::introduction::Earlier;
use crate::protocol::sealed::state::Head;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::{Hash, OctetsHash};
use crate::store::contact::history::log_entry::Place;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Direction, Record};
use crate::store::contact::offered::octets::{Filed, Octets};
use crate::store::contact::own_feed::{OwnFeed, Sealed};
use crate::store::contact::pair::Pair;
use crate::store::disk::atomic;
use crate::store::identity::own::Locked;
use crate::writing::renewal;

/// Takes over what was found in `published`, our feed for the contact of `pair`, which is saved. What
/// is written next begins a new log. Returns how many messages came back.
///
/// # Errors
/// When something cannot be read or written; then the next look finds the rest.
pub fn import(
    locked: &Locked<'_>,
    pair: &mut Pair,
    published: &Published,
    findings: &Findings,
) -> Result<usize> {
    let count = keep(locked, pair, findings)?;
    let ours = &mut pair.contact.ours;
    go_on_from(ours, findings);
    let numbers = published.archives.iter().map(|(number, _)| number.saturating_add(1));
    ours.next_archive = numbers.max().unwrap_or_default().max(ours.next_archive);
    ours.signed = ours.signed.max(findings.signed);
    // What was opened is as we sealed it.
    ours.shown.get_or_insert_default().extend(findings.items.iter().map(|found| found.sealed));
    // What is sealed stays byte for byte. The feed is written anew before anybody is told.
    locked.about_to_change_public()?;
    locked.home.write(&locked.home.feed(&ours.token), &published.bytes)?;
    pair.save(locked)?;
    Ok(count)
}

/// Keeps the octets of what was found, and records it.
fn keep(locked: &Locked<'_>, pair: &Pair, findings: &Findings) -> Result<usize> {
    let (octets, messages) =
        (Octets::of(&locked.home, &pair.name), Messages::of(&locked.home, &pair.name));
    let (mut records, mut staged) = (Vec::new(), Vec::new());
    for Found { item, stream, octets: text, .. } in &findings.items {
        let filed = Filed { log: stream.log, sequence: stream.sequence, guid: item.guid };
        staged.push(octets.stage(locked, &filed, text)?);
        if messages.find(item.guid)?.is_none() {
            let place = Place::of(stream, OctetsHash::of(text.as_bytes()));
            let record = Record::of_item(item, place, Direction::Sent, locked.now);
            records.push(record.about(&pair.contact));
        }
    }
    if let Some((introduction, text)) = &findings.introduction {
        // It is counted in a moment, and a run may die before the next one is made.
        let serial = pair.contact.ours.introduction.serial.max(introduction.serial);
        staged.push(octets.stage_introduction(locked, serial, text)?);
    }
    atomic::sync(&staged)?;
    locked.home.put(staged)?;
    for (guid, sealed) in &findings.unopened {
        octets.keep_unopened(locked, *guid, sealed)?;
    }
    records.sort_by_key(Record::order);
    let count = records.len();
    messages.append(locked, &mut records)?;
    Ok(count)
}

/// Puts the counters where what was published had them, so that a new log follows.
fn go_on_from(ours: &mut OwnFeed, findings: &Findings) {
    let none = Head { sequence: 0, hash: OctetsHash::of(b"") };
    if let Some(head) = highest(ours.log, findings) {
        renewal::go_on_from(ours, ours.log, head);
    }
    if let Some((introduction, octets)) = &findings.introduction {
        let serial = ours.introduction.serial.max(introduction.serial);
        let says = Some(Hash::of(octets.as_bytes()));
        ours.introduction = Sealed { serial, says, ..ours.introduction };
        // The logs between the one of this home and the latest, which it has forgotten.
        let mut named = introduction.earlier.clone();
        named.retain(|earlier| earlier.log > ours.log);
        named.sort_by_key(|earlier| earlier.log);
        for Earlier { log, sequence, hash, .. } in named {
            renewal::go_on_from(ours, log, Head { sequence, hash });
        }
        if introduction.log > ours.log {
            renewal::go_on_from(ours, introduction.log, none);
        }
        for earlier in &mut ours.earlier {
            let mut named = introduction.earlier.iter();
            earlier.more |= named.any(|named| named.log == earlier.log && named.more);
        }
    }
    for earlier in &mut ours.earlier {
        if let Some(head) =
            highest(earlier.log, findings).filter(|head| head.sequence > earlier.sequence)
        {
            (earlier.sequence, earlier.hash) = (head.sequence, head.hash);
        }
    }
    let head = highest(ours.log, findings).or(ours.head).unwrap_or(none);
    renewal::go_on_from(ours, ours.log, head);
}

/// The highest item of `log` that was found.
fn highest(log: LogId, findings: &Findings) -> Option<Head> {
    let items = findings.items.iter().filter(|found| found.stream.log == log).map(Found::head);
    let said = findings.state.filter(|(about, _)| *about == log).and_then(|(_, head)| head);
    items.chain(said).max_by_key(|head| head.sequence)
}
