//! Removing a contact: its folder, and what we have published for it.

use std::fs;

use crate::error::{Context, Result};
use crate::store::contact::entry::Contact;
use crate::store::disk::atomic;
use crate::store::identity::own::Identity;
use jiff::Timestamp;

/// Removes the contact called `name` with all messages, and our feed for it.
///
/// # Errors
/// When there is none, or something cannot be removed.
pub fn remove(identity: &Identity, now: Timestamp, name: &str) -> Result<()> {
    let contact = Contact::load(&identity.home, name)?;
    let locked = identity.lock(now)?;
    locked.about_to_change_public()?;
    let token = &contact.ours.token;
    atomic::remove(&locked.home.feed(token))?;
    for archive in &contact.ours.archives {
        atomic::remove(&locked.home.archive(token, archive.number))?;
    }
    // Out of sight first, so that a crash leaves no half of a contact.
    let hidden = locked.home.contacts().join(format!(".removed-{}", token.as_str()));
    let failed = || format!("cannot remove `{name}`");
    fs::rename(locked.home.contact(name), &hidden).or_cannot(failed)?;
    fs::remove_dir_all(&hidden).or_cannot(failed)?;
    Ok(())
}
