//! `key revoke`: the end of our key.

use clap::{Args, ValueEnum};

use crate::error::{Context, Error, Result};
use crate::keys::change;
use crate::openpgp::secret_key::revoke;
use crate::session::command::Session;
use crate::session::user::terminal;
use crate::session::web::witnesses;
use crate::store::disk::atomic;

pub const EXAMPLES: &str = "\
Examples:
  cloudim key revoke
  cloudim key revoke --reason compromised --yes";

/// Declare the key dead, for ever
///
/// Contacts that look write to it no more. Without --reason that is what revocation.asc says, which
/// needs no passphrase and makes all that the key ever signed void. Asks on the terminal; elsewhere it
/// wants --yes.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Why; this takes the passphrase
    #[arg(long, value_enum, value_name = "REASON")]
    reason: Option<Reason>,
    /// Do not ask, and take the clock for right
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reason {
    /// Others have it, or may have: what it ever signed is void
    Compromised,
    /// Another key takes its place: what it signed before stays good
    Superseded,
    /// It is not used any more: what it signed before stays good
    Retired,
}

/// Revokes.
///
/// # Errors
/// When it was not confirmed, or cannot be written; [`crate::error::Kind::Unpublished`] when the
/// publish command failed.
pub fn run(session: &mut Session, args: RevokeArgs) -> Result<()> {
    session.run.identity.expect_writable()?;
    if !args.yes && !confirmed()? {
        return Err(Error::cannot("the key is not revoked").hint("--yes revokes without asking"));
    }
    witnesses::expect_right_clock(&session.run, args.yes, "cloudim key revoke --yes")?;
    let rewritten = match args.reason {
        Some(reason) => fresh(session, reason)?,
        None => kept(session)?,
    };
    session.run.talk.say("the key is revoked: contacts that look write to it no more");
    session
        .run
        .talk
        .say("hint: for another one: cloudim --home DIR keygen, and invite your contacts again");
    change::tell(
        &session.run.identity,
        &session.run.network,
        &mut session.run.talk,
        session.run.clock.now(),
        &rewritten,
    )
}

fn fresh(session: &mut Session, reason: Reason) -> Result<Vec<String>> {
    let reason = match reason {
        Reason::Compromised => revoke::Reason::Compromised,
        Reason::Superseded => revoke::Reason::Superseded,
        Reason::Retired => revoke::Reason::Retired,
    };
    change::change(&mut session.run, |key, date, rng| key.revoked(reason, date, rng).map(Some))
}

/// Revokes by `revocation.asc`; where that is lost, by a revocation that gives no reason.
fn kept(session: &mut Session) -> Result<Vec<String>> {
    let path = session.run.identity.home.revocation();
    match atomic::read(&path)? {
        Some(armored) => change::amend(
            &mut session.run,
            |key, _| key.revoked_by(&armored),
            |certificate, _| Ok(certificate),
        )
        .map_err(|error| error.hint(format!("it is in `{}`; or give --reason", path.display()))),
        None => change::change(&mut session.run, |key, date, rng| {
            key.revoked(revoke::Reason::None, date, rng).map(Some)
        }),
    }
}

fn confirmed() -> Result<bool> {
    if !terminal::is_ours() {
        return Ok(false);
    }
    let answer = terminal::ask("Revoke the key, for ever? Type `revoke`: ");
    Ok(answer.or_cannot(|| "cannot ask on the terminal".to_owned())? == "revoke")
}
