//! `key rotate`: new encryption subkeys.

use clap::Args;

use crate::conversation::session::Session;
use crate::conversation::{own_key, rotation};
use crate::error::Result;

pub const EXAMPLES: &str = "\
Examples:
  cloudim key rotate";

/// Replace the encryption subkeys by new ones
///
/// Contacts follow by themselves when they next look; who had not read something yet finds it sealed
/// to the new ones. The secrets of the old ones are deleted 30 days later: from then on nobody opens a
/// copy of what was sealed to them, not even with this home. The fingerprint stays the same.
#[derive(Debug, Args)]
pub struct RotateArgs {}

/// Rotates.
///
/// # Errors
/// When the key cannot be unlocked or written; [`crate::error::Kind::Unpublished`] when the publish
/// command failed.
pub fn run(session: &mut Session, _: RotateArgs) -> Result<()> {
    let rewritten = rotation::rotate(session)?;
    session.say("the encryption subkeys are new; the secrets of the old ones are kept for 30 days");
    own_key::tell(session, &rewritten)
}
