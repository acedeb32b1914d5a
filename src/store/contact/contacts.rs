//! Contacts: the people we have agreed with, a folder for each.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::entry::Contact;
use super::fork::Fork;
use crate::openpgp::certificate::Certificate;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::token::Token;
use crate::store::disk::home::Home;
use crate::store::disk::{atomic, names};
use crate::store::error::{Error, Known, OrCannot, Result};
use crate::store::identity::own::Locked;

/// The beginning of the folder name of a contact that was removed and is not gone yet.
const REMOVED: &str = ".removed-";

impl Contact {
    /// Reads the contact called `name`.
    ///
    /// # Errors
    /// When there is none, with the nearest names.
    pub fn load(home: &Home, name: &str) -> Result<Self> {
        names::check(name).map_err(|_| unknown(home, name))?;
        read(home, name)?.ok_or_else(|| unknown(home, name))
    }
}

/// Reads `contact.toml` in the folder called `name`, if it is there.
fn read(home: &Home, name: &str) -> Result<Option<Contact>> {
    let path = home.contact(name).join("contact.toml");
    let Some(text) = atomic::read_text(&path)? else { return Ok(None) };
    toml::from_str(&text).map(Some).map_err(|cause| atomic::damaged(&path, cause))
}

/// The names of all contacts, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(home: &Home) -> Result<Vec<String>> {
    let folder = match fs::read_dir(home.contacts()) {
        Ok(folder) => folder,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).or_cannot_read(Path::new("contacts")),
    };
    let mut names: Vec<String> = folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            names::check(name).is_ok() && home.contact(name).join("contact.toml").is_file()
        })
        .collect();
    names.sort();
    Ok(names)
}

/// The contact whose feed from us has this token.
///
/// # Errors
/// When the folder cannot be read.
pub fn reader_of(home: &Home, token: &Token) -> Result<Option<String>> {
    // One that cannot be read is not the one that was asked for.
    let reads =
        |name: &String| Contact::load(home, name).is_ok_and(|contact| contact.ours.token == *token);
    Ok(list(home)?.into_iter().find(reads))
}

/// The name of the contact whose pinned key has this fingerprint.
///
/// # Errors
/// When a contact cannot be read.
pub fn contact_with(home: &Home, fingerprint: &Fingerprint) -> Result<Option<String>> {
    for name in list(home)? {
        if Contact::load(home, &name)?.fingerprint == *fingerprint {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// When the last contact was made, renamed or removed; nothing before the first.
pub fn changed(home: &Home) -> Option<SystemTime> {
    fs::metadata(home.contacts()).and_then(|folder| folder.modified()).ok()
}

/// Whether `name` belongs to a contact. A folder that a run left when it died, of a contact which
/// never came to be, takes no name.
pub fn is_taken(home: &Home, name: &str) -> bool {
    let folder = home.contact(name);
    folder.join("contact.toml").exists() || folder.join("messages.jsonl").exists()
}

/// Makes room for the new contact `name`: removes what a run that died left there.
///
/// # Errors
/// When it is taken, or something cannot be removed.
pub fn make_room(locked: &Locked<'_>, name: &str) -> Result<()> {
    let home = &locked.home;
    if is_taken(home, name) {
        return Err(Error::Taken(name.to_owned()));
    }
    home.expect_change(&home.contact(name))?;
    match fs::remove_dir_all(home.contact(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(atomic::cannot_write(&home.contact(name), error))
        }
        _ => Ok(()),
    }
}

/// The certificate that is pinned for the contact called `name`.
///
/// # Errors
/// When it is not there or not a certificate.
pub fn certificate(home: &Home, name: &str) -> Result<Certificate> {
    let path = home.contact(name).join("certificate.asc");
    let bytes = atomic::read(&path)?.ok_or_else(|| Error::Missing(path.clone()))?;
    let certificate = Certificate::parse(&bytes).map_err(|cause| atomic::damaged(&path, cause))?;
    if !home.contact(name).join("former").exists() {
        return Ok(certificate);
    }
    // A run may have died between putting another in its place and noting that in the contact.
    let pinned = Contact::load(home, name)?.fingerprint;
    if certificate.fingerprint() == pinned {
        return Ok(certificate);
    }
    Ok(former(home, name, &pinned)?.unwrap_or(certificate))
}

/// Pins `certificate` for the contact called `name`.
///
/// # Errors
/// When it cannot be written.
pub fn pin(locked: &Locked<'_>, name: &str, certificate: &Certificate) -> Result<()> {
    let path = locked.home.contact(name).join("certificate.asc");
    locked.home.write(&path, certificate.to_armored().as_bytes())
}

/// Keeps the certificate that is pinned for the contact called `name` before another one is: if ever
/// that key comes back, what is known of it, such as a revocation, still counts.
///
/// # Errors
/// When it cannot be read or written.
pub fn keep_former(locked: &Locked<'_>, name: &str) -> Result<()> {
    keep_as_former(locked, name, &certificate(&locked.home, name)?)
}

/// Keeps `certificate` as one that was pinned for the contact called `name`, likewise.
///
/// # Errors
/// When it cannot be written.
pub fn keep_as_former(locked: &Locked<'_>, name: &str, certificate: &Certificate) -> Result<()> {
    let path = former_path(&locked.home, name, &certificate.fingerprint());
    locked.home.write(&path, certificate.to_armored().as_bytes())
}

/// The certificate with this fingerprint that was pinned for the contact called `name` before.
///
/// # Errors
/// When it is there, and not a certificate.
pub fn former(home: &Home, name: &str, key: &Fingerprint) -> Result<Option<Certificate>> {
    let path = former_path(home, name, key);
    let Some(bytes) = atomic::read(&path)? else { return Ok(None) };
    Certificate::parse(&bytes).map(Some).map_err(|cause| atomic::damaged(&path, cause))
}

fn former_path(home: &Home, name: &str, key: &Fingerprint) -> PathBuf {
    home.contact(name).join("former").join(format!("{key}.asc"))
}

/// Gives the contact called `name` the name `new`.
///
/// # Errors
/// When there is no such contact, `new` is no name, or it is taken.
pub fn rename(locked: &Locked<'_>, name: &str, new: &str) -> Result<()> {
    let home = &locked.home;
    Contact::load(home, name)?;
    names::check_new(new)?;
    if is_taken(home, new) {
        return Err(Error::Taken(new.to_owned()));
    }
    home.expect_change(&home.contact(new))?;
    let renamed = fs::rename(home.contact(name), home.contact(new));
    renamed.or_cannot(format!("rename `{name}`"))?;
    atomic::sync_folder_of(&home.contact(new))
}

/// Takes the contact called `name`, whose feed from us has this token, out of sight in one step: it
/// is no contact any more, and [`removed`] finds what is left of it.
///
/// # Errors
/// When its folder cannot be renamed.
pub fn hide(locked: &Locked<'_>, name: &str, token: &Token) -> Result<()> {
    let home = &locked.home;
    let hidden = home.contacts().join(format!("{REMOVED}{token}"));
    home.expect_change(&hidden)?;
    fs::rename(home.contact(name), &hidden).or_cannot(format!("remove `{name}`"))?;
    atomic::sync_folder_of(&hidden)
}

/// The contacts that were taken out of sight and are not gone yet: the name of the folder, the token
/// of our feed, and the contact itself, unless that half of the folder is gone already.
pub fn removed(home: &Home) -> Vec<(String, Token, Option<Contact>)> {
    let folder = fs::read_dir(home.contacts()).into_iter().flatten();
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut removed = Vec::new();
    for name in names {
        let Some(token) = name.strip_prefix(REMOVED).and_then(|token| token.parse().ok()) else {
            continue;
        };
        // A damaged file must not keep the rest from going.
        let contact = read(home, &name).ok().flatten();
        removed.push((name, token, contact));
    }
    removed
}

/// Removes what is left of a contact that was taken out of sight: the folder called `folder`.
///
/// # Errors
/// When something in it cannot be removed.
pub fn forget(locked: &Locked<'_>, folder: &str) -> Result<()> {
    locked.home.expect_change(&locked.home.contact(folder))?;
    fs::remove_dir_all(locked.home.contact(folder)).or_cannot("remove what is left of a contact")
}

/// Takes the forks of the logs of the contact called `name` for seen: they stand in `status` no more,
/// and another one is told. Returns them.
///
/// # Errors
/// When the contact cannot be read or written.
pub fn clear_forks(locked: &Locked<'_>, name: &str) -> Result<Vec<Fork>> {
    let mut contact = Contact::load(&locked.home, name)?;
    let forks = std::mem::take(&mut contact.theirs.forks);
    if !forks.is_empty() {
        contact.save(locked, name)?;
    }
    Ok(forks)
}

/// The error for a contact that is not there, with the nearest names.
pub fn unknown(home: &Home, name: &str) -> Error {
    let known = list(home).unwrap_or_default();
    let near = |known: &&String| {
        known.starts_with(name) || name.starts_with(known.as_str()) || one_letter_off(known, name)
    };
    let known = match known.iter().find(near) {
        Some(near) if !name.is_empty() => Known::Near(near.clone()),
        _ if known.is_empty() => Known::Nobody,
        _ => Known::Others,
    };
    Error::UnknownContact { name: name.to_owned(), known }
}

fn one_letter_off(known: &str, name: &str) -> bool {
    let (known, name): (Vec<char>, Vec<char>) = (known.chars().collect(), name.chars().collect());
    let same = known.iter().zip(&name).take_while(|(a, b)| a == b).count();
    let rest = |letters: &[char], skip: usize| {
        letters.iter().skip(same + skip).copied().collect::<String>()
    };
    rest(&known, 1) == rest(&name, 1)
        || rest(&known, 1) == rest(&name, 0)
        || rest(&known, 0) == rest(&name, 1)
        || rest(&known, 2) == rest(&name, 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{contact, locked};

    #[test]
    fn a_mistyped_name_is_recognised() {
        for typo in ["marry", "mry", "mray", "nary", "mar"] {
            assert!(one_letter_off("mary", typo), "{typo}");
        }
        assert!(!one_letter_off("mary", "john"));
    }

    #[test]
    fn forks_stand_until_they_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut mary = contact('A');
        let (log, since) = (mary.ours.log, jiff::Timestamp::UNIX_EPOCH);
        mary.theirs.forks.push(Fork { log, since, sequences: vec![5], hashes: Vec::new() });
        let (cleared, again) = locked(&home, |locked| {
            mary.save(locked, "mary").unwrap();
            let clear = || clear_forks(locked, "mary").unwrap();
            (clear(), clear())
        });
        assert_eq!((cleared, again), (mary.theirs.forks, Vec::new()));
    }
}
