//! Names of contacts: file names that no stranger can make dangerous.

use std::path::Path;

use crate::protocol::values::guid::Guid;
use crate::protocol::values::{lookalike, text};
use crate::store::error::{Error, Result};

const LONGEST: usize = 48;

/// Checks a name that the user chose.
///
/// # Errors
/// [`Error::NoName`] unless it consists of letters, digits, `-`, `_` and inner dots,
/// is at most 48 bytes long, and is not a guid.
pub fn check(name: &str) -> Result<()> {
    let letters = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let edges = !name.starts_with(['.', '-']) && !name.ends_with('.');
    if name.is_empty()
        || name.len() > LONGEST
        || !letters
        || !edges
        || Guid::from_user(name).is_ok()
    {
        return Err(Error::NoName(name.to_owned()));
    }
    Ok(())
}

/// Checks a name that a contact is to have from now on.
///
/// # Errors
/// As [`check`]; also when it has a character that is not to be seen.
pub fn check_new(name: &str) -> Result<()> {
    if name.chars().any(lookalike::is_ignorable) {
        return Err(Error::NoName(name.to_owned()));
    }
    check(name)
}

/// Makes a name out of what a stranger calls himself: each character in its plain form and lower
/// case, none that is not to be seen, safe as a file name.
pub fn safe(claimed: &str) -> String {
    let mut name = String::new();
    for c in lookalike::plain(claimed).trim().chars().flat_map(char::to_lowercase) {
        let c = if c.is_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
        if name.len() + c.len_utf8() > LONGEST - 4 {
            break;
        }
        if !(name.ends_with(['-', '.']) && matches!(c, '-' | '.')) {
            name.push(c);
        }
    }
    let name = name.trim_matches(['-', '.']).to_owned();
    if check(&name).is_ok() { name } else { "contact".to_owned() }
}

/// `name`, or `name-2`, `name-3` …: the first that `taken` does not know.
pub fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// A file name for what a stranger calls an attachment: its last component, made harmless.
pub fn of_file(claimed: &str) -> String {
    let last = Path::new(claimed).file_name().map(|name| name.to_string_lossy().into_owned());
    let last = last.unwrap_or_default();
    let is_unseen = |c| text::is_covert(c) || lookalike::is_ignorable(c);
    let harmless = |c: char| match c {
        '/' | '\\' | ':' => '_',
        c if c.is_control() || is_unseen(c) => '_',
        c => c,
    };
    let name: String =
        last.trim_start_matches(['.', '-']).chars().map(harmless).take(100).collect();
    if name.trim().is_empty() { "attachment".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_leave_the_folder_cannot_name_a_contact() {
        for bad in
            ["", ".", "..", "../x", "/etc/passwd", "a/b", "-n", "a\nb", "a b", "a\0", "john."]
        {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check("0199f0c2-0000-7000-8000-000000000000").is_err());
        for unseen in ["ma\u{3164}ry", "\u{115f}", "mary\u{ffa0}"] {
            assert!(check_new(unseen).is_err() && check(unseen).is_ok(), "what is there opens");
        }
        for good in ["mary", "john-2", "j.smith", "Zoë", "母"] {
            assert!(check(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn strangers_get_the_name_they_ask_for_as_far_as_it_is_safe() {
        assert_eq!(safe("John"), "john");
        assert_eq!(safe("  Mary   Anne O'Neil "), "mary-anne-o-neil");
        assert_eq!(safe("../../x"), "x");
        assert_eq!(safe("\u{202e}"), "contact");
        assert_eq!(safe("\u{ff2d}a\u{200b}r\u{3164}y"), "mary");
        assert_eq!(unique("john", |name| name == "john" || name == "john-2"), "john-3");
    }

    #[test]
    fn attachments_stay_in_their_folder() {
        for (claimed, name) in [
            ("cat.png", "cat.png"),
            ("../../x", "x"),
            ("/", "attachment"),
            (".bashrc", "bashrc"),
            ("cat\u{202e}gnp.exe\u{2028}\u{9b}\u{200b}", "cat_gnp.exe___"),
        ] {
            assert_eq!(of_file(claimed), name);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_claims_becomes_a_name(claimed in "\\PC*") {
            prop_assert!(check_new(&safe(&claimed)).is_ok());
        }
    }
}
