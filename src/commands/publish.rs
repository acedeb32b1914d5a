//! `publish`: put `public/` on the web.

use clap::Args;

use crate::conversation::session::Session;
use crate::conversation::{
    invitation, own_key, own_standing, ping, public, publish, reintroduction,
};
use crate::error::Result;
use crate::store::{contacts, invitations};

const EXAMPLES: &str = "\
Examples:
  cloudim publish";

/// Write card, key, index and WebFinger anew, and publish
///
/// Run it after a change to config.toml: contacts are told of a new name or address. Runs the
/// publish command even if nothing changed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PublishArgs {}

/// Publishes.
///
/// # Errors
/// When a file cannot be written; [`crate::error::Kind::Unpublished`] when the command failed.
pub fn run(session: &mut Session, _: PublishArgs) -> Result<()> {
    session.expect_writable()?;
    // A revocation may be among what is to be finished.
    let mut rewritten = own_key::finish(session)?;
    let mut introduces = session.config.base_url.is_some();
    if let Err(error) = own_standing::expect_usable(session) {
        // That it ended has to be published all the same.
        introduces = false;
        session.warn(&error.message);
    }
    if introduces {
        // Introductions are sealed anew where name or address changed.
        session.unlock()?;
    }
    let lock = session.lock()?;
    public::write(session)?;
    if introduces {
        for made in invitations::made(&session.home)? {
            invitation::ensure_feed(session, &made)?;
        }
        for name in contacts::list(&session.home)? {
            if reintroduction::reintroduce(session, &name)? {
                rewritten.push(name);
            }
        }
    }
    drop(lock);
    publish::publish(session, true)?;
    ping::card(session)?;
    ping::each(session, rewritten.iter().map(String::as_str))
}
