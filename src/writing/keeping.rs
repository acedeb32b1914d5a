//! Keeping a message: it is taken once, and from then on it is on its way, whatever happens.

use super::message;
use super::rewriting::feed::{self, Change};
use super::taken::Taken;
use crate::error::{Error, Kind, Result};
use crate::protocol::sealed::item::Item;
use crate::session::keys::Keys;
use crate::store::contact::entry::{Contact, Trust};
use crate::store::contact::pair::Pair;
use crate::store::identity::own::{Identity, Locked};
use jiff::Timestamp;

/// The terms on which a message is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keeping {
    /// The guid was given, so an earlier run may have kept the same message.
    pub is_retry: bool,
    /// Sign even if the clock is far behind our own newest signature.
    pub despite_clock: bool,
}

/// A message that is kept.
pub struct Kept {
    /// The sequence by which it will be acknowledged; or what kept it out of the feed.
    pub sequence: Result<u64>,
    /// Whether it is the first one to a contact whose key nobody has compared.
    pub is_first_unverified: bool,
}

/// Keeps `item` for the contact called `name`.
///
/// # Errors
/// When nothing was kept.
pub fn keep(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    name: &str,
    item: Item,
    keeping: Keeping,
) -> Result<Kept> {
    let locked = keys.lock_to_sign(identity, now)?;
    let mut pair = message::writable(&locked, keys, locked.now, name)?;
    let before = match keeping.is_retry {
        true => kept_before(&locked, keys, &mut pair, &item, keeping.despite_clock)?,
        false => None,
    };
    let sequence = match before {
        Some(sequence) => Ok(sequence),
        None => take(&locked, keys, &mut pair, item, keeping.despite_clock)?,
    };
    let Contact { ours, trust, .. } = &pair.contact;
    Ok(Kept { sequence, is_first_unverified: ours.sequence() == 1 && *trust == Trust::FirstUse })
}

/// Takes `item` into log and feed, and returns its sequence; or what kept it out of the feed, if it
/// was counted by then: it is kept, and the next rewriting puts it there.
fn take(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    item: Item,
    despite_clock: bool,
) -> Result<Result<u64>> {
    let outgoing = message::seal(locked, keys, pair, item, despite_clock)?;
    let change = Change { despite_clock, ..Change::default() };
    match message::take(locked, keys, pair, outgoing, change) {
        Taken::Refused(why) => Err(why.into()),
        Taken::Kept => Ok(Ok(pair.contact.ours.sequence())),
        Taken::KeptNotShown(why) => {
            let hints = vec!["it is kept, do not send it again: cloudim publish".to_owned()];
            Ok(Err(Error { kind: Kind::Unpublished, hints, ..why.into() }))
        }
    }
}

/// The sequence of `item` if an earlier run kept it; what that run left undone is done.
fn kept_before(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    item: &Item,
    despite_clock: bool,
) -> Result<Option<u64>> {
    feed::rewrite(locked, keys, pair, Change { despite_clock, ..Change::default() })?;
    Ok(message::taken_before(&locked.home, keys, &pair.name, item)?
        .and_then(|record| record.place())
        .map(|place| place.sequence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::writing::testing::{acquainted, item};

    fn is_first_unverified(person: &mut Person, text: &str) -> bool {
        let (item, now) = (item(person, text), person.now());
        let run = &mut person.run;
        let kept = keep(&run.identity, &mut run.keys, now, "mary", item, Keeping::default());
        kept.unwrap().is_first_unverified
    }

    #[test]
    fn the_first_message_to_a_key_that_nobody_compared_is_marked() {
        let (mut john, _) = acquainted();
        assert!(is_first_unverified(&mut john, "one"));
        assert!(!is_first_unverified(&mut john, "two"));
        let (mut john, _) = acquainted();
        john.update("mary", |mary| mary.trust = Trust::Verified);
        assert!(!is_first_unverified(&mut john, "one"));
    }

    #[test]
    fn what_was_counted_and_could_not_be_shown_is_kept_and_not_to_be_sent_again() {
        let (mut john, _) = acquainted();
        let place = john.home().feed(&john.contact("mary").ours.token);
        let feed = std::fs::read(&place).unwrap();
        let (item, now) = (item(&mut john, "one"), john.now());
        // Nothing can take the place of a folder that is not empty.
        let messages = john.home().contact("mary").join("messages.jsonl");
        std::fs::create_dir_all(messages.join("x")).unwrap();
        let run = &mut john.run;
        let kept = keep(&run.identity, &mut run.keys, now, "mary", item, Keeping::default());
        let Ok(Kept { sequence: Err(error), .. }) = kept else { panic!() };
        assert_eq!(error.kind, Kind::Unpublished);
        assert_eq!(std::fs::read(&place).unwrap(), feed);
        std::fs::remove_dir_all(&messages).unwrap();
        crate::writing::testing::rewrite(&mut john, "mary").unwrap();
        assert_eq!(john.feed("mary").items.len(), 1);
        assert_eq!(john.records("mary").len(), 1);
    }
}
