//! Notes on a feed that is unchanged.

use super::gaps;
use crate::error::Result;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::offered::feeds;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Identity;
use crate::writing::content::retention;
use crate::writing::feed::{self, Change};
use jiff::Timestamp;

/// Notes that an unchanged feed was reached, and does what time alone asks for: what was
/// acknowledged long enough ago leaves our feed, which is rebuilt if it is lost, and a gap that lasts is
/// told.
pub(super) fn reached(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    name: &str,
) -> Result<bool> {
    let contact = Contact::load(&identity.home, name)?;
    let due = is_due(identity, now, name, &contact)?;
    if !due && contact.http.failing_since.is_none() && contact.theirs.behind_since.is_none() {
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
    let behind = contact.theirs.behind_since.is_some();
    let grace = locked.config.stale_grace;
    if let Some((text, healed)) = gaps::gaps(contact, behind, locked.now, grace) {
        let record = Record::notice(About::Integrity, healed, locked.now, text);
        Messages::of(&locked.home, name).append(&locked, &mut [record])?;
    }
    if due {
        return Ok(feed::rewrite(&locked, keys, &mut pair, Change::default())?);
    }
    pair.save(&locked)?;
    Ok(false)
}

/// Returns whether something of ours has been acknowledged for longer than it is kept, or our feed is
/// not there, and has to be rebuilt.
fn is_due(identity: &Identity, now: Timestamp, name: &str, contact: &Contact) -> Result<bool> {
    let ours = &contact.ours;
    if identity.config.read_only || contact.blocked {
        return Ok(false);
    }
    if !feeds::is_whole(&identity.home, &ours.token)? {
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
        let Run { identity, keys, .. } = &mut person.run;
        reached(identity, keys, now, "mary").unwrap()
    }

    #[test]
    fn an_unchanged_feed_writes_nothing_where_nothing_is_due() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        let before = john.files();
        john.wait(24 * 30);
        assert!(!unchanged(&mut john));
        assert!(john.files() == before);
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
