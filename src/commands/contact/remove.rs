//! `contact remove`: a contact, its messages and our feed for it.

use std::io::{IsTerminal, stdin};

use crate::error::{Context, Error, Result};
use crate::publishing::run;
use crate::session::command::Session;
use crate::session::user::terminal;
use crate::store::contact::entry::Contact;
use crate::writing::removal;

/// Removes.
///
/// # Errors
/// When it is not there, was not confirmed, or cannot be removed.
pub fn remove(session: &mut Session, name: &str, yes: bool) -> Result<()> {
    // Our feed for the contact goes with it.
    session.run.identity.expect_writable()?;
    Contact::load(&session.run.identity.home, name)?;
    if !yes && !confirmed(name)? {
        return Err(
            Error::cannot(format!("`{name}` is still there")).hint("--yes removes without asking")
        );
    }
    removal::remove(&session.run.identity, session.run.clock.now(), name)?;
    run::publish(&session.run.identity, false)
}

fn confirmed(name: &str) -> Result<bool> {
    if !stdin().is_terminal() || !terminal::is_ours() {
        return Ok(false);
    }
    let answer = terminal::ask(&format!("Remove `{name}` with all messages? Type its name: "));
    Ok(answer.or_cannot(|| "cannot ask on the terminal".to_owned())? == name)
}
