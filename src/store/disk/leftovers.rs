//! What runs have left in a home that were killed: it goes when the next one locks the home first. What a living run
//! is using has a lock on it.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::home::Home;
use super::temporary::TEMPORARY;

/// How the name of a copy of `public/` begins that an earlier version made for each run of the publish
/// command, which held the lock for publishing.
const SNAPSHOT: &str = ".snapshot-";

/// Removes what dead runs have left. What cannot be removed now goes another time: nothing depends on it.
pub(super) fn remove(home: &Home) {
    for entry in fs::read_dir(home.root()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(TEMPORARY) {
            remove_file(&entry.path());
        } else if name.starts_with(SNAPSHOT)
            && let Ok(_held) = home.publishing(Duration::ZERO)
        {
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
}

fn remove_file(path: &Path) {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if let Some(file) = is_file.then(|| File::open(path).ok()).flatten()
        && file.try_lock().is_ok()
    {
        // Its maker would see that it is gone, and make another.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::temporary::temporary;

    #[test]
    fn what_dead_runs_left_goes_and_what_a_living_one_uses_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let path = |name: &str| folder.path().join(name);
        fs::write(path(".new-dead"), "x").unwrap();
        fs::write(path(".newer"), "the user's").unwrap();
        fs::create_dir_all(path(".snapshot-dead/f")).unwrap();
        let living = temporary(folder.path()).unwrap();
        let publishing = home.publishing(Duration::ZERO).unwrap();
        home.lock().unwrap();
        assert!(!path(".new-dead").exists() && path(".newer").exists() && living.path().exists());
        assert!(path(".snapshot-dead").exists(), "its run may live");
        drop((living, publishing));
        home.lock().unwrap();
        assert!(path(".snapshot-dead").exists(), "one look a run");
        Home::at(folder.path()).lock().unwrap();
        assert!(!path(".snapshot-dead").exists());
    }
}
