//! What is known of a contact at one moment, so that it can be told later whether that has changed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::Result;

/// The files by which what a contact writes is judged.
#[derive(PartialEq, Eq)]
pub struct Basis {
    /// Contact, certificate and verdicts, which are small and replaced as a whole.
    small: Vec<Option<Vec<u8>>>,
    /// Which file the messages are in, and how many bytes: it is appended to, or replaced.
    messages: Option<(u64, u64)>,
}

impl Basis {
    /// What is known of the contact called `name` now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(home: &Home, name: &str) -> Result<Self> {
        let folder = home.contact(name);
        let small = ["contact.toml", "certificate.asc", "verdicts.toml"];
        let small = small.iter().map(|file| atomic::read(&folder.join(file)));
        let small = small.collect::<Result<_>>()?;
        Ok(Self { small, messages: extent(&folder.join("messages.jsonl")) })
    }
}

fn extent(path: &Path) -> Option<(u64, u64)> {
    let there = std::fs::metadata(path).ok()?;
    Some((there.ino(), there.len()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whatever_changes_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let contact = home.contact("mary");
        fs::create_dir_all(&contact).unwrap();
        let basis = || Basis::of(&home, "mary").unwrap();
        assert!(basis() == basis());
        for (file, content) in [
            ("contact.toml", "a"),
            ("contact.toml", "b"),
            ("certificate.asc", "a"),
            ("verdicts.toml", "a"),
            ("messages.jsonl", "a"),
            ("messages.jsonl", "ab"),
        ] {
            let before = basis();
            fs::write(contact.join(file), content).unwrap();
            assert!(basis() != before, "{file}");
        }
        let before = basis();
        fs::write(contact.join("delivered"), "1").unwrap();
        assert!(basis() == before);
        // The same many bytes in another file.
        fs::write(contact.join("new"), "cd").unwrap();
        fs::rename(contact.join("new"), contact.join("messages.jsonl")).unwrap();
        assert!(basis() != before);
    }
}
