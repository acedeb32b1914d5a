//! `handshake receive` and `decline`: an invitation comes in, and is decided on later.

use std::path::PathBuf;

use clap::Args;

use crate::commands::input;
use crate::conversation::acceptance::{self, Relation};
use crate::conversation::candidate::{self, Candidate};
use crate::conversation::session::Session;
use crate::conversation::{address, invitation};
use crate::error::{Error, Result};
use crate::protocol::guid::Guid;
use crate::protocol::limits;
use crate::store::invitations::{self, Decision, Invitation, Received};

/// Invitations that wait for a decision, at most.
const MOST: usize = 100;

/// Take an invitation in, to decide on it later
///
/// Or an answer to an invitation without an address, to confirm it later. A mail with the file in
/// it will do as well.
#[derive(Debug, Args)]
pub struct ReceiveArgs {
    /// The invitation [default: stdin]
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    input: PathBuf,
}

/// Decline an invitation
///
/// The other is not told. The same invitation is not shown again.
#[derive(Debug, Args)]
pub struct DeclineArgs {
    /// The name that `list` shows
    #[arg(value_name = "NAME")]
    name: String,
    /// Never show any invitation by that key again
    #[arg(long)]
    block: bool,
}

/// Takes an invitation in.
///
/// # Errors
/// When it is none, or not for us.
pub fn receive(session: &mut Session, args: &ReceiveArgs) -> Result<()> {
    let document = input::file(session, &args.input, limits::FEED)?;
    let candidate = candidate::from_file(session, &document)?;
    let what = match acceptance::relate(session, &candidate)? {
        Relation::Invitation => "invites you",
        Relation::Claim(_) => "answers your invitation",
        Relation::Contact(name) => {
            session.say(&format!("this is by your contact `{name}`: there is nothing to decide"));
            return Ok(());
        }
        Relation::Answer(_) | Relation::Crossing(_) => {
            return Err(Error::cannot("this is by whom you invited: there is nothing to decide")
                .hint("cloudim handshake accept --input FILE"));
        }
    };
    let card_confirmed = card_is_confirmed(session, &candidate);
    let _lock = session.lock()?;
    if let Some(known) = waiting(session, &candidate)? {
        let word =
            if known.decision == Decision::Pending { "waits already" } else { "was declined" };
        session.say(&format!("this invitation by `{}` {word}", known.name));
        return Ok(());
    }
    let before = invitations::received(&session.home)?;
    if before.iter().filter(|other| other.decision == Decision::Pending).count() >= MOST {
        return Err(Error::cannot(format!("{MOST} invitations wait already"))
            .hint("cloudim handshake list; then accept or decline some"));
    }
    let name = keep(session, candidate, card_confirmed)?;
    session.say(&format!("`{name}` {what}: cloudim handshake accept {name}"));
    Ok(())
}

/// The same invitation as it came before.
///
/// # Errors
/// When the invitations cannot be read.
pub(super) fn waiting(session: &Session, candidate: &Candidate) -> Result<Option<Received>> {
    let introduction = &candidate.introduction;
    let same = |received: &Received| {
        received.fingerprint == introduction.fingerprint && received.log == introduction.log
    };
    Ok(invitations::received(&session.home)?.into_iter().find(same))
}

/// Keeps an invitation; returns the name that it is called by.
fn keep(session: &mut Session, candidate: Candidate, card_confirmed: bool) -> Result<String> {
    let introduction = candidate.introduction;
    let name = invitation::unused_name(session, introduction.name.as_deref().unwrap_or("contact"))?;
    let received = Received {
        id: Guid::new(session.now(), &mut session.rng),
        name: name.clone(),
        decision: Decision::Pending,
        octets: candidate.octets,
        fingerprint: introduction.fingerprint,
        log: introduction.log,
        certificate: candidate.certificate.to_armored(),
        key_hash: candidate.key_hash,
        card_confirmed,
        received: session.now(),
    };
    invitations::save(&session.home, &Invitation::Received(Box::new(received)))?;
    Ok(name)
}

/// Whether the card that an invitation names is there and carries the same key. Otherwise it is
/// shown as claimed only (PROTOCOL §6).
fn card_is_confirmed(session: &Session, candidate: &Candidate) -> bool {
    let card = candidate.introduction.card.as_ref();
    let card = card.and_then(|card| address::card_at(session, card).ok());
    card.is_some_and(|card| card.fingerprint == candidate.introduction.fingerprint)
}

/// Declines.
///
/// # Errors
/// When no invitation of that name waits.
pub fn decline(session: &mut Session, args: &DeclineArgs) -> Result<()> {
    let _lock = session.lock()?;
    let mut received = invitations::find_received(&session.home, &args.name)?;
    received.decision = if args.block { Decision::Blocked } else { Decision::Declined };
    invitations::save(&session.home, &Invitation::Received(Box::new(received)))?;
    let word = if args.block { "declined, and its key is blocked" } else { "declined" };
    session.say(&format!("the invitation by `{}` is {word}", args.name));
    Ok(())
}
