//! How the user's command names the copy that it is given.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The mark that stands for the copy in a command.
const MARK: &str = "{}";

/// The place of the copy, as a command can write it.
///
/// Outside of quotes the shell expands `"$IM_PUBLIC"`. Inside of them it would not, or the program that
/// gets the quoted text (`lftp -c '…'`, `sh -c "…"`) would split the path into words. A path of plain
/// characters is one word for all of them.
pub(super) struct Place {
    plain: PathBuf,
    /// The folder of a link with a plain path, where the copy's own is not plain.
    _link: Option<TempDir>,
}

impl Place {
    /// The place of `folder`, for `command`. A link to it is made only if the command needs one.
    ///
    /// # Errors
    /// When no folder for temporary files takes such a link.
    pub(super) fn of(folder: &Path, command: &str) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        if is_plain(&folder) || !marks(command).iter().any(|(_, is_quoted)| *is_quoted) {
            return Ok(Self { plain: folder, _link: None });
        }
        let temporary = tempfile::tempdir().or_else(|_| tempfile::tempdir_in("/tmp"))?;
        let plain = temporary.path().join("public");
        if !is_plain(&plain) {
            return Err(io::Error::other(format!("`{}` needs quotes as well", plain.display())));
        }
        symlink(folder, &plain)?;
        Ok(Self { plain, _link: Some(temporary) })
    }

    /// `command` with this place for each `{}`.
    pub(super) fn fill(&self, command: &str) -> String {
        let mut filled = command.to_owned();
        for (at, is_quoted) in marks(command).into_iter().rev() {
            let plain = self.plain.to_string_lossy();
            let word = if is_quoted { plain.as_ref() } else { "\"$IM_PUBLIC\"" };
            filled.replace_range(at..at + MARK.len(), word);
        }
        filled
    }
}

/// Returns whether no shell and no other program reads `path` as anything but one word.
fn is_plain(path: &Path) -> bool {
    let is_plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"/._-+".contains(octet);
    path.as_os_str().as_encoded_bytes().iter().all(is_plain)
}

/// Where each `{}` of `command` begins, and whether it is between quotes of the shell.
fn marks(command: &str) -> Vec<(usize, bool)> {
    let mut marks = Vec::new();
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in command.char_indices() {
        if is_escaped {
            is_escaped = false;
            continue;
        }
        match (character, quote) {
            ('\\', None | Some('"')) => is_escaped = true,
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ if command[at..].starts_with(MARK) => marks.push((at, quote.is_some())),
            _ => {}
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_and_out_of_quotes() {
        for (command, expected) in [
            ("rsync -a {}/ host:", &[(9, false)][..]),
            ("lftp -c 'mirror -R {} www'", &[(19, true)]),
            ("sh -c \"cp -r {}/. {}\"", &[(13, true), (18, true)]),
            ("a '{}' {} \"{}\"", &[(3, true), (7, false), (11, true)]),
            ("it\\'s {}", &[(6, false)]),
            ("\"a \\\" '{}\" {}", &[(7, true), (11, false)]),
            ("'\\' {}", &[(4, false)]),
            ("ü {}", &[(3, false)]),
            ("\\{} { }", &[]),
        ] {
            assert_eq!(marks(command), expected, "{command}");
        }
    }

    #[test]
    fn a_plain_path_is_written_as_it_is_between_quotes() {
        let place = Place::of(Path::new("/home/john/mirror"), "'{}'").unwrap();
        assert!(place._link.is_none());
        let filled = place.fill("cp {}/. x; lftp -c 'mirror -R {} y'");
        assert_eq!(filled, "cp \"$IM_PUBLIC\"/. x; lftp -c 'mirror -R /home/john/mirror y'");
    }

    #[test]
    fn another_path_gets_a_plain_link_where_it_is_needed() {
        let home = tempfile::Builder::new().prefix("a b'").tempdir().unwrap();
        std::fs::write(home.path().join("card.rss"), "card").unwrap();
        assert!(Place::of(home.path(), "cp {}").unwrap()._link.is_none());
        let place = Place::of(home.path(), "'{}'").unwrap();
        let link = place.plain.clone();
        assert!(is_plain(&link));
        assert_eq!(place.fill("'{}'"), format!("'{}'", link.display()));
        assert_eq!(std::fs::read(link.join("card.rss")).unwrap(), b"card");
        drop(place);
        assert!(!link.exists() && home.path().join("card.rss").exists());
    }
}
