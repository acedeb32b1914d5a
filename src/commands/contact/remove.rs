//! `contact remove`: a contact, its messages and our feed for it.

use std::fs;
use std::io::{IsTerminal, stdin};

use crate::conversation::session::Session;
use crate::conversation::{publish, terminal};
use crate::error::{Context, Error, Result};
use crate::store::atomic;
use crate::store::contact::Contact;

/// Removes.
///
/// # Errors
/// When it is not there, was not confirmed, or cannot be removed.
pub fn remove(session: &mut Session, name: &str, yes: bool) -> Result<()> {
    // Our feed for the contact goes with it.
    session.expect_writable()?;
    let contact = Contact::load(&session.home, name)?;
    if !yes && !confirmed(name)? {
        return Err(
            Error::cannot(format!("`{name}` is still there")).hint("--yes removes without asking")
        );
    }
    let lock = session.lock()?;
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
    drop(lock);
    publish::publish(session, false)
}

fn confirmed(name: &str) -> Result<bool> {
    if !stdin().is_terminal() || !terminal::is_ours() {
        return Ok(false);
    }
    let answer = terminal::ask(&format!("Remove `{name}` with all messages? Type its name: "));
    Ok(answer.or_cannot(|| "cannot ask on the terminal".to_owned())? == name)
}
