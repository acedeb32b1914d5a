//! Whether files are ours alone to write. Who can write the settings of a home can have any command run
//! as its owner.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::store::error::{Error, OrCannot, Result};

/// What group and others may not: write.
const WRITE: u32 = 0o022;
/// The user who can write everything anyway.
const ROOT: u32 = 0;

/// `options` for a file of the home that is written in place: a link that somebody has put there leads
/// nowhere.
pub fn in_place(options: &mut OpenOptions) -> &mut OpenOptions {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits();
    options.custom_flags(i32::try_from(flags).unwrap_or_default())
}

/// Checks that nobody but us and root can write the file or folder at `path`, if there is one. It goes by
/// what the system says, also on a mount that keeps no permissions: there it is the mount that lets
/// others in.
///
/// # Errors
/// [`Error::NotOurs`].
pub fn expect(path: &Path) -> Result<()> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        // Who may not even look gets the error of what is tried next.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error).or_cannot_read(path),
    };
    let us = rustix::process::geteuid().as_raw();
    judge(path, there.mode(), there.uid(), us)
}

fn judge(path: &Path, mode: u32, owner: u32, us: u32) -> Result<()> {
    let shown = path.display();
    if mode & WRITE != 0 {
        return Err(Error::NotOurs {
            path: path.to_owned(),
            why: format!("others can write it (mode {:03o})", mode & 0o777),
            cures: vec![
                format!("chmod go-w '{shown}'"),
                "where that changes nothing (vfat, exFAT, CIFS, drvfs of WSL), mount it so that only you \
                 can write: umask=077, or file_mode=0600,dir_mode=0700; or move the home"
                    .to_owned(),
            ],
        });
    }
    if owner != us && owner != ROOT {
        return Err(Error::NotOurs {
            path: path.to_owned(),
            why: format!("it belongs to another user (uid {owner})"),
            cures: vec![format!(
                "run cloudim as that user; or, if it is to be yours: chown -R {us} '{shown}'"
            )],
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_write_or_own_is_refused_with_the_cure() {
        let why = |mode, owner, us| {
            judge(Path::new("/h"), mode, owner, us).err().map(|error| match error {
                Error::NotOurs { why, cures, .. } => (why, cures[0].clone()),
                other => panic!("{other}"),
            })
        };
        for (mode, owner, us) in [(0o700, 5, 5), (0o644, 0, 5), (0o755, 0, 0), (0o600, 5, 5)] {
            assert_eq!(why(mode, owner, us), None, "{mode:o} {owner} {us}");
        }
        for mode in [0o720, 0o702, 0o777, 0o100_666] {
            let (why, cure) = why(mode, 5, 5).unwrap();
            assert_eq!(why, format!("others can write it (mode {:03o})", mode & 0o777));
            assert_eq!(cure, "chmod go-w '/h'");
        }
        for (owner, us) in [(6, 5), (5, 0)] {
            let (why, cure) = why(0o700, owner, us).unwrap();
            assert_eq!(why, format!("it belongs to another user (uid {owner})"));
            assert!(cure.ends_with(&format!("chown -R {us} '/h'")), "{cure}");
        }
    }
}
