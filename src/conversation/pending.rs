//! Pending invitations: where the answers are looked for.

use super::acceptance;
use super::candidate;
use super::fetch;
use super::invitation;
use super::session::Session;
use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::protocol::handshake::{self, Pending};
use crate::protocol::limits;
use crate::store::contacts;
use crate::store::invitations::{self, Made};
use crate::transport::client::{Answer, Conditions};

/// Looks for the answers to the invitations that we made; returns the names of the new contacts.
/// Anything at the agreed place but a valid acceptance is "not yet".
///
/// # Errors
/// When something cannot be read or written.
pub fn look(session: &mut Session) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if session.config.read_only {
        return Ok(names);
    }
    let client = session.client()?;
    for made in invitations::made(&session.home)? {
        if made.is_expired(session.now()) {
            expire(session, &made)?;
            continue;
        }
        let Some(place) = acceptance::reply_place(&made)? else { continue };
        let answer = match client.get(&place, limits::STRANGER, &Conditions::default()) {
            Ok(Answer::Document(document)) => conclude(session, &made, &document.bytes, &place),
            Ok(Answer::Unchanged) => continue,
            Err(failure) => {
                log::debug!("no answer yet: {}", fetch::failed(&place.shortened(), failure));
                continue;
            }
        };
        match answer {
            Ok(name) => names.extend(name),
            Err(error) => log::info!("no acceptance at {}: {error}", place.shortened()),
        }
    }
    Ok(names)
}

fn expire(session: &mut Session, made: &Made) -> Result<()> {
    let name = made.name.clone().unwrap_or_else(|| "nobody in particular".to_owned());
    session
        .say(&format!("the invitation to `{name}` was not answered in 90 days, and is withdrawn"));
    let _lock = session.lock()?;
    invitation::withdraw(session, made, true)
}

fn conclude(
    session: &mut Session,
    made: &Made,
    document: &[u8],
    place: &crate::protocol::url::Url,
) -> Result<Option<String>> {
    let Some(to) = &made.to else { return Ok(None) };
    let certificate = Certificate::parse(to.certificate.as_bytes())?;
    let candidate = candidate::from_feed(session, document, place, certificate)?;
    let pending =
        Pending { hash: made.hash, card: Some(&to.card), fingerprint: Some(&to.fingerprint) };
    if !handshake::accepts(&candidate.introduction, &pending) {
        return Err(crate::error::Error::cannot("it is no acceptance of this invitation"));
    }
    let _lock = session.lock()?;
    if let Some(name) = invitation::contact_with(session, &to.fingerprint)? {
        invitations::remove(&session.home, made.id)?;
        return Ok(Some(name));
    }
    let claimed =
        made.name.clone().or_else(|| candidate.introduction.name.clone()).unwrap_or_default();
    let name = if contacts::is_taken(&session.home, &claimed) {
        invitation::unused_name(session, &claimed)?
    } else {
        claimed
    };
    acceptance::conclude(session, made, &candidate, &name, false)?;
    Ok(Some(name))
}
