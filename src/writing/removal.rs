//! Removing a contact, or withdrawing an invitation: with what we have published for it.

use jiff::Timestamp;

use crate::error::Result;
use crate::protocol::values::token::Token;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::published;
use crate::store::disk::home::Home;
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

/// Completes the removals that a run left which died, and returns whether there were any. In a home
/// that only reads there are none.
///
/// # Errors
/// When something cannot be removed.
pub fn resume(identity: &Identity, now: Timestamp) -> Result<bool> {
    if identity.config.read_only || contacts::removed(&identity.home).is_empty() {
        return Ok(false);
    }
    finish(&identity.lock(now)?)?;
    Ok(true)
}

/// Completes each removal, whatever holds up another one.
fn finish(locked: &Locked<'_>) -> Result<()> {
    let mut done = Ok(());
    for (folder, token, contact) in contacts::removed(&locked.home) {
        done = done.and(finish_one(locked, &folder, token, contact.as_ref()));
    }
    done
}

/// Completes one removal. All that is published goes first: the folder says what that is. The feed
/// stays if the person behind it became a contact again meanwhile, and reads it as before.
fn finish_one(
    locked: &Locked<'_>,
    folder: &str,
    token: Token,
    contact: Option<&Contact>,
) -> Result<()> {
    let home = &locked.home;
    let answers = contact.map_or(&[][..], |contact| &contact.ours.answers);
    let mut feeds = Vec::new();
    for feed in [token].into_iter().chain(answers.iter().cloned()) {
        if !is_read(home, &feed, false)? {
            feeds.push(feed);
        }
    }
    locked.about_to_change_public()?;
    published::remove(locked, folder, &feeds)?;
    if let Some(contact) = contact {
        forget_invitations(locked, contact)?;
    }
    Ok(contacts::forget(locked, folder)?)
}

/// Whether a contact reads the feed `token`. One whose file is damaged counts as `if_damaged` says.
fn is_read(home: &Home, token: &Token, if_damaged: bool) -> Result<bool> {
    let reads = |name: &String| {
        Contact::load(home, name).map_or(if_damaged, |contact| contact.ours.has_feed(token))
    };
    Ok(contacts::list(home)?.iter().any(reads))
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
/// When the contacts cannot be listed, or a file not removed.
pub fn withdraw(locked: &Locked<'_>, made: &Made) -> Result<()> {
    if !is_read(&locked.home, &made.token, true)? {
        locked.about_to_change_public()?;
        published::remove_feed(locked, &made.token)?;
    }
    Ok(invitations::remove(locked, made.id)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        let archive = Archive { number: 1, items: Vec::new(), file: None };
        john.update("eve", |eve| eve.ours.archives.push(archive));
        remove(&john.run.identity, john.now(), "eve").unwrap();
        assert!(john.files() == before);
        assert!(remove(&john.run.identity, john.now(), "eve").is_err());
    }

    #[test]
    fn a_damaged_file_holds_up_no_removal() {
        let (mut john, _) = acquainted();
        acquaint(&mut john, &mut Person::called("Eve"));
        write(&mut john, "eve", "one");
        let (eve, mary) = (john.contact("eve").ours.token, john.contact("mary").ours.token);
        for file in [john.home().contact("eve").join("messages.jsonl"), mary_file(&john)] {
            fs::write(file, "no record\n").unwrap();
        }
        remove(&john.run.identity, john.now(), "eve").unwrap();
        assert!(contacts::removed(&john.home()).is_empty());
        assert!(!john.home().feed(&eve).exists() && john.home().feed(&mary).exists());
    }

    fn mary_file(john: &Person) -> std::path::PathBuf {
        john.home().contact("mary").join("contact.toml")
    }

    #[test]
    fn a_removal_that_died_takes_no_feed_from_a_contact_that_came_back() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        let (home, token) = (john.home(), john.contact("mary").ours.token);
        let again = fs::read(mary_file(&john)).unwrap();
        contacts::hide(&john.lock(), "mary", &token).unwrap();
        home.write(&mary_file(&john), &again).unwrap();
        resume(&john.run.identity, john.now()).unwrap();
        assert!(contacts::removed(&home).is_empty());
        assert!(home.feed(&token).exists(), "she reads it");
    }
}
