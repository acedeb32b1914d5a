//! Notes on a feed that is unchanged.

use super::acknowledge::acknowledge;
use super::troubles::gaps;
use crate::error::Result;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::finding::Kind;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Identity;
use crate::writing::content::retention;
use crate::writing::rewriting::feed;
use jiff::Timestamp;

/// Notes that an unchanged feed was reached, and does what needs no news of the contact: what was
/// acknowledged long enough ago leaves our feed, what a run that died has left undone there is done,
/// a feed that is lost is rebuilt, and a gap that lasts is told.
pub(super) fn reached(
    identity: &Identity,
    keys: &mut Keys,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
) -> Result<bool> {
    let contact = Contact::load(&identity.home, name)?;
    let due = is_due(identity, keys, now, name, &contact)?;
    let noted = contact.is_noted_as_seen(now);
    let failing = contact.http.failing_since.is_some();
    if !due && noted && !failing && contact.theirs.behind_since.is_none() {
        return Ok(false);
    }
    // A home that nobody unlocks can still be told that nothing is new.
    let due = due && own_key::expect_usable(keys, now).is_ok() && keys.unlock().is_ok();
    let locked = identity.lock_although_copied(now)?;
    let due = due && !locked.is_copied();
    if due {
        keys.notice_key_change()?;
    }
    let mut pair = Pair::load(&locked, name)?;
    let contact = &mut pair.contact;
    contact.http.set_failing(None);
    contact.http.no_feed = None;
    contact.note_seen(locked.now);
    // An earlier version did not note what it is.
    let behind = contact.theirs.behind_as.unwrap_or(Kind::Rollback);
    let behind = contact.theirs.behind_since.map(|_| behind);
    let (missing, grace) = (contact.theirs.missing.clone(), locked.config.stale_grace);
    if let Some(record) = gaps::gaps(contact, behind, missing, locked.now, grace) {
        let record = record.about(contact);
        Messages::of(&locked.home, name).append(&locked, &mut [record])?;
    }
    if due {
        return acknowledge(&locked, keys, talk, &mut pair, false);
    }
    pair.save(&locked)?;
    Ok(false)
}

/// Returns whether our feed is to be written: it is not as it was counted, or does not tell of our
/// present key, or something in it has been acknowledged for longer than it is kept.
fn is_due(
    identity: &Identity,
    keys: &Keys,
    now: Timestamp,
    name: &str,
    contact: &Contact,
) -> Result<bool> {
    let ours = &contact.ours;
    if identity.config.read_only || contact.blocked {
        return Ok(false);
    }
    let is_told = || -> Result<bool> {
        let known = own_key::known_by(&identity.home, keys, contact)?;
        Ok(known == keys.certificate()?.fingerprint())
    };
    if !feed::is_shown(&identity.home, ours)? || !is_told()? {
        return Ok(true);
    }
    if ours.acknowledged() == 0 && ours.earlier.is_empty() {
        return Ok(false);
    }
    let items = Octets::of(&identity.home, name).items()?;
    let (aged, retention) = (identity.attested.aged(now), identity.config.retention);
    Ok(items.iter().any(|item| retention::is_settled(item, ours, retention, aged)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::run::Run;
    use crate::session::testing::Person;
    use crate::store::testing::Type;
    use crate::writing::testing::{acquainted, write};

    fn unchanged(person: &mut Person) -> bool {
        let now = person.now();
        let Run { identity, keys, talk, .. } = &mut person.run;
        reached(identity, keys, talk, now, "mary").unwrap()
    }

    #[test]
    fn an_unchanged_feed_writes_nothing_where_nothing_is_due() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        let before = john.files();
        john.wait(11);
        assert!(!unchanged(&mut john));
        assert!(john.files() == before);
        // That it was seen is noted, not oftener than twice a day.
        john.wait(24 * 30);
        assert!(!unchanged(&mut john));
        assert_eq!(john.contact("mary").theirs.looked, Some(john.now()));
        let noted = john.files();
        john.wait(11);
        assert!(!unchanged(&mut john));
        assert!(john.files() == noted);
    }

    #[test]
    fn what_was_acknowledged_long_enough_ago_leaves_our_feed_though_theirs_is_unchanged() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        write(&mut john, "mary", "two");
        john.update("mary", |mary| mary.reader_mut().acknowledged = 2);
        john.wait(24 * 7 + 1);
        john.set("read_only = true");
        assert!(!unchanged(&mut john));
        john.set("");
        assert!(unchanged(&mut john));
        assert_eq!(john.feed("mary").items.len(), 1);
    }

    #[test]
    fn what_a_run_that_died_did_not_show_is_shown_though_their_feed_is_unchanged() {
        let (mut john, _) = acquainted();
        let before = john.feed("mary");
        write(&mut john, "mary", "one");
        john.put_feed("mary", &before);
        assert!(unchanged(&mut john));
        assert_eq!(john.feed("mary").items.len(), 1);
        assert!(!unchanged(&mut john));
        // Another key of ours, of which the run that put it in place did not tell.
        john.replace_key();
        assert!(unchanged(&mut john));
        assert_eq!(john.feed("mary").items.len(), 2);
        assert!(!unchanged(&mut john));
    }

    #[test]
    fn a_gap_that_lasts_is_told_though_the_feed_is_unchanged() {
        let (mut john, _) = acquainted();
        let now = john.now();
        john.update("mary", |mary| mary.theirs.behind_since = Some(now));
        for told in [0, 0, 1, 1] {
            unchanged(&mut john);
            assert_eq!(john.texts("mary", Type::Integrity).len(), told);
            john.wait(1);
        }
    }
}
