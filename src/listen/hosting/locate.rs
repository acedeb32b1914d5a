//! From the path of a request to a file below the folder, and never to another.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::transport::server::decode;

/// The type of a WebFinger answer.
pub(super) const JRD: &str = "application/jrd+json";
/// The one hidden folder that the web may see.
const WELL_KNOWN: &str = ".well-known";
const INDEX: &str = "index.html";

/// The types of files by how their names end.
const KINDS: &[(&str, &str)] = &[
    ("asc", "application/pgp-keys"),
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("rss", "application/rss+xml; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("xml", "application/xml"),
];

/// The target of a path.
pub(super) enum Found {
    File(Located),
    /// A folder with an index page, named without the slash at its end.
    Folder,
    Nothing,
}

/// An open regular file.
pub(super) struct Located {
    pub file: File,
    pub metadata: Metadata,
    pub kind: &'static str,
}

/// Finds what `path`, as it was sent, names below `root`.
pub(super) fn locate(root: &Path, path: &str) -> io::Result<Found> {
    let Some(mut names) = names(path) else { return Ok(Found::Nothing) };
    let slash = names.last().is_some_and(String::is_empty);
    if slash {
        names.pop();
        names.push(INDEX.to_owned());
    }
    let Some((found, metadata)) = walk(root, &names)? else { return Ok(Found::Nothing) };
    if metadata.is_dir() {
        let index = [names.as_slice(), &[INDEX.to_owned()]].concat();
        let index = walk(root, &index)?.filter(|(_, index)| index.is_file() && !slash);
        return Ok(index.map_or(Found::Nothing, |_| Found::Folder));
    }
    if !metadata.is_file() {
        return Ok(Found::Nothing);
    }
    let file = File::open(found)?;
    let opened = file.metadata()?;
    // Between the look and the opening, something else may have come to stand there.
    if (opened.dev(), opened.ino()) != (metadata.dev(), metadata.ino()) {
        return Err(ErrorKind::Interrupted.into());
    }
    Ok(Found::File(Located { file, metadata: opened, kind: kind(&names) }))
}

/// The names in `path`, the last of them empty if it ends in a slash; none if one is not a plain
/// visible name.
fn names(path: &str) -> Option<Vec<String>> {
    let names: Vec<String> =
        path.strip_prefix('/')?.split('/').map(decode).collect::<Option<_>>()?;
    let last = names.len().saturating_sub(1);
    let plain = |(at, name): (usize, &String)| {
        let hidden = name.starts_with('.') && !(at == 0 && name == WELL_KNOWN);
        let odd = |c: char| matches!(c, '/' | '\\') || c.is_control();
        !hidden && !name.contains(odd) && (at == last || !name.is_empty())
    };
    names.iter().enumerate().all(plain).then_some(names)
}

/// The place that `names` lead to, if no symbolic link stands in the way.
fn walk(root: &Path, names: &[String]) -> io::Result<Option<(PathBuf, Metadata)>> {
    let mut at = root.to_owned();
    let mut found = None;
    for name in names {
        at.push(name);
        let metadata = match fs::symlink_metadata(&at) {
            Ok(metadata) if !metadata.is_symlink() => metadata,
            Ok(_) => return Ok(None),
            Err(cause) => {
                use ErrorKind::{InvalidFilename, NotADirectory, NotFound};
                let absent = matches!(cause.kind(), InvalidFilename | NotADirectory | NotFound);
                return if absent { Ok(None) } else { Err(cause) };
            }
        };
        found = Some(metadata);
    }
    Ok(found.map(|metadata| (at, metadata)))
}

fn kind(names: &[String]) -> &'static str {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let end = names.last().and_then(|name| name.rsplit_once('.')).map(|(_, end)| end);
    match (names.as_slice(), end) {
        ([WELL_KNOWN, "webfinger"], _) => JRD,
        (["b", _], None) => "application/pgp-encrypted",
        (_, end) => {
            let known = KINDS.iter().find(|(own, _)| Some(*own) == end);
            known.map_or("application/octet-stream", |(_, kind)| kind)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_plain_or_nothing() {
        for (path, expected) in [
            ("/", Some(&[""][..])),
            ("/a", Some(&["a"])),
            ("/f/", Some(&["f", ""])),
            ("/f/a%20b", Some(&["f", "a b"])),
            ("/.well-known/webfinger", Some(&[".well-known", "webfinger"])),
            ("/%2ewell-known/webfinger", Some(&[".well-known", "webfinger"])),
            ("/f/.well-known", None),
            ("", None),
            ("a", None),
            ("*", None),
            ("//etc/passwd", None),
            ("/f//a", None),
            ("/..", None),
            ("/../secret.asc", None),
            ("/f/../../secret.asc", None),
            ("/%2e%2e/secret.asc", None),
            ("/.%2E/secret.asc", None),
            ("/f/%2e/a", None),
            ("/..%2fsecret.asc", None),
            ("/f%2fa", None),
            ("/%2Fetc%2Fpasswd", None),
            ("/..\\secret.asc", None),
            ("/f%5ca", None),
            ("/a%00", None),
            ("/a%0a", None),
            ("/a%", None),
            ("/a%ff", None),
            ("/.nojekyll", None),
            ("/f/.git", None),
        ] {
            let names = names(path);
            let expected: Option<Vec<String>> =
                expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(names, expected, "{path}");
        }
    }

    #[test]
    fn types_are_those_that_readers_expect() {
        for (path, expected) in [
            ("/f/a.rss", "application/rss+xml; charset=utf-8"),
            ("/f/a.3.rss", "application/rss+xml; charset=utf-8"),
            ("/key.asc", "application/pgp-keys"),
            ("/index.html", "text/html; charset=utf-8"),
            ("/b/abc", "application/pgp-encrypted"),
            ("/b/index.html", "text/html; charset=utf-8"),
            ("/.well-known/webfinger", JRD),
            ("/other", "application/octet-stream"),
        ] {
            assert_eq!(kind(&names(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn links_and_what_is_no_file_are_not_there() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("public");
        fs::create_dir_all(root.join("f")).unwrap();
        fs::create_dir_all(root.join("full")).unwrap();
        fs::write(home.path().join("secret"), "s").unwrap();
        fs::write(root.join("full/index.html"), "i").unwrap();
        symlink(home.path().join("secret"), root.join("link")).unwrap();
        symlink(home.path(), root.join("up")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let long = format!("/{}", "a".repeat(5000));
        for path in
            ["/link", "/up/secret", "/up/", "/socket", "/f", "/f/", "/full/index.html/", &long]
        {
            assert!(matches!(locate(&root, path).unwrap(), Found::Nothing), "{path}");
        }
        assert!(matches!(locate(&root, "/full").unwrap(), Found::Folder));
        assert!(matches!(locate(&root, "/full/").unwrap(), Found::File(_)));
        drop(socket);
    }

    proptest! {
        #[test]
        fn no_path_leads_outside(path in "/?([./\\\\%a-f0-9]|\\.\\./|%2e|%2f)*") {
            if let Some(names) = names(&path) {
                let joined = names.iter().fold(PathBuf::from("/r"), |at, name| at.join(name));
                prop_assert!(joined.starts_with("/r"));
                prop_assert!(!joined.to_str().unwrap().contains("/.."));
            }
        }
    }
}
