//! `key passphrase`: another passphrase, or none.

use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use crate::error::Result;
use crate::keys::change;
use crate::session::command::Session;
use crate::session::user::passphrase::{self, Source};

pub const EXAMPLES: &str = "\
Examples:
  cloudim key passphrase
  cloudim key passphrase --passphrase-file old --new-passphrase-file new
  cloudim key passphrase --no-passphrase";

/// Change the passphrase, or remove it
///
/// The old one comes from where it always does, the new one is asked for twice, unless an option says
/// otherwise. Copies of the home, such as backups, keep the old one.
#[derive(Debug, Args)]
pub struct PassphraseArgs {
    /// Take the new passphrase from the first line of this file, which may be a pipe: /dev/fd/4
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// Leave the secret key unlocked on disk
    #[arg(long, conflicts_with = "new_passphrase_file")]
    no_passphrase: bool,
}

/// Changes it.
///
/// # Errors
/// When the old one is wrong, the new one cannot be had, or the key cannot be written; it is then as
/// before.
pub fn run(session: &mut Session, args: PassphraseArgs) -> Result<()> {
    session.run.keys.unlock()?;
    let new = match args.new_passphrase_file {
        _ if args.no_passphrase => Zeroizing::default(),
        Some(path) => Source::File(path).read("")?,
        None => passphrase::chosen(
            "New passphrase (empty for none): ",
            "--new-passphrase-file FILE, or --no-passphrase",
        )?,
    };
    let is_locked = !new.is_empty();
    change::lock_anew(&session.run.identity, &mut session.run.keys, session.run.clock.now(), &new)?;
    session.run.talk.say(if is_locked {
        "the passphrase is changed"
    } else {
        "the secret key lies on disk without a passphrase"
    });
    if let (true, Some(command)) =
        (is_locked, session.run.identity.config.passphrase_command.clone())
    {
        session.run.talk.say(&format!("hint: from now on `{command}` must print the new one"));
    }
    Ok(())
}
