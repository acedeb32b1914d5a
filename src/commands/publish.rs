//! `publish`: put `public/` on the web.

use clap::Args;

use crate::error::Result;
use crate::handshake::invitation;
use crate::keys::change;
use crate::publishing::{pages, ping, run};
use crate::session::own_key;
use crate::session::run::Session;
use crate::store::contact::contacts;
use crate::store::waiting::invitations;
use crate::writing::reintroduction;

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
    let mut rewritten = change::finish(session)?;
    let mut introduces = session.config.base_url.is_some();
    if let Err(error) = own_key::expect_usable(session) {
        // That it ended has to be published all the same.
        introduces = false;
        session.warn(&error.message);
    }
    if introduces {
        // Introductions are sealed anew where name or address changed.
        session.unlock()?;
    }
    let lock = session.lock()?;
    pages::write(session)?;
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
    run::publish(session, true)?;
    ping::card(session)?;
    ping::each(session, rewritten.iter().map(String::as_str))
}
