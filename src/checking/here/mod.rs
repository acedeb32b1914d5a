//! The disk: what the files of the home say, without any network.

pub mod attached;
pub mod chain;
mod contact;
mod invited;
mod key;
mod pages;
mod permissions;
mod publishing;
pub mod settings;
mod verdicts;

use jiff::Timestamp;

use super::finding::Finding;
use crate::error::Result;
use crate::session::keys::Keys;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Identity;

/// Looks at the files of `identity` at `now`; at those of the contact called `only` alone, if one is
/// named. What cannot be read is a finding.
///
/// # Errors
/// When there is no such contact, or the contacts cannot be listed.
pub fn look(
    identity: &Identity,
    keys: &Keys,
    now: Timestamp,
    only: Option<&str>,
) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if only.is_none() {
        found.extend(permissions::look(&identity.home));
        found.extend(key::look(&identity.home, keys, now));
        found.extend(pages::look(identity, keys));
        found.extend(publishing::look(identity));
        let invited = invited::look(identity, keys);
        found
            .extend(invited.unwrap_or_else(|error| {
                vec![Finding::failed("invitation", "invitations", &error)]
            }));
    }
    for name in named(identity, only)? {
        found.extend(contact::look(identity, &name, now));
    }
    Ok(found)
}

/// The names of all contacts, or `only` the one that was named.
///
/// # Errors
/// As [`look`].
pub fn named(identity: &Identity, only: Option<&str>) -> Result<Vec<String>> {
    match only {
        Some(name) => {
            Contact::load(&identity.home, name)?;
            Ok(vec![name.to_owned()])
        }
        None => Ok(contacts::list(&identity.home)?),
    }
}
