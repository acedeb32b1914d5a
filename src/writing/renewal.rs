//! A new log: where our counters turn out to be old, since the home was restored, what we write next
//! must not take a place that is not free (PROTOCOL §4).

use jiff::{SignedDuration, Timestamp};

use super::content::introducing;
use crate::error::{Error, Result};
use crate::protocol::Random;
use crate::protocol::sealed::introduction::{EARLIER, Introduction};
use crate::protocol::sealed::state::Head;
use crate::protocol::values::guid::{Guid, LogId};
use crate::session::keys::Keys;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::own_feed::{EarlierLog, OwnFeed, Sealed};
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;

/// A home is restored once in this time. If its counters are old again, another home writes.
const ONE_RESTORE: SignedDuration = SignedDuration::from_hours(24);

/// What a new log begins with.
pub struct Renewed {
    /// The introduction that opens it.
    pub introduction: Introduction,
    /// The notice to the user.
    pub notice: Record,
}

/// Begins a new log for the contact of `pair` if others have an item of the present one that this home
/// never wrote. The contact is not saved. `is_only_home` says that the user knows of no other home that
/// writes.
///
/// # Errors
/// When the present log was begun within 24 hours for the same reason: two homes write, unless the user
/// has said otherwise. As [`introducing::next`].
pub fn renew(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    is_only_home: bool,
) -> Result<Option<Renewed>> {
    if pair.contact.ours.overtaken.is_none() {
        return Ok(None);
    }
    if !is_only_home && is_refused(&pair.contact.ours, locked.now) {
        return Err(refused(&pair.name));
    }
    let before = introducing::before(locked, &pair.name, &pair.contact.ours)?;
    begin(&mut pair.contact.ours, locked.now, &mut keys.rng);
    let before = before.as_ref();
    let introduction = introducing::next(locked, keys, &pair.name, &pair.contact, before)?;
    pair.contact.ours.introduction.serial = introduction.serial;
    let text = "this home was restored: what it writes from now on is a new log";
    let notice = Record::notice(About::Integrity, true, locked.now, text).about(&pair.contact);
    Ok(Some(Renewed { introduction, notice }))
}

/// Returns whether `ours` is overtaken, and its log took the place of another within the day: that is
/// no restore, but another home that writes.
pub fn is_refused(ours: &OwnFeed, now: Timestamp) -> bool {
    let is_of_today = now.duration_since(ours.log.time()).abs() < ONE_RESTORE;
    ours.overtaken.is_some() && !ours.earlier.is_empty() && is_of_today
}

/// What is said of two homes that write to `reader`.
pub fn two_homes(reader: &str) -> String {
    format!(
        "two homes write as this identity: {reader} has what this home never wrote, for the second time within a day"
    )
}

fn refused(name: &str) -> Error {
    Error::cannot(two_homes(&format!("`{name}`")))
        .hint("write from one of them, and set read_only = true in the config.toml of the other")
        .hint(format!("if this is the only one, restored twice: cloudim check {name} --repair"))
}

/// Puts a new log in the place of the present one.
fn begin(ours: &mut OwnFeed, now: Timestamp, rng: &mut Random) {
    leave(ours);
    ours.log = after(ours.log, now, rng);
    ours.state = Sealed::default();
}

/// Goes on from `log`, which this home has written and forgotten, if it is a later one than the present
/// one: another copy of this home has begun it. `highest` is the highest item of it that is known. What
/// is written next begins a new log.
pub fn go_on_from(ours: &mut OwnFeed, log: LogId, highest: Head) {
    if log > ours.log {
        leave(ours);
        ours.log = log;
    }
    if ours.overtaken.is_none_or(|known| known.sequence < highest.sequence) {
        ours.overtaken = Some(highest);
    }
}

/// Leaves the present log, which is named from now on by the highest item that we know of.
fn leave(ours: &mut OwnFeed) {
    let known = [ours.head.take(), ours.overtaken.take()].into_iter().flatten();
    // A log without an item that we can name is named by none: 0 is no sequence.
    let known = known.filter(|head| head.sequence > 0);
    if let Some(Head { sequence, hash }) = known.max_by_key(|head| head.sequence) {
        let acknowledged = ours.acknowledged();
        let log = ours.log;
        ours.earlier.push(EarlierLog { log, sequence, hash, acknowledged, more: false });
    }
    while ours.earlier.len() > EARLIER {
        drop_one(&mut ours.earlier);
    }
    ours.lost.clear();
    ours.set_acknowledged(0);
}

/// Names a log less: one that the reader has read, else the oldest. Then what is named is not all.
fn drop_one(earlier: &mut Vec<EarlierLog>) {
    let is_read = |log: &EarlierLog| log.acknowledged >= log.sequence && !log.more;
    let dropped = earlier.iter().position(is_read);
    let was_read = dropped.is_some();
    earlier.remove(dropped.unwrap_or_default());
    if let Some(oldest) = earlier.first_mut().filter(|_| !was_read) {
        oldest.more = true;
    }
}

/// A log that is later than `log`, at `now` if the clock is.
pub fn after(log: LogId, now: Timestamp, rng: &mut Random) -> LogId {
    let next = log.time().checked_add(SignedDuration::from_millis(1)).unwrap_or(log.time());
    Guid::new(now.max(next), rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::hash::OctetsHash;
    use crate::store::contact::own_feed::Reader;

    fn log(number: u64) -> LogId {
        format!("urn:uuid:0199f0c2-0000-7000-8000-{number:012}").parse().unwrap()
    }

    fn head(sequence: u64) -> Head {
        Head { sequence, hash: OctetsHash::of(&sequence.to_be_bytes()) }
    }

    fn ours() -> OwnFeed {
        OwnFeed::new("abcdefghijklmnopqrstuvwxyz".parse().unwrap(), log(1), Reader::default())
    }

    fn named(ours: &OwnFeed) -> Vec<(LogId, u64, bool)> {
        ours.earlier.iter().map(|log| (log.log, log.sequence, log.more)).collect()
    }

    #[test]
    fn a_forgotten_log_takes_the_place_of_the_present_one_which_is_named_by_its_highest_item() {
        let mut ours = ours();
        ours.head = Some(head(3));
        go_on_from(&mut ours, log(1), head(5));
        go_on_from(&mut ours, log(1), head(4));
        go_on_from(&mut ours, log(2), head(0));
        go_on_from(&mut ours, log(3), head(7));
        assert_eq!(named(&ours), [(log(1), 5, false)], "a log without an item is not named");
        assert_eq!((ours.log, ours.head, ours.overtaken), (log(3), None, Some(head(7))));
    }

    #[test]
    fn of_more_than_eight_logs_one_that_was_read_is_named_no_more_and_else_it_is_said_that_there_are_more()
     {
        let mut ours = ours();
        for number in 1..=9 {
            go_on_from(&mut ours, log(number), head(number));
            ours.set_acknowledged(if number == 4 { 4 } else { 0 });
        }
        go_on_from(&mut ours, log(10), head(10));
        let logs: Vec<_> = [1, 2, 3, 5, 6, 7, 8, 9].map(|n| (log(n), n, false)).into();
        assert_eq!(named(&ours), logs);
        go_on_from(&mut ours, log(11), head(11));
        let more = named(&ours);
        assert_eq!((more[0], more[1]), ((log(2), 2, true), (log(3), 3, false)));
        assert_eq!(more.len(), EARLIER);
    }
}
