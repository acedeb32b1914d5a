//! `publish`: put `public/` on the web.

use clap::Args;

use crate::error::Result;
use crate::handshake::invitation_feed;
use crate::keys::change;
use crate::publishing::{pages, ping, run};
use crate::session::command::Session;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::contacts;
use crate::store::identity::own::Locked;
use crate::store::identity::seen_outside;
use crate::store::waiting::invitations;
use crate::sync::restored;
use crate::writing::notices::reintroduction;
use crate::writing::removal;

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
    session.run.identity.expect_writable()?;
    restored::catch_up(&mut session.run)?;
    // A revocation may be among what is to be finished.
    let mut rewritten = change::finish(&mut session.run)?;
    let mut introduces = session.run.identity.config.base_url.is_some();
    if let Err(error) = own_key::expect_usable(&session.run.keys, session.run.clock.now()) {
        // That it ended has to be published all the same.
        introduces = false;
        session.run.talk.warn_daily(&error.message);
    }
    if introduces {
        // Introductions are sealed anew where name or address changed.
        session.run.keys.unlock()?;
    }
    let now = session.run.clock.now();
    if let Err(error) = removal::resume(&session.run.identity, now) {
        session.run.talk.report_daily(&error);
    }
    let locked = session.run.keys.lock_to_sign(&session.run.identity, now)?;
    pages::write(&locked, &session.run.keys)?;
    if introduces {
        rewritten.extend(introduce_anew(&locked, &mut session.run.keys)?);
    }
    drop(locked);
    run::publish_again(&session.run.identity, &mut session.run.talk, now)?;
    let identity = &session.run.identity;
    if seen_outside::is_unseen(&identity.home, &identity.config) {
        session.run.talk.say("hint: cloudim check shows whether others can see it");
    }
    ping::card(&session.run.identity, &session.run.network, &mut session.run.talk)?;
    ping::each(
        &session.run.identity,
        &session.run.network,
        &mut session.run.talk,
        session.run.clock.now(),
        rewritten.iter().map(String::as_str),
    )
}

/// Introduces us as we are now to whom we have invited, and to all contacts. Returns for which contacts
/// our feed changed.
fn introduce_anew(locked: &Locked<'_>, keys: &mut Keys) -> Result<Vec<String>> {
    for made in invitations::made(&locked.home)? {
        invitation_feed::ensure(locked, keys, &made)?;
    }
    let mut rewritten = Vec::new();
    for name in contacts::list(&locked.home)? {
        if reintroduction::reintroduce(locked, keys, &name)? {
            rewritten.push(name);
        }
    }
    Ok(rewritten)
}
