//! `keygen --import`: a key that another program made.

use std::path::Path;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::args::KeygenArgs;
use super::key::{self, Kept};
use crate::commands::shared::input;
use crate::error::{Context, Error, Result};
use crate::keys::rotation;
use crate::openpgp::certificate::Unusable;
use crate::openpgp::secret_key::import::{self, Imported, Unfit};
use crate::protocol::Random;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::session::options::Options;
use crate::session::user::passphrase;
use crate::session::world::World;

/// A key that was read, and from where.
pub struct Import<'a> {
    imported: Imported,
    path: &'a Path,
}

impl<'a> Import<'a> {
    /// Reads the key in the file at `path`; `-` is stdin.
    ///
    /// # Errors
    /// When it cannot be the key of an identity; with the cure.
    pub fn read(world: &mut World, path: &'a Path, now: Timestamp) -> Result<Self> {
        let bytes = Zeroizing::new(input::file_in(world, path, import::MOST)?);
        let imported = import::import(&bytes, now).map_err(|unfit| cure(path, unfit))?;
        Ok(Self { imported, path })
    }

    /// The name that its holder has in it.
    pub fn name(&self) -> Option<String> {
        Some(called(&self.imported.key.certificate().name()?).to_owned())
    }

    /// Whether it was made here, as far as it can be told: a certificate of ours has one User ID, a
    /// name and no mail address, and its primary key does not end (PROTOCOL §9). Others have their
    /// subkeys in use elsewhere.
    pub fn is_ours(&self, now: Timestamp) -> bool {
        let certificate = self.imported.key.certificate();
        let users = certificate.users(now);
        let [user] = &users[..] else { return false };
        let is_endless = certificate.expires(now).is_none();
        is_endless && !user.text.contains(['@', '<']) && self.imported.key.can_certify()
    }

    /// The notes on what the world will see of its holder, and on what of it is not taken.
    pub fn notes(&self, now: Timestamp) -> Vec<String> {
        let users = self.imported.key.certificate().users(now);
        let users: Vec<String> = users.into_iter().map(|user| user.text).collect();
        let published = format!("published with it: {}", users.join(", "));
        let left_out = self.imported.left_out.iter().map(|left| format!("left out: {left}"));
        let to_come = self.imported.to_come.iter().map(|part| format!("kept for later: {part}"));
        std::iter::once(published).chain(left_out).chain(to_come).collect()
    }

    /// The key, locked with the passphrase that it had, or with a new one.
    ///
    /// One that was made here gets new subkeys: those of a backup may have been replaced since, and who
    /// knows that would seal to what is lost.
    ///
    /// # Errors
    /// When it is locked and no passphrase opens it, or it does not open what it seals.
    pub fn finish(
        self,
        options: &Options,
        args: &KeygenArgs,
        now: Timestamp,
        rng: &mut Random,
    ) -> Result<Kept> {
        let is_ours = self.is_ours(now);
        let (mut secret, path) = (self.imported.key, self.path);
        let mut known = None;
        if secret.is_locked() {
            let prompt = format!("Passphrase of the key in {}: ", path.display());
            let command = args.passphrase_command.as_deref();
            let (passphrase, source) =
                passphrase::find(command, options.passphrase_file.as_deref(), &prompt)?;
            secret.unlock(&passphrase).map_err(|_| source.is_wrong(path))?;
            known = Some(passphrase);
        }
        if !import::is_whole(&secret, now, rng) {
            let what = format!("`{}` as the key", path.display());
            return Err(Error::cannot(format!(
                "cannot use {what}: it does not open what it seals"
            ))
            .hint("export it again"));
        }
        if is_ours {
            let newest = secret.certificate().newest_signature(now).max(now);
            let date = newest.checked_add(rotation::AFTER_LOSS).unwrap_or(newest);
            secret = secret
                .rotated(rotation::LIFETIME, date, rng)
                .or_cannot(|| "cannot replace the subkeys".to_owned())?;
        }
        let passphrase = match known {
            Some(known) if !args.no_passphrase => known,
            _ => key::chosen(options, args)?,
        };
        key::finish(secret, &passphrase, now, rng)
    }
}

/// The name that the User ID `text` gives its holder: the part before the address or the comment.
fn called(text: &str) -> &str {
    let name = text.split(['<', '(']).next().unwrap_or_default().trim();
    if name.is_empty() { text } else { name }
}

fn cure(path: &Path, unfit: Unfit) -> Error {
    let cures = cures(&unfit);
    let error = Error::cannot(format!("cannot use `{}` as the key", path.display())).because(unfit);
    cures.into_iter().fold(error, |error, cure| error.hint(cure))
}

fn cures(unfit: &Unfit) -> Vec<String> {
    match unfit {
        Unfit::Malformed(_) | Unfit::Public | Unfit::Several => {
            vec!["gpg --armor --export-secret-keys FINGERPRINT".to_owned()]
        }
        Unfit::OnCard(key) => certified_by(key),
        Unfit::Kind(key, _) => {
            let mut cures = vec![format!(
                "if it has Ed25519 and Curve25519 subkeys: gpg --export-secret-subkeys {key}"
            )];
            cures.extend(certified_by(key));
            cures
        }
        Unfit::Offline(key) => {
            let mut cures = vec![format!("where its secret is: gpg --export-secret-keys {key}")];
            cures.extend(certified_by(key));
            cures
        }
        Unfit::WeakSignatures(key) => vec![
            format!("gpg --cert-digest-algo SHA512 --quick-set-expire {key} 2y"),
            format!("gpg --cert-digest-algo SHA512 --quick-set-expire {key} 2y '*'"),
        ],
        Unfit::NoSigningKey(key) => vec![format!("gpg --quick-add-key {key} ed25519 sign 2y")],
        Unfit::Unusable(key, why) => match why {
            Unusable::Expired(_) => vec![format!("gpg --quick-set-expire {key} 2y")],
            Unusable::NoEncryptionSubkey => {
                vec![format!("gpg --quick-add-key {key} cv25519 encr 2y")]
            }
            Unusable::Revoked { .. } => vec!["make another: cloudim keygen".to_owned()],
            Unusable::NoSelfSignature | Unusable::NotYetValid | Unusable::Weak => Vec::new(),
        },
    }
}

/// How `key`, which we cannot hold, vouches for one that we can.
fn certified_by(key: &Fingerprint) -> Vec<String> {
    vec![
        "make a key for cloudim alone, and let this one certify it:".to_owned(),
        "cloudim keygen, and then cloudim key export | gpg --import".to_owned(),
        format!("gpg --local-user {key} --quick-sign-key FINGERPRINT-OF-THE-NEW-KEY"),
        "gpg --export FINGERPRINT-OF-THE-NEW-KEY | cloudim key merge -".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_user_id_begins_with_the_name() {
        for (text, name) in [
            ("Mary Smith <mary@example.org>", "Mary Smith"),
            ("Mary (work) <mary@example.org>", "Mary"),
            ("mary@example.org", "mary@example.org"),
            ("<mary@example.org>", "<mary@example.org>"),
            ("Mary", "Mary"),
        ] {
            assert_eq!(super::called(text), name);
        }
    }
}
