//! `inbox/callers.toml`: who made the calls in the inbox of a keyless server, and which call is
//! which, since what is sealed cannot be looked into. Not for the web.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::store::disk::atomic::{self, Staged};
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};

/// The facts that are known of one entry of the inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caller {
    /// The guid of the entry.
    pub guid: Guid,
    /// The caller's address; absent if that was forgotten.
    pub address: Option<IpAddr>,
    /// The hash of what the call names.
    pub call: Hash,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    #[serde(default, rename = "entry")]
    entries: Vec<Caller>,
}

/// Reads what is known of the entries. A file that is not ours counts as none: it only decides
/// whose entry leaves a full inbox.
///
/// # Errors
/// When it cannot be read.
pub fn load(home: &Home) -> Result<Vec<Caller>> {
    let path = path(home);
    let text = atomic::read_text(&path)?.unwrap_or_default();
    let file = toml::from_str::<File>(&text).unwrap_or_else(|cause| {
        log::warn!("`{}` is damaged, and made anew: {cause}", path.display());
        File::default()
    });
    Ok(file.entries)
}

/// Writes the entries, not in their place yet.
///
/// # Errors
/// When it cannot be written.
pub fn stage(home: &Home, entries: Vec<Caller>) -> Result<Staged> {
    let text = toml::to_string(&File { entries }).or_cannot("write callers")?;
    home.stage(&path(home), text.as_bytes())
}

fn path(home: &Home) -> PathBuf {
    Path::join(&home.inbox(), "callers.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_damage_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(load(&home).unwrap(), []);
        let caller = |address: Option<&str>| Caller {
            guid: "urn:uuid:0199f0c2-0000-7000-8000-000000000000".parse().unwrap(),
            address: address.map(|address| address.parse().unwrap()),
            call: Hash::of(b"call"),
        };
        let callers = vec![caller(Some("192.0.2.1")), caller(Some("2001:db8::")), caller(None)];
        atomic::put(vec![stage(&home, callers.clone()).unwrap()]).unwrap();
        assert_eq!(load(&home).unwrap(), callers);
        home.write(&path(&home), b"entry = 7").unwrap();
        assert_eq!(load(&home).unwrap(), []);
    }
}
