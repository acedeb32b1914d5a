//! What tells a home that it was copied or restored: the place and the birth of its lock, the boot of
//! the machine, and a generation that counts what it has published, kept outside of the home as well.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;

use crate::protocol::values::fingerprint::Fingerprint;

/// How a home stands to the one that was made or that has caught up here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is that one.
    Original,
    /// It looks like that one. But the machine was started since, perhaps from an older copy of its
    /// disk.
    Restarted,
    /// It was copied, or restored from a backup.
    Copied,
}

/// What the lock file of a home says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Device, inode and birth of the lock file.
    place: String,
    /// The boot of the machine; empty where the system has no name for it.
    boot: String,
    /// The fingerprint of our primary key, under which the generation is kept outside.
    pub key: Option<Fingerprint>,
    /// Grows with each change of what we write to contacts.
    pub generation: u64,
    /// When our own published feeds were looked at last.
    pub looked: Option<Timestamp>,
}

impl Origin {
    /// The place of a lock file, and the present boot.
    pub fn here(lock: &Metadata) -> Self {
        let birth = lock.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        let birth = birth.map(|born| format!(" birth {}", born.as_nanos())).unwrap_or_default();
        Self {
            place: format!("device {} inode {}{birth}", lock.dev(), lock.ino()),
            boot: boot().to_owned(),
            ..Self::default()
        }
    }

    /// Reads what a lock file says; one of a version that knew the place alone, as well.
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let mut origin =
            Self { place: lines.next().unwrap_or_default().to_owned(), ..Self::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(' ')) {
            match name {
                "boot" => origin.boot = value.to_owned(),
                "key" => origin.key = value.parse().ok(),
                "generation" => origin.generation = value.parse().unwrap_or_default(),
                "looked" => origin.looked = value.parse().ok(),
                _ => {}
            }
        }
        origin
    }

    /// Writes it. The next generation is as long, so that it is written by one call in place.
    pub fn write(&self) -> String {
        let Self { place, boot, key, generation, looked } = self;
        let key = key.as_ref().map(|key| format!("key {key}\n")).unwrap_or_default();
        let looked = looked.map(|looked| format!("looked {looked}\n")).unwrap_or_default();
        format!("{place}\nboot {boot}\n{key}generation {generation:020}\n{looked}")
    }

    /// The standing of a home whose lock is `here` and says this; `outside` is the generation that was
    /// noted outside of it.
    pub fn standing(&self, here: &Self, outside: Option<u64>) -> Standing {
        let is_here = self.place == here.place
            // An earlier version knew no birth.
            || here.place.strip_prefix(&self.place).is_some_and(|rest| rest.starts_with(" birth "));
        if !is_here || outside.is_some_and(|outside| outside > self.generation) {
            Standing::Copied
        } else if self.boot != here.boot {
            Standing::Restarted
        } else {
            Standing::Original
        }
    }

    /// This in the next generation.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }

    /// This at the place and in the boot of `here`, under our primary key.
    #[must_use]
    pub fn moved(self, here: Self, key: Fingerprint) -> Self {
        Self { place: here.place, boot: here.boot, key: Some(key), ..self }
    }
}

/// The present boot, which is asked for once: a process does not outlive it.
fn boot() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        boot.trim().to_owned()
    })
}

/// The generation noted for `key` in `folder`; nothing where none can be read.
pub fn noted(folder: &Path, key: &Fingerprint) -> Option<u64> {
    let text = fs::read_to_string(folder.join(key.as_str())).ok()?;
    text.trim().strip_prefix("generation ")?.parse().ok()
}

/// Notes `generation` for `key` in `folder`. It says more than the home alone could, and nothing is
/// wrong where it cannot be written.
pub fn note(folder: &Path, key: &Fingerprint, generation: u64) {
    let path = folder.join(key.as_str());
    let text = format!("generation {generation:020}\n");
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
    if let Err(cause) = written {
        log::info!("cannot note the generation in `{}`: {cause}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Fingerprint {
        "0123456789ABCDEF0123456789ABCDEF01234567".parse().unwrap()
    }

    fn origin(place: &str, boot: &str, generation: u64) -> Origin {
        Origin { generation, ..Origin::default() }.moved(
            Origin { place: place.to_owned(), boot: boot.to_owned(), ..Origin::default() },
            key(),
        )
    }

    #[test]
    fn a_lock_reads_as_it_was_written_and_each_generation_is_as_long() {
        let looked = Some(Timestamp::UNIX_EPOCH);
        for generation in [0, 7, u64::MAX] {
            let origin = Origin { looked, ..origin("device 1 inode 2 birth 3", "x-y", generation) };
            assert_eq!(Origin::parse(&origin.write()), origin);
            let first = Origin { generation: 0, ..origin.clone() };
            assert_eq!(first.write().len(), origin.write().len());
        }
    }

    #[test]
    fn another_place_birth_or_generation_tells_a_copy_and_another_boot_a_restart() {
        let recorded = origin("device 1 inode 2 birth 3", "x", 7);
        let standing = |place, boot, outside| recorded.standing(&origin(place, boot, 0), outside);
        assert_eq!(standing("device 1 inode 2 birth 3", "x", Some(7)), Standing::Original);
        assert_eq!(standing("device 1 inode 2 birth 3", "x", None), Standing::Original);
        assert_eq!(standing("device 1 inode 2 birth 3", "x", Some(6)), Standing::Original);
        assert_eq!(standing("device 1 inode 2 birth 3", "y", Some(7)), Standing::Restarted);
        assert_eq!(standing("device 1 inode 2 birth 3", "x", Some(8)), Standing::Copied);
        assert_eq!(standing("device 1 inode 2 birth 4", "x", Some(7)), Standing::Copied);
        assert_eq!(standing("device 1 inode 3 birth 3", "x", Some(7)), Standing::Copied);
    }

    #[test]
    fn a_lock_of_an_earlier_version_is_the_original_and_has_yet_to_look() {
        let here = origin("device 1 inode 2 birth 3", "x", 0);
        let earlier = |text| Origin::parse(text).standing(&here, None);
        assert_eq!(earlier("device 1 inode 2\n"), Standing::Restarted);
        assert_eq!(earlier("device 1 inode 22\n"), Standing::Copied);
        assert_eq!(earlier(""), Standing::Copied);
    }

    #[test]
    fn a_generation_is_noted_outside_and_where_that_cannot_be_nothing_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state/cloudim");
        assert_eq!(noted(&state, &key()), None);
        note(&state, &key(), 41);
        note(&state, &key(), 42);
        assert_eq!(noted(&state, &key()), Some(42));
        fs::write(folder.path().join("file"), "").unwrap();
        note(&folder.path().join("file/below"), &key(), 1);
    }
}
