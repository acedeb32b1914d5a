//! `key rotate`: new encryption subkeys.

use clap::Args;

use crate::commands::shared::input;
use crate::error::Result;
use crate::keys::{change, rotation};
use crate::session::command::Session;
use crate::session::web::witnesses;

pub const EXAMPLES: &str = "\
Examples:
  cloudim key rotate
  cloudim key rotate --primary";

/// Replace the encryption subkeys by new ones
///
/// A few hosts are asked for the time before: with a clock that is ahead nothing is changed. If a clock
/// that was ahead has changed the key before, this gives it a date of today.
///
/// Contacts follow by themselves when they next look; who had not read something yet finds it sealed
/// to the new ones. The secrets of the old ones are deleted 30 days later: from then on nobody opens a
/// copy of what was sealed to them, not even with this home. The fingerprint stays the same.
///
/// With --primary the whole key is replaced, and its fingerprint with it. The old key tells each
/// contact so; who has verified it must compare and trust the new one. Use it while the old key is
/// still yours alone: one that was stolen is to be revoked.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// Replace the primary key, too
    #[arg(long)]
    primary: bool,
    /// Take the clock for right, whatever other clocks say
    #[arg(long)]
    yes: bool,
}

/// Rotates.
///
/// # Errors
/// When the key cannot be unlocked or written; [`crate::error::Kind::Unpublished`] when the publish
/// command failed.
pub fn run(session: &mut Session, args: RotateArgs) -> Result<()> {
    witnesses::expect_right_clock(&session.run, args.yes, "cloudim key rotate --yes")?;
    let rewritten = if args.primary {
        let rewritten = change::replace_key(&mut session.run)?;
        let fingerprint = session.run.keys.certificate()?.fingerprint();
        input::print(session, format!("{fingerprint}\n").as_bytes())?;
        session
            .run
            .talk
            .say("the key is new, and the old one tells your contacts; it is kept for 30 days");
        session.run.talk.say("keep the new revocation.asc in a safe place");
        rewritten
    } else {
        let rewritten = rotation::rotate(&mut session.run)?;
        session.run.talk.say(
            "the encryption subkeys are new; the secrets of the old ones are kept for 30 days",
        );
        rewritten
    };
    change::tell(
        &session.run.identity,
        &session.run.network,
        &mut session.run.talk,
        session.run.clock.now(),
        &rewritten,
    )
}
