//! `key export`: our key, for other programs.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::commands::shared::input;
use crate::error::{Context, Error, Result};
use crate::session::command::Session;

pub const EXAMPLES: &str = "\
Examples:
  cloudim key export | gpg --import
  cloudim key export --secret | gpg --import
  cloudim key export --secret --no-passphrase --output key.asc";

/// Write the key for other OpenPGP programs
///
/// The certificate; with --secret the secret key as well, locked with its passphrase in the way that
/// GnuPG 2.2 reads. That is easier to try passphrases on than the home's own way: mind where you leave
/// it. It goes to a terminal only where --output names `-`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The secret key as well
    #[arg(long)]
    secret: bool,
    /// The secret key without a passphrase
    #[arg(long, requires = "secret")]
    no_passphrase: bool,
    /// Where to write it, a file that is not there yet; `-` is stdout [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Exports.
///
/// # Errors
/// When the key cannot be unlocked, or what is written there would not be safe.
pub fn run(session: &mut Session, args: ExportArgs) -> Result<()> {
    if !args.secret {
        let armored = session.run.keys.certificate()?.to_armored();
        return write(session, args.output.as_deref(), armored.as_bytes());
    }
    if args.output.is_none() && stdout().is_terminal() {
        return Err(Error::cannot("the secret key is not shown on a terminal unasked")
            .hint("--output FILE, a pipe, or --output - to show it"));
    }
    let armored = secret(session, args.no_passphrase)?;
    write(session, args.output.as_deref(), armored.as_bytes())
}

fn secret(session: &mut Session, open: bool) -> Result<Zeroizing<String>> {
    session.run.keys.unlock()?;
    let passphrase = session.run.keys.passphrase().filter(|_| !open);
    if passphrase.is_none() && !open {
        return Err(Error::cannot("the secret key has no passphrase to be exported with")
            .hint("--no-passphrase exports it as it is; cloudim key passphrase gives it one"));
    }
    let (key, rng) = session.run.keys.secret()?;
    let exported = match passphrase {
        Some(passphrase) => key.copy_for_gnupg(&passphrase, rng),
        None => key.copy("", rng),
    };
    Ok(exported.or_cannot(|| "cannot export the key".to_owned())?.to_armored())
}

fn write(session: &mut Session, path: Option<&Path>, data: &[u8]) -> Result<()> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        return input::print(session, data);
    };
    let mut create = OpenOptions::new();
    // For the owner alone, also where it is the certificate: it does no harm.
    let file = create.write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(data).and_then(|()| file.sync_all()));
    written.or_cannot(|| format!("cannot write `{}`", path.display()))
}
