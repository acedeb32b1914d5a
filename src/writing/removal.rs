//! Removing a contact: its folder, and what we have published for it.

use std::fs;

use crate::error::{Context, Result};
use crate::session::run::Session;
use crate::store::contact::entry::Contact;
use crate::store::disk::atomic;

/// Removes the contact called `name` with all messages, and our feed for it.
///
/// # Errors
/// When there is none, or something cannot be removed.
pub fn remove(session: &mut Session, name: &str) -> Result<()> {
    let contact = Contact::load(&session.home, name)?;
    let _lock = session.lock()?;
    session.about_to_change_public()?;
    let token = &contact.ours.token;
    atomic::remove(&session.home.feed(token))?;
    for archive in &contact.ours.archives {
        atomic::remove(&session.home.archive(token, archive.number))?;
    }
    // Out of sight first, so that a crash leaves no half of a contact.
    let hidden = session.home.contacts().join(format!(".removed-{}", token.as_str()));
    let failed = || format!("cannot remove `{name}`");
    fs::rename(session.home.contact(name), &hidden).or_cannot(failed)?;
    fs::remove_dir_all(&hidden).or_cannot(failed)?;
    Ok(())
}
