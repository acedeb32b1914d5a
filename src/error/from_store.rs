//! The failures of the store, as the program tells them: with an exit status, and with a cure.

use std::io::{self, ErrorKind};

use super::{Error, Kind};
use crate::store;
use crate::store::error::{Known, Lost};

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        if let store::Error::Format(error) = error {
            return error.into();
        }
        let (kind, hints, message) = (kind(&error), hints(&error), error.message());
        Self { kind, message, source: error.into_cause(), hints }
    }
}

fn kind(error: &store::Error) -> Kind {
    match error {
        store::Error::Busy(_) | store::Error::Copied => Kind::Busy,
        store::Error::NoName(_) => Kind::Usage,
        _ => Kind::Cannot,
    }
}

/// The hints on what to do about it, a line each.
fn hints(error: &store::Error) -> Vec<String> {
    let hints: &[&str] = match error {
        store::Error::NotOurs { cures, .. } => return cures.clone(),
        store::Error::UnknownContact { known: Known::Near(near), .. } => {
            return vec![format!("did you mean `{near}`?")];
        }
        store::Error::UnknownContact { known: Known::Nobody, .. } => {
            &["cloudim handshake invite ADDRESS"]
        }
        store::Error::UnknownContact { .. } => &["cloudim contact list"],
        store::Error::UnknownInvitation(_) => &["cloudim handshake list"],
        store::Error::Missing(_) => &["restore it from a backup"],
        store::Error::CannotWrite { cause, .. } => room(cause),
        store::Error::Damaged { lost, .. } => damage(*lost),
        store::Error::Busy(_) => &["nothing was done: try again in a moment"],
        store::Error::Copied => &["nothing was done: try again"],
        store::Error::ReadOnly => &["use the home that writes; only one per identity may"],
        store::Error::NoName(_) => {
            &["use letters, digits, `-`, `_` and inner dots, at most 48 bytes"]
        }
        store::Error::NoIdentity(_) => &[
            "cloudim keygen --name NAME --base-url URL",
            "or name another home with --home or $CLOUDIM_HOME",
        ],
        store::Error::HalfWritten { has_secret: true, .. } => {
            &["restore it from a backup, or move the folder away and run cloudim keygen again"]
        }
        store::Error::HalfWritten { has_secret: false, .. } => {
            &["restore it from a backup; or for listen --keyless, copy it from the owner"]
        }
        store::Error::NoBaseUrl => {
            &["set base_url in config.toml to where public/ stands, and run cloudim publish"]
        }
        store::Error::SecretTooLarge => {
            &["subkeys leave it 30 days after their end: wait until then"]
        }
        _ => &[],
    };
    hints.iter().map(|hint| (*hint).to_owned()).collect()
}

/// The hints on what to do where nothing can be written, if that is known.
fn room(cause: &io::Error) -> &'static [&'static str] {
    match cause.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            &["the home must be yours to write: see --home and $CLOUDIM_HOME"]
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            &["make room on the disk and run the command again: nothing was lost"]
        }
        _ => &[],
    }
}

/// The hints on what to do about a file that is damaged.
fn damage(lost: Lost) -> &'static [&'static str] {
    match lost {
        Lost::Content => &["it is damaged: restore it from a backup"],
        Lost::Cursors => &[
            "it is damaged: restore it from a backup",
            "without it all messages are delivered once more",
        ],
        Lost::Findings => &["remove it: what it remembers is found and told again"],
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::protocol;

    fn path() -> PathBuf {
        PathBuf::from("/home/x")
    }

    fn io(kind: ErrorKind) -> io::Error {
        io::Error::new(kind, "why")
    }

    fn cause() -> anyhow::Error {
        anyhow::anyhow!("why").context("what")
    }

    #[track_caller]
    fn is_told(error: store::Error, kind: Kind, text: &str) {
        let own = error.to_string();
        let told = Error::from(error);
        assert_eq!((told.kind, told.to_string().as_str()), (kind, text));
        // The cures are all that is added to the words of the store.
        assert_eq!(text.split("\nhint: ").next(), Some(own.as_str()));
    }

    #[test]
    fn files_are_told_with_their_path_and_cure() {
        use store::Error as E;
        let backup = "it is damaged: restore it from a backup";
        for (error, text) in [
            (E::Missing(path()), "`/home/x` is missing\nhint: restore it from a backup".to_owned()),
            (E::NotKept(path()), "`/home/x` is missing".to_owned()),
            (
                E::CannotRead { path: path(), cause: cause() },
                "cannot read `/home/x`: what: why".to_owned(),
            ),
            (
                E::CannotRead { path: "contacts".into(), cause: cause() },
                "cannot read `contacts`: what: why".to_owned(),
            ),
            (
                E::CannotUse { path: path(), cause: cause() },
                "cannot use `/home/x`: what: why".to_owned(),
            ),
            (
                E::Damaged { path: path(), cause: cause(), lost: Lost::Content },
                format!("cannot use `/home/x`: what: why\nhint: {backup}"),
            ),
            (
                E::Damaged { path: path(), cause: cause(), lost: Lost::Cursors },
                format!(
                    "cannot use `/home/x`: what: why\nhint: {backup}\n\
                     hint: without it all messages are delivered once more"
                ),
            ),
            (
                E::Damaged { path: path(), cause: cause(), lost: Lost::Findings },
                "cannot use `/home/x`: what: why\n\
                 hint: remove it: what it remembers is found and told again"
                    .to_owned(),
            ),
            (
                E::Cannot { what: "write the lock".to_owned(), cause: cause() },
                "cannot write the lock: what: why".to_owned(),
            ),
            (E::CutShort, "a write was cut short".to_owned()),
            (E::Exists(path()), "`/home/x` exists already, and is never overwritten".to_owned()),
        ] {
            is_told(error, Kind::Cannot, &text);
        }
    }

    #[test]
    fn what_cannot_be_written_is_told_with_the_cure_that_is_known() {
        let owner = "\nhint: the home must be yours to write: see --home and $CLOUDIM_HOME";
        let room = "\nhint: make room on the disk and run the command again: nothing was lost";
        for (kind, hint) in [
            (ErrorKind::PermissionDenied, owner),
            (ErrorKind::ReadOnlyFilesystem, owner),
            (ErrorKind::StorageFull, room),
            (ErrorKind::QuotaExceeded, room),
            (ErrorKind::NotADirectory, ""),
        ] {
            let error = store::Error::CannotWrite { path: path(), cause: io(kind) };
            is_told(error, Kind::Cannot, &format!("cannot write `/home/x`: why{hint}"));
        }
    }

    #[test]
    fn a_lock_that_another_holds_is_busy() {
        let text = "`/home/x` is locked by another cloudim\n\
                    hint: nothing was done: try again in a moment";
        is_told(store::Error::Busy(path()), Kind::Busy, text);
        let text = "this home was copied or restored just now\nhint: nothing was done: try again";
        is_told(store::Error::Copied, Kind::Busy, text);
    }

    #[test]
    fn names_are_told_with_those_that_there_are() {
        let unknown =
            |name: &str, known| store::Error::UnknownContact { name: name.to_owned(), known };
        let near = || Known::Near("mary".to_owned());
        let list = "\nhint: cloudim contact list";
        let invite = "\nhint: cloudim handshake invite ADDRESS";
        for (error, text) in [
            (
                store::Error::Taken("mary".to_owned()),
                "there is a contact `mary` already".to_owned(),
            ),
            (
                unknown("mar", near()),
                "there is no contact `mar`\nhint: did you mean `mary`?".to_owned(),
            ),
            (unknown("", Known::Others), format!("there is no contact ``{list}")),
            (unknown("a\n", Known::Others), format!("there is no contact `a\\n`{list}")),
            (unknown("mary", Known::Nobody), format!("there is no contact `mary`{invite}")),
            (
                store::Error::UnknownInvitation("a\n".to_owned()),
                "there is no invitation by `a\\n`\nhint: cloudim handshake list".to_owned(),
            ),
        ] {
            is_told(error, Kind::Cannot, &text);
        }
        let text = "`a\\n` cannot name a contact\n\
                    hint: use letters, digits, `-`, `_` and inner dots, at most 48 bytes";
        is_told(store::Error::NoName("a\n".to_owned()), Kind::Usage, text);
    }

    #[test]
    fn an_identity_that_is_not_whole_is_told_with_the_way_to_one() {
        let half = |missing, has_secret| {
            let home = PathBuf::from("/home/x");
            store::Error::HalfWritten { home, missing, has_secret }
        };
        for (error, text) in [
            (
                store::Error::NoIdentity(path()),
                "there is no identity in `/home/x`\n\
                 hint: cloudim keygen --name NAME --base-url URL\n\
                 hint: or name another home with --home or $CLOUDIM_HOME",
            ),
            (
                half("config.toml", true),
                "the home `/home/x` is half-written: `config.toml` is missing\n\
                 hint: restore it from a backup, or move the folder away and run cloudim keygen \
                 again",
            ),
            (
                half("public/key.asc", false),
                "the home `/home/x` is half-written: `public/key.asc` is missing\n\
                 hint: restore it from a backup; or for listen --keyless, copy it from the owner",
            ),
            (
                store::Error::NoBaseUrl,
                "this identity has no address on the web\n\
                 hint: set base_url in config.toml to where public/ stands, and run cloudim \
                 publish",
            ),
            (
                store::Error::QueryInBaseUrl("https://a.example/?x".parse().unwrap()),
                "`https://a.example/?x` cannot be a base URL: it has a query",
            ),
            (
                store::Error::ReadOnly,
                "this home is read-only: it stores and shows, and never writes to the world\n\
                 hint: use the home that writes; only one per identity may",
            ),
            (
                store::Error::SecretTooLarge,
                "the secret key would pass 64 KiB\n\
                 hint: subkeys leave it 30 days after their end: wait until then",
            ),
        ] {
            is_told(error, Kind::Cannot, text);
        }
    }

    #[test]
    fn formats_are_told_as_elsewhere() {
        let malformed = protocol::Error::malformed("not XML");
        is_told(malformed.into(), Kind::Cannot, "not XML");
        let critical = protocol::Error::Critical("version 2".to_owned());
        is_told(critical.into(), Kind::Trust, "version 2");
    }
}
