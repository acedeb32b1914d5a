//! The feeds of the invitations that wait for an answer: each stands below `public/` as this home knows it.

use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::handshake::invitation_feed::{self, Shown};
use crate::session::keys::Keys;
use crate::store::identity::own::Identity;
use crate::store::waiting::invitations;

const CHECK: &str = "invitation";

/// Looks at each of them.
///
/// # Errors
/// When something cannot be read.
pub fn look(identity: &Identity, keys: &Keys) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if identity.config.read_only || identity.config.base_url.is_none() {
        return Ok(found);
    }
    for made in invitations::made(&identity.home)? {
        let subject = made.name.clone().unwrap_or_else(|| "invitation".to_owned());
        found.push(match invitation_feed::shown(identity, keys, &made)? {
            Shown::Whole => Finding::ok(CHECK, subject, "the invitation waits for an answer"),
            Shown::Otherwise | Shown::Unsealed => {
                let text = "the feed of the invitation is lost, or not as it was written";
                Finding::wrong(CHECK, Kind::Cannot, "lost", subject, text)
                    .hint("cloudim check --repair")
            }
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, invite};
    use crate::session::testing::Person;

    #[test]
    fn a_feed_that_is_lost_is_told_with_what_rebuilds_it() {
        let (john, mut mary) = (Person::called("John"), Person::called("Mary"));
        let made = invite(&mut mary, Some(addressee(&john)));
        let found = |mary: &Person| -> Vec<_> {
            let found = look(&mary.run.identity, &mary.run.keys).unwrap();
            found.into_iter().map(|found| found.finding).collect()
        };
        assert_eq!(found(&mary), [None]);
        std::fs::remove_file(mary.home().feed(&made.token)).unwrap();
        assert_eq!(found(&mary), [Some("lost")]);
    }
}
