//! The sources of the passphrase: a file, a credential, a command, or the terminal. Never the
//! command line.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::terminal;
use crate::error::{Context, Error, Result};
use crate::openpgp::secret_key::SecretKey;
use crate::store::disk::home::Home;
use crate::store::identity::secret::{self, Stamp};

/// The name of the passphrase among the credentials that systemd gives a service.
const CREDENTIAL: &str = "cloudim-passphrase";

/// The most that a source may say, in bytes.
const MOST: usize = 64 * 1024;

/// An unlocked secret key, and what it takes to lock it again.
pub struct Unlocked {
    /// The key.
    pub key: SecretKey,
    /// The passphrase that it is locked with on disk; nothing if it is not.
    pub passphrase: Option<Zeroizing<String>>,
    /// The stamp of the file that it was read from.
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
    find: impl FnOnce() -> Result<(Zeroizing<String>, Source)>,
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
    let (passphrase, source) = find()?;
    key.unlock(&passphrase).map_err(|_| source.is_wrong(&home.secret()))?;
    Ok(Unlocked { key, passphrase: Some(passphrase), stamp })
}

/// The passphrase, and where it came from; a terminal shows `prompt`.
///
/// # Errors
/// When there is none to be had.
pub fn find(
    command: Option<&str>,
    file: Option<&Path>,
    prompt: &str,
) -> Result<(Zeroizing<String>, Source)> {
    let given = Source::given(command, file);
    let source =
        given.or_else(|| terminal::is_ours().then_some(Source::Terminal)).ok_or_else(|| {
            Error::cannot(
                "the secret key is locked, and there is no terminal to ask for its passphrase",
            )
            .hint("--passphrase-file FILE, or passphrase_command in config.toml")
        })?;
    Ok((source.read(prompt)?, source))
}

/// A source of a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The first line of a file, which may be a pipe such as `/dev/fd/3`. `-` is not special:
    /// stdin belongs to the message.
    File(PathBuf),
    /// The first line of a file that systemd made for this service.
    Credential(PathBuf),
    /// The first line that this shell command prints.
    Command(String),
    /// The line that the user types on the terminal.
    Terminal,
}

impl Source {
    /// The nearest to this run of those that need no terminal: the file that was named for it, the
    /// credential of its service, the `command` that goes for every run.
    pub fn given(command: Option<&str>, file: Option<&Path>) -> Option<Self> {
        let file = || file.map(|file| Self::File(file.to_owned()));
        let credential = || credential().map(Self::Credential);
        file().or_else(credential).or_else(|| command.map(|command| Self::Command(command.into())))
    }

    /// Reads it; a terminal shows `prompt`. A pipe can be read only once.
    ///
    /// # Errors
    /// When it cannot be had, or is not UTF-8.
    pub fn read(&self, prompt: &str) -> Result<Zeroizing<String>> {
        match self {
            Self::File(path) | Self::Credential(path) => from_file(path),
            Self::Command(command) => from_command(command),
            Self::Terminal => ask(prompt),
        }
    }

    /// The error for a passphrase from here that does not open the key in the file at `path`.
    pub fn is_wrong(&self, path: &Path) -> Error {
        let wrong = format!("cannot unlock `{}`: the passphrase is wrong", path.display());
        match self {
            Self::Terminal => Error::cannot(wrong),
            _ => Error::cannot(wrong).hint(format!("it came from {self}")),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Credential(path) => write!(f, "the credential `{}`", path.display()),
            Self::Command(command) => write!(f, "the command `{command}`"),
            Self::Terminal => f.write_str("the terminal"),
        }
    }
}

/// The file of the credential, if this service has it.
fn credential() -> Option<PathBuf> {
    let path = Path::new(&env::var_os("CREDENTIALS_DIRECTORY")?).join(CREDENTIAL);
    path.exists().then_some(path)
}

/// Asks on the terminal for a new passphrase by `prompt`, and once more; it may be empty.
///
/// # Errors
/// When there is no terminal, which `hint` cures; or the two differ.
pub fn chosen(prompt: &str, hint: &str) -> Result<Zeroizing<String>> {
    if !terminal::is_ours() {
        return Err(Error::cannot("there is no terminal to ask for a passphrase").hint(hint));
    }
    let first = ask(prompt)?;
    let second = ask("The same again: ")?;
    if *first == *second { Ok(first) } else { Err(Error::cannot("the two passphrases differ")) }
}

fn from_file(path: &Path) -> Result<Zeroizing<String>> {
    let failed = || format!("cannot read the passphrase from `{}`", path.display());
    first_line(File::open(path).or_cannot(failed)?).or_cannot(failed)
}

fn from_command(command: &str) -> Result<Zeroizing<String>> {
    let failed = || format!("the passphrase command `{command}` failed");
    let run = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = run.or_cannot(failed)?;
    let line = child.stdout.take().map(first_line);
    let status = child.wait().or_cannot(failed)?;
    if !status.success() {
        return Err(Error::cannot(format!("{}: {status}", failed())));
    }
    line.unwrap_or_else(|| Ok(Zeroizing::default())).or_cannot(failed)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    let answer = rpassword::prompt_password(prompt).map(Zeroizing::new);
    answer.or_cannot(|| "cannot ask for the passphrase".to_owned())
}

/// The first line of all that there is, and no copy of anything else.
fn first_line(from: impl Read) -> anyhow::Result<Zeroizing<String>> {
    // The whole room at once, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST.saturating_add(2)));
    from.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() <= MOST, "it is larger than {MOST} bytes");
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| anyhow::anyhow!("it is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}
