//! Acknowledging what was read: our feed tells the contact how far we are.

use crate::error::Result;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::session::web::witnesses;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;
use crate::writing::notices::{reintroduction, transition};
use crate::writing::renewal;
use crate::writing::rewriting::feed::{self, Change};
use crate::writing::unwritten::{self, Unwritten};

/// Tells the contact how far we are, where that changed, or saves what we know of it.
pub fn acknowledge(
    locked: &Locked<'_>,
    keys: &mut Keys,
    talk: &mut Talk,
    pair: &mut Pair,
    succeeded: bool,
) -> Result<bool> {
    let silent = locked.config.read_only
        || locked.is_copied()
        || pair.contact.blocked
        || keys.secret().is_err()
        || renewal::is_refused(&pair.contact.ours, locked.now)
        || own_key::expect_usable(keys, locked.now).is_err();
    if silent {
        pair.save(locked)?;
        return Ok(false);
    }
    let mut untouched = pair.contact.clone();
    match answer(locked, keys, pair, succeeded) {
        Err(Unwritten::Waits(error)) => {
            // What came is stored; only the acknowledgement waits for a better key.
            untouched.save(locked, &pair.name)?;
            if untouched.unusable.is_none() {
                talk.report_daily(&error);
            }
            Ok(false)
        }
        Err(Unwritten::Clock(error)) => {
            // The copy is looked at again, and our feed sealed again: then it is answered.
            (untouched.http.etag, untouched.http.last_modified) = (None, None);
            untouched.reader_mut().sealed_to = None;
            untouched.save(locked, &pair.name)?;
            witnesses::tell_once(locked, talk, &error.to_string())?;
            Ok(false)
        }
        Err(Unwritten::Failed(error)) => Err(error),
        Ok(is_told) => Ok(is_told),
    }
}

/// Rewrites our feed: to the key that has taken the place of the contact's, or by the one that has
/// taken the place of ours.
fn answer(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    succeeded: bool,
) -> unwritten::Result<bool> {
    let is_told =
        own_key::known_by(&locked.home, keys, &pair.contact)? == keys.certificate()?.fingerprint();
    if is_told && !succeeded {
        return feed::rewrite(locked, keys, pair, Change::default());
    }
    pair.save(locked)?;
    let told = transition::bring_over(locked, keys, &pair.name)?;
    Ok(reintroduction::reintroduce(locked, keys, &pair.name)? || told)
}

#[cfg(test)]
mod tests {
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::protocol::sealed::state::Head;
    use crate::reading::testing::Scene;
    use crate::writing::testing::pin;

    #[test]
    fn what_was_read_is_acknowledged_in_our_feed() {
        let mut scene = Scene::begin();
        scene.write("one");
        let before = scene.john.feed("mary").state;
        assert!(scene.read().rewritten);
        assert_ne!(scene.john.feed("mary").state, before);
    }

    #[test]
    fn a_home_that_only_reads_and_one_whose_key_ended_stay_silent_and_so_who_is_blocked_is_told_nothing()
     {
        let silences: [fn(&mut Scene); 3] = [
            |scene| scene.john.set("read_only = true"),
            |scene| scene.john.update("mary", |mary| mary.blocked = true),
            |scene| {
                let revoke = Reason::Retired;
                scene.john.change_key(|key, now, rng| key.revoked(revoke, now, rng).unwrap());
            },
        ];
        for silence in silences {
            let mut scene = Scene::begin();
            silence(&mut scene);
            scene.write("one");
            let before = scene.john.feed("mary");
            assert!(!scene.read().rewritten);
            assert!(scene.john.feed("mary") == before);
            assert_eq!(scene.messages(), ["one"]);
            assert_eq!(scene.contact().theirs.reached.last().unwrap().sequence, 1);
            scene.john.run.talk.verdict().unwrap();
        }
    }

    #[test]
    fn what_comes_by_a_key_that_nothing_can_be_sealed_to_is_stored() {
        let mut scene = Scene::begin();
        scene.mary.rotate();
        pin(&scene.john, "mary", &scene.mary);
        scene.read();
        scene.wait(24 * 366);
        let one = scene.add(1, None, "one");
        scene.state(|state| state.head = Some(Head { sequence: 1, hash: one }));
        assert!(!scene.read().rewritten);
        assert_eq!(scene.messages(), ["one"]);
        assert_eq!(scene.contact().theirs.reached.last().unwrap().sequence, 1);
    }
}
