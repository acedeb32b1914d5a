//! Cards that contacts claim: each is read, so that nobody is taken for whose card it is not.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::address;
use crate::error::Result;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::url::Url;
use crate::session::run::Run;
use crate::session::web::network::Network;
use crate::store::contact::entry::Contact;

/// Cards that are read in one round.
const MOST: usize = 8;
/// How long such a host is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after one was read in vain.
const PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// Returns whether the document at `card` is there, names itself, and carries the key `fingerprint`
/// (PROTOCOL §6).
pub fn is_confirmed(
    network: &Network,
    now: Timestamp,
    card: &Url,
    fingerprint: &Fingerprint,
) -> bool {
    address::card_at(network, now, card).is_ok_and(|card| card.fingerprint == *fingerprint)
}

/// Reads the cards that the contacts called `names` claim and that nobody has read yet, a few at a time
/// and each once a day.
///
/// # Errors
/// When the settings are wrong, or it cannot be noted.
pub fn confirm(run: &mut Run, names: &[String]) -> Result<()> {
    let (mut network, now) = (run.network.clone(), run.clock.now());
    network.hurry(PATIENCE)?;
    let home = &run.identity.home;
    let contacts = names.iter().filter_map(|name| Some((name, Contact::load(home, name).ok()?)));
    let claims: Vec<_> = contacts.filter_map(|(name, it)| Some((name, claim(&it, now)?))).collect();
    for (name, (card, fingerprint)) in claims.into_iter().take(MOST) {
        let confirmed = is_confirmed(&network, now, &card, &fingerprint);
        let locked = run.identity.lock(now)?;
        // It may have been removed, or have moved, meanwhile.
        let Ok(mut contact) = Contact::load(&locked.home, name) else { continue };
        if claim(&contact, now) == Some((card, fingerprint)) {
            (contact.card_confirmed, contact.card_asked) = (confirmed, Some(now));
            contact.save(&locked, name)?;
        }
    }
    Ok(())
}

/// The card that `contact` claims, and its key, if that is to be read at `now`.
fn claim(contact: &Contact, now: Timestamp) -> Option<(Url, Fingerprint)> {
    let is_recent = |asked: Timestamp| now.duration_since(asked).abs() < PAUSE;
    if contact.blocked || contact.card_confirmed || contact.card_asked.is_some_and(is_recent) {
        return None;
    }
    Some((contact.card.clone()?, contact.fingerprint.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::contact;

    #[test]
    fn a_card_that_was_not_confirmed_is_read_once_a_day() {
        let (mut mary, now) = (contact('A'), Timestamp::UNIX_EPOCH);
        assert_eq!(claim(&mary, now), None);
        mary.card_confirmed = false;
        for (hours, reads) in [(0, false), (23, false), (24, true), (-24, true)] {
            mary.card_asked = Some(now - SignedDuration::from_hours(hours));
            assert_eq!(claim(&mary, now).is_some(), reads, "{hours}");
        }
        mary.blocked = true;
        assert_eq!(claim(&mary, now), None);
    }
}
