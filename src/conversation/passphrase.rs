//! Where the passphrase comes from: a file, a command, or the terminal. Never the command line.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use zeroize::{Zeroize, Zeroizing};

use super::session::Options;
use crate::error::{Context, Error, Result};
use crate::openpgp::secret_key::SecretKey;
use crate::store::config::Config;
use crate::store::home::Home;
use crate::store::secret::{self, Stamp};

/// An unlocked secret key, and what it takes to lock it again.
pub struct Unlocked {
    /// The key.
    pub key: SecretKey,
    /// The passphrase that it is locked with on disk; nothing if it is not.
    pub passphrase: Option<Zeroizing<String>>,
    /// Which file it was read from.
    pub stamp: Option<Stamp>,
}

/// Reads the secret key of `home` and unlocks it, if it is locked: with the passphrase that was
/// `known` before, or else with one that is found.
///
/// # Errors
/// When there is no key, no passphrase to be had, or it is the wrong one.
pub fn unlocked(
    home: &Home,
    known: Option<&Unlocked>,
    find: impl FnOnce() -> Result<Zeroizing<String>>,
) -> Result<Unlocked> {
    // Before the reading: what is replaced meanwhile is noticed the next time.
    let stamp = Stamp::of(home);
    let mut key = secret::load(home)?;
    if !key.is_locked() {
        return Ok(Unlocked { key, passphrase: None, stamp });
    }
    if let Some(known) = known.and_then(|known| known.passphrase.clone())
        && key.unlock(&known).is_ok()
    {
        return Ok(Unlocked { key, passphrase: Some(known), stamp });
    }
    let passphrase = find()?;
    key.unlock(&passphrase).map_err(|_| {
        let path = home.secret();
        Error::cannot(format!("cannot unlock `{}`: the passphrase is wrong", path.display()))
    })?;
    Ok(Unlocked { key, passphrase: Some(passphrase), stamp })
}

/// Whether a passphrase is to be had without asking anybody.
pub fn is_at_hand(config: &Config, options: &Options) -> bool {
    options.passphrase_file.is_some() || config.passphrase_command.is_some()
}

/// The passphrase: from a file, a command, or the terminal.
///
/// # Errors
/// When none of them gives it.
pub fn find(config: &Config, options: &Options) -> Result<Zeroizing<String>> {
    if let Some(path) = &options.passphrase_file {
        return from_file(path);
    }
    if let Some(command) = &config.passphrase_command {
        return from_command(command);
    }
    if !has_terminal() {
        return Err(Error::cannot(
            "the secret key is locked, and there is no terminal to ask for its passphrase",
        )
        .hint("--passphrase-file FILE, or passphrase_command in config.toml"));
    }
    ask("Passphrase: ")
}

/// The first line of the file at `path`; `-` is not special, stdin belongs to the message.
///
/// # Errors
/// When it cannot be read.
pub fn from_file(path: &Path) -> Result<Zeroizing<String>> {
    let bytes = fs::read(path).map(Zeroizing::new);
    first_line(
        &bytes.or_cannot(|| format!("cannot read the passphrase from `{}`", path.display()))?,
    )
}

/// The first line that the shell command prints.
///
/// # Errors
/// When it cannot be run or fails.
pub fn from_command(command: &str) -> Result<Zeroizing<String>> {
    let failed = || format!("the passphrase command `{command}` failed");
    let run = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let mut output = run.or_cannot(failed)?;
    let line = first_line(&output.stdout);
    output.stdout.zeroize();
    if !output.status.success() {
        return Err(Error::cannot(format!("{}: {}", failed(), output.status)));
    }
    line
}

/// Asks on the terminal for a new passphrase, twice; it may be empty.
///
/// # Errors
/// When there is no terminal, or the two differ.
pub fn chosen() -> Result<Zeroizing<String>> {
    if !has_terminal() {
        return Err(Error::cannot("there is no terminal to ask for a passphrase")
            .hint("--passphrase-file FILE, --passphrase-command CMD, or --no-passphrase"));
    }
    let first = ask("Passphrase for the new key (empty for none): ")?;
    let second = ask("The same again: ")?;
    if *first == *second { Ok(first) } else { Err(Error::cannot("the two passphrases differ")) }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    let answer = rpassword::prompt_password(prompt).map(Zeroizing::new);
    answer.or_cannot(|| "cannot ask for the passphrase".to_owned())
}

/// Whether there is a terminal, and it is ours: a background job that asked would be stopped.
fn has_terminal() -> bool {
    let foreground = |terminal: File| rustix::termios::tcgetpgrp(&terminal).ok();
    File::open("/dev/tty")
        .ok()
        .and_then(foreground)
        .is_some_and(|group| group == rustix::process::getpgrp())
}

fn first_line(bytes: &[u8]) -> Result<Zeroizing<String>> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).or_cannot(|| "the passphrase is not UTF-8".to_owned())?;
    Ok(Zeroizing::new(text.to_owned()))
}
