//! Removing a contact, or withdrawing an invitation: with what we have published for it.

use std::fs;

use jiff::Timestamp;

use crate::error::{Context, Result};
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::published;
use crate::store::identity::own::{Identity, Locked};
use crate::store::waiting::invitations::{self, Decision, Invitation, Made};

/// Removes the contact called `name` with all messages, all that is published for it, and the
/// invitations by which it would come back.
///
/// # Errors
/// When there is none, or something cannot be removed; [`resume`] completes what was begun.
pub fn remove(identity: &Identity, now: Timestamp, name: &str) -> Result<()> {
    let locked = identity.lock(now)?;
    // Only now: another run may have written to it while we waited.
    let contact = Contact::load(&locked.home, name)?;
    // Out of sight first, so that a crash leaves no half of a contact.
    contacts::hide(&locked, name, &contact.ours.token)?;
    finish(&locked)
}

/// Completes the removals that a run left which died. In a home that only reads there are none.
///
/// # Errors
/// When something cannot be removed.
pub fn resume(identity: &Identity, now: Timestamp) -> Result<()> {
    if identity.config.read_only || contacts::removed(&identity.home).is_empty() {
        return Ok(());
    }
    finish(&identity.lock(now)?)
}

/// Completes each removal. All that is published goes first: the folder says what that is.
fn finish(locked: &Locked<'_>) -> Result<()> {
    let home = &locked.home;
    for (folder, token, contact) in contacts::removed(home) {
        locked.about_to_change_public()?;
        let answers = contact.as_ref().map_or(&[][..], |contact| &contact.ours.answers);
        published::remove(locked, &folder, &token, answers)?;
        if let Some(contact) = &contact {
            forget_invitations(locked, contact)?;
        }
        fs::remove_dir_all(home.contact(&folder))
            .or_cannot(|| "cannot remove what is left of a contact".to_owned())?;
    }
    Ok(())
}

/// Forgets the invitations that made `contact`, or would make it again: a run may have died before
/// it had noted their end. What the user has decided on its key stands.
fn forget_invitations(locked: &Locked<'_>, contact: &Contact) -> Result<()> {
    for invitation in invitations::list(&locked.home)? {
        match invitation {
            Invitation::Made(made) => {
                let to = made.to.as_ref().map(|to| &to.fingerprint);
                let is_used = contact.reader().invitation.is_some_and(|hash| made.is(hash));
                if is_used || to == Some(&contact.fingerprint) {
                    withdraw(locked, &made)?;
                }
            }
            Invitation::Received(received) => {
                let is_theirs = received.fingerprint == contact.fingerprint;
                if is_theirs && received.decision == Decision::Pending {
                    invitations::remove(locked, received.id)?;
                }
            }
        }
    }
    Ok(())
}

/// Removes what is left of a pending invitation; of one that has made a contact meanwhile, not what
/// the contact reads.
///
/// # Errors
/// When a contact cannot be read, or a file not removed.
pub fn withdraw(locked: &Locked<'_>, made: &Made) -> Result<()> {
    let home = &locked.home;
    let mut is_read = false;
    for name in contacts::list(home)? {
        is_read |= Contact::load(home, &name)?.ours.has_feed(&made.token);
    }
    if !is_read {
        locked.about_to_change_public()?;
        published::remove_feed(locked, &made.token)?;
    }
    Ok(invitations::remove(locked, made.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::store::contact::own_feed::Archive;
    use crate::writing::testing::{acquaint, acquainted, write};

    #[test]
    fn a_contact_goes_with_all_that_we_published_for_it_and_the_others_stay() {
        let (mut john, _) = acquainted();
        let before = john.files();
        acquaint(&mut john, &mut Person::called("Eve"));
        write(&mut john, "eve", "one");
        let token = john.contact("eve").ours.token;
        john.home().write(&john.home().archive(&token, 1), b"<rss/>").unwrap();
        let archive = Archive { number: 1, items: Vec::new() };
        john.update("eve", |eve| eve.ours.archives.push(archive));
        remove(&john.run.identity, john.now(), "eve").unwrap();
        assert!(john.files() == before);
        assert!(remove(&john.run.identity, john.now(), "eve").is_err());
    }
}
