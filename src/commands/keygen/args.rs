//! The arguments of `keygen`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  cloudim keygen --name John --base-url https://john.example
  cloudim keygen --name John --no-passphrase --profile classic
  cloudim keygen --name John --passphrase-command 'pass show cloudim'
  gpg --export-secret-keys john@john.example | cloudim keygen --import -";

/// Make an identity: a key, the settings, and what the web shall see
///
/// Nothing that exists is overwritten. Without a base URL the identity can be neither found nor
/// answered. The passphrase is asked for on the terminal, unless one of the options says otherwise.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct KeygenArgs {
    /// What you call yourself [default: the name in the imported key, or your login name]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Where public/ will stand on the web
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// Who tells readers that a feed changed: none, self, or the pleaseNotify URL of a cloud
    #[arg(long, value_name = "none|self|URL", default_value = "none")]
    pub(super) cloud: String,
    /// The kind of key: `classic` is for contacts who use GnuPG
    #[arg(long, value_enum, value_name = "PROFILE", default_value = "default")]
    pub(super) profile: Profile,
    /// Take this secret key, which gpg or sq exported, instead of making one; `-` is stdin
    ///
    /// Its passphrase is needed if it is locked, and stays the passphrase. All its User IDs are
    /// published with it, what others certified is not. One that cloudim itself has made, such as a
    /// backup by `key export`, gets new subkeys: those in it may have been replaced since.
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub(super) import: Option<PathBuf>,
    /// Take the passphrase from the first line that this shell command prints, now and later
    #[arg(long, value_name = "CMD", conflicts_with = "no_passphrase")]
    pub(super) passphrase_command: Option<String>,
    /// Leave the secret key unlocked on disk
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(super) no_passphrase: bool,
}

/// The kind of key.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Profile {
    /// Ed25519, Curve25519, and ML-KEM-768 against quantum computers
    Default,
    /// Ed25519 and Curve25519
    Classic,
}
