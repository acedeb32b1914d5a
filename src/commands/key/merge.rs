//! `key merge`: what other programs have added to our key.

use std::path::PathBuf;

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Context, Error, Result};
use crate::keys::change;
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::limits;
use crate::session::command::Session;

pub const EXAMPLES: &str = "\
Examples:
  gpg --export FINGERPRINT | cloudim key merge -
  cloudim key merge john.asc --by 0123456789ABCDEF0123456789ABCDEF01234567";

/// Take in what other programs have added to the certificate
///
/// Certifications by others, such as by your own older key, which stand in the published certificate
/// from then on; and a later expiry that gpg has given it. No passphrase. Of each certifier the newest
/// certification is taken, at most 16 KiB in all; contacts that use cloudim do not look at them.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The certificate, armored or binary; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only certifications by the key with this fingerprint; may be given several times
    #[arg(long, value_name = "FINGERPRINT", value_parser = Fingerprint::from_user)]
    by: Vec<Fingerprint>,
}

/// Merges.
///
/// # Errors
/// When it is not a certificate of our key, or too large; [`crate::error::Kind::Unpublished`] when
/// the publish command failed.
pub fn run(session: &mut Session, args: MergeArgs) -> Result<()> {
    let shown = args.file.display().to_string();
    let failed = || format!("cannot merge `{shown}`");
    let bytes = input::file(session, &args.file, limits::CERTIFICATE)?;
    let other = Certificate::parse(&bytes).or_cannot(failed)?;
    let now = session.run.clock.now();
    let own = session.run.keys.certificate()?;
    let revokes =
        |merged: &Certificate| matches!(merged.usable(now), Err(Unusable::Revoked { .. }));
    if revokes(&own.merged(&other, now).or_cannot(failed)?) && !revokes(own) {
        return Err(Error::cannot(format!("`{shown}` revokes the key, which cannot be undone"))
            .hint("if that is meant: cloudim key revoke"));
    }
    let certified = own.certified_as(&other, &args.by, now).or_cannot(failed);
    certified.map_err(|error| error.hint("--by FINGERPRINT takes those of one alone"))?;
    let rewritten = change::amend(
        &mut session.run,
        |key, date| key.merged(&other, date),
        |own, date| own.certified_as(&other, &args.by, date),
    )?;
    for user in session.run.keys.certificate()?.users(session.run.clock.now()) {
        for by in user.certified_by {
            session.run.talk.say(&format!("`{}` is certified by {by}", user.text));
        }
    }
    change::tell(
        &session.run.identity,
        &session.run.network,
        &mut session.run.talk,
        session.run.clock.now(),
        &rewritten,
    )
}
