//! The key of a new identity, and its passphrase.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::args::{KeygenArgs, Profile};
use crate::error::{Context, Result};
use crate::openpgp::secret_key::{self, SecretKey};
use crate::protocol::Random;
use crate::session::options::Options;
use crate::session::user::passphrase::{self, Source};

/// A key as it is kept.
pub struct Kept {
    /// The key, locked unless the passphrase is empty.
    pub secret: SecretKey,
    /// The armored certificate that revokes it; nothing if its primary key is elsewhere.
    pub revocation: Option<String>,
}

/// A new key.
pub fn make(
    name: &str,
    options: &Options,
    args: &KeygenArgs,
    now: Timestamp,
    rng: &mut Random,
) -> Result<Kept> {
    let passphrase = chosen(options, args)?;
    let profile = match args.profile {
        Profile::Default => secret_key::Profile::Default,
        Profile::Classic => secret_key::Profile::Classic,
    };
    let secret = SecretKey::generate(profile, name, now, rng)
        .or_cannot(|| "cannot make a key".to_owned())?;
    finish(secret, &passphrase, now, rng)
}

/// The unlocked `secret`, with `passphrase`.
pub fn finish(
    mut secret: SecretKey,
    passphrase: &str,
    now: Timestamp,
    rng: &mut Random,
) -> Result<Kept> {
    // A key that was made elsewhere may be dated ahead of our clock.
    let date = now.max(secret.certificate().created());
    let revocation = secret.can_certify().then(|| secret.revocation(date, rng)).transpose();
    let revocation = revocation.or_cannot(|| "cannot make a revocation certificate".to_owned())?;
    if !passphrase.is_empty() {
        secret.lock(passphrase, rng).or_cannot(|| "cannot lock the key".to_owned())?;
    }
    Ok(Kept { secret, revocation })
}

/// The passphrase for a key that has none yet; empty for none.
pub fn chosen(options: &Options, args: &KeygenArgs) -> Result<Zeroizing<String>> {
    if args.no_passphrase {
        return Ok(Zeroizing::new(String::new()));
    }
    match Source::given(args.passphrase_command.as_deref(), options.passphrase_file.as_deref()) {
        Some(source) => source.read(""),
        None => passphrase::chosen(
            "Passphrase for the new key (empty for none): ",
            "--passphrase-file FILE, --passphrase-command CMD, or --no-passphrase",
        ),
    }
}
