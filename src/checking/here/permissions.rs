//! Who else on this machine may read or write the files of the home.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::checking::finding::Finding;
use crate::error::Kind;
use crate::store::disk::home::Home;

const CHECK: &str = "permissions";
/// What others may do: write.
const WRITE: u32 = 0o022;
/// What others may do: anything.
const ANY: u32 = 0o077;

/// Looks at the home, the settings, the secret keys, and the folders that hold what was written.
pub fn look(home: &Home) -> Vec<Finding> {
    let mode = |path: &Path| fs::metadata(path).ok().map(|file| file.permissions().mode());
    let root = mode(home.root()).unwrap_or_default();
    let mut found: Vec<Finding> = Vec::new();
    let mut judge = |path: &Path, forbidden: u32, cure: &str| {
        let name = path.strip_prefix(home.root()).unwrap_or(path).display().to_string();
        let subject = if name.is_empty() { "home".to_owned() } else { name };
        let wrong = mode(path).and_then(|mode| judged(&subject, mode, forbidden));
        let cure = format!("chmod {cure} '{}'", path.display());
        found.extend(wrong.map(|wrong| wrong.hint(cure)));
    };
    judge(home.root(), WRITE, "go-w");
    judge(&home.config(), WRITE, "600");
    for secret in secrets(home) {
        judge(&secret, ANY, "600");
    }
    // Where nobody else gets into the home, the modes inside decide nothing.
    if root & ANY != 0 {
        for folder in ["contacts", "invitations", "groups", "former", "cloud", "inbox"] {
            judge(&home.root().join(folder), ANY, "700");
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(CHECK, "home", "nobody else may write here or read what is secret"));
    }
    found
}

/// The files that hold secret keys, and what ends these.
fn secrets(home: &Home) -> Vec<PathBuf> {
    let former = fs::read_dir(home.root().join("former")).into_iter().flatten().flatten();
    let mut files = vec![home.secret(), home.revocation()];
    files.extend(former.map(|file| file.path()));
    files
}

/// What is wrong with `subject`, which has `mode`, where others may do nothing that is `forbidden`.
fn judged(subject: &str, mode: u32, forbidden: u32) -> Option<Finding> {
    let open = mode & forbidden;
    if open == 0 {
        return None;
    }
    let (finding, may) =
        if open & WRITE != 0 { ("writable", "write to") } else { ("readable", "read") };
    let text = format!("others on this machine may {may} it (mode {:03o})", mode & 0o777);
    Some(Finding::wrong(CHECK, Kind::Cannot, finding, subject, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;

    fn findings(home: &Home) -> Vec<(String, Option<&'static str>)> {
        look(home).into_iter().map(|found| (found.subject, found.finding)).collect()
    }

    #[test]
    fn what_others_may_do_is_told_by_what_is_forbidden() {
        let finding =
            |mode, forbidden| judged("x", mode, forbidden).and_then(|found| found.finding);
        assert_eq!(finding(0o600, ANY), None);
        assert_eq!(finding(0o644, WRITE), None);
        assert_eq!(finding(0o644, ANY), Some("readable"));
        assert_eq!(finding(0o620, WRITE), Some("writable"));
        assert_eq!(finding(0o777, ANY), Some("writable"));
    }

    #[test]
    fn the_modes_inside_count_where_others_get_in() {
        let john = Person::called("John");
        let home = john.home();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::create_dir_all(home.contacts()).unwrap();
        set(home.root(), 0o700);
        set(&home.contacts(), 0o755);
        assert_eq!(findings(&home), [("home".to_owned(), None)]);
        set(home.root(), 0o755);
        assert_eq!(findings(&home), [("contacts".to_owned(), Some("readable"))]);
        set(&home.contacts(), 0o700);
        set(&home.secret(), 0o640);
        set(&home.config(), 0o666);
        assert_eq!(
            findings(&home),
            [
                ("config.toml".to_owned(), Some("writable")),
                ("secret.asc".to_owned(), Some("readable"))
            ]
        );
    }
}
