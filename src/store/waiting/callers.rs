//! `inbox/callers.toml`: who made the calls in the inbox of a keyless server, and which call is
//! which, since what is sealed cannot be looked into. Not for the web.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::store::disk::atomic::{self, Mode};
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

/// Makes the folder of the inbox.
///
/// # Errors
/// When it cannot be made.
pub fn folder(home: &Home) -> Result<()> {
    atomic::folder(&home.inbox(), Mode::Private)
}

/// Writes `feed`, the inbox itself, as the file `name`, and before it what is known of its entries: a
/// crash between the two forgets who made a call, never the call. The process that listens, and has
/// the lock for that ([`Home::listening`]), is the only one that writes them.
///
/// # Errors
/// When one cannot be written.
pub fn save(home: &Home, entries: Vec<Caller>, name: &str, feed: &[u8]) -> Result<()> {
    let text = toml::to_string(&File { entries }).or_cannot("write callers")?;
    let stage = |path: &Path, bytes| atomic::stage(home.root(), path, bytes, Mode::Private);
    let callers = stage(&path(home), text.as_bytes())?;
    let feed = stage(&home.inbox().join(name), feed)?;
    atomic::sync([&callers, &feed])?;
    atomic::put(vec![callers, feed])
}

fn path(home: &Home) -> PathBuf {
    Path::join(&home.inbox(), "callers.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_damage_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        assert_eq!(load(&home).unwrap(), []);
        let caller = |address: Option<&str>| Caller {
            guid: "urn:uuid:0199f0c2-0000-7000-8000-000000000000".parse().unwrap(),
            address: address.map(|address| address.parse().unwrap()),
            call: Hash::of(b"call"),
        };
        let callers = vec![caller(Some("192.0.2.1")), caller(Some("2001:db8::")), caller(None)];
        folder(&home).unwrap();
        save(&home, callers.clone(), "x.rss", b"feed").unwrap();
        assert_eq!(std::fs::read(home.inbox().join("x.rss")).unwrap(), b"feed");
        assert_eq!(load(&home).unwrap(), callers);
        home.write(&path(&home), b"entry = 7").unwrap();
        assert_eq!(load(&home).unwrap(), []);
    }
}
