//! `publish`: put `public/` on the web.

use clap::Args;

use crate::conversation::own_feed::{self, Change};
use crate::conversation::session::Session;
use crate::conversation::{invitation, public, publish};
use crate::error::{Context, Result};
use crate::protocol::introduction::Introduction;
use crate::store::contacts::{self, Contact};
use crate::store::invitations;
use crate::store::octets::{Octets, Single};

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
    if session.config.base_url.is_some() {
        // Introductions are sealed anew where name or address changed.
        session.unlock()?;
    }
    let lock = session.lock()?;
    public::write(session)?;
    let mut rewritten = Vec::new();
    if session.config.base_url.is_some() {
        for made in invitations::made(&session.home)? {
            invitation::ensure_feed(session, &made)?;
        }
        for name in contacts::list(&session.home)? {
            if reintroduce(session, &name)? {
                rewritten.push(name);
            }
        }
    }
    drop(lock);
    publish::publish(session, true)?;
    rewritten.iter().try_for_each(|name| publish::ping(session, name))
}

/// Tells the contact called `name` where and who we are now, if that changed.
fn reintroduce(session: &mut Session, name: &str) -> Result<bool> {
    let mut contact = Contact::load(&session.home, name)?;
    if contact.blocked {
        return Ok(false);
    }
    let certificate = contacts::certificate(&session.home, name)?;
    let octets = Octets::of(&session.home, name).single(Single::Introduction)?.unwrap_or_default();
    let before = Introduction::parse(octets.as_bytes())
        .or_cannot(|| "cannot use `octets/introduction.xml`".to_owned())?;
    let now = invitation::introduction(
        session,
        &contact.ours.token,
        contact.ours.log,
        contact.ours.introduction,
    )?;
    let to_fingerprint = Some(contact.fingerprint.clone());
    let same = (
        &before.name,
        &before.feed,
        &before.key,
        &before.card,
        &before.handshake,
        &before.to_fingerprint,
    ) == (&now.name, &now.feed, &now.key, &now.card, &now.handshake, &to_fingerprint);
    if same {
        return own_feed::rewrite(session, name, &mut contact, &certificate, Change::default());
    }
    contact.ours.introduction = contact.ours.introduction.saturating_add(1);
    let to = contact.card.clone().or(before.to);
    let later = Introduction { serial: contact.ours.introduction, to, to_fingerprint, ..now };
    let change = Change { introduction: Some(&later), ..Change::default() };
    own_feed::rewrite(session, name, &mut contact, &certificate, change)
}
