//! Telling a contact where and who we are now (PROTOCOL §6).

use super::feed::{self, Change};
use super::frame;
use crate::error::{Context, Result};
use crate::protocol::sealed::introduction::Introduction;
use crate::session::run::Session;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::octets::Octets;

/// Tells the contact called `name` where and who we are now, and whom we mean, if that changed.
/// Returns whether our feed changed. The caller holds the home's lock.
///
/// # Errors
/// When the introduction cannot be read, sealed or written.
pub fn reintroduce(session: &mut Session, name: &str) -> Result<bool> {
    let mut contact = Contact::load(&session.home, name)?;
    if contact.blocked {
        return Ok(false);
    }
    let certificate = contacts::certificate(&session.home, name)?;
    let octets = Octets::of(&session.home, name).introduction()?.unwrap_or_default();
    let before = Introduction::parse(octets.as_bytes())
        .or_cannot(|| "cannot use `octets/introduction.xml`".to_owned())?;
    let now = frame::introduction(
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
        return feed::rewrite(session, name, &mut contact, &certificate, Change::default());
    }
    contact.ours.introduction = contact.ours.introduction.saturating_add(1);
    let to = contact.card.clone().or(before.to);
    let later = Introduction { serial: contact.ours.introduction, to, to_fingerprint, ..now };
    let change = Change { introduction: Some(&later), ..Change::default() };
    feed::rewrite(session, name, &mut contact, &certificate, change)
}
