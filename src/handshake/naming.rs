//! What a new contact is called: as the user says, else out of what it calls itself.

use crate::error::{Error, Result};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::store::contact::contacts;
use crate::store::disk::home::Home;
use crate::store::disk::names;
use crate::store::waiting::invitations::{self, Addressee, Made};

/// Checks that `name` may be given to a new contact.
///
/// # Errors
/// When it is no name, or taken.
pub fn free(home: &Home, name: &str) -> Result<String> {
    names::check(name)?;
    if contacts::is_taken(home, name) {
        return Err(Error::cannot(format!("there is a contact `{name}` already"))
            .hint("choose another name: --as NAME"));
    }
    Ok(name.to_owned())
}

/// A free name made out of what somebody calls himself.
///
/// # Errors
/// When the invitations cannot be read.
pub fn unused(home: &Home, claimed: &str) -> Result<String> {
    let made = invitations::made(home)?.into_iter().filter_map(|made| made.name);
    let received = invitations::received(home)?.into_iter().map(|received| received.name);
    let waiting: Vec<String> = made.chain(received).collect();
    let taken =
        |name: &str| contacts::is_taken(home, name) || waiting.iter().any(|other| other == name);
    Ok(names::unique(&names::safe(claimed), taken))
}

/// What the user wants to call the one with this fingerprint, as an invitation of ours says.
///
/// # Errors
/// When the invitations cannot be read.
pub fn planned(home: &Home, fingerprint: &Fingerprint) -> Result<Option<String>> {
    let to = |made: &Made| made.to.as_ref().is_some_and(|to| to.fingerprint == *fingerprint);
    Ok(invitations::made(home)?.into_iter().find(to).and_then(|made| made.name))
}

/// What `to` will be called if the user does not say: as in the invitation by which they wait for us
/// already, else as their card has it.
///
/// # Errors
/// When the invitations cannot be read.
pub fn usual(home: &Home, to: &Addressee) -> Result<Option<String>> {
    let mut received = invitations::received(home)?.into_iter();
    match received.find(|received| received.fingerprint == to.fingerprint) {
        Some(received) => Ok(Some(received.name)),
        None => to.claimed_name.as_deref().map(|name| unused(home, name)).transpose(),
    }
}
