//! `handshake receive` and `decline`: an invitation comes in, and is decided on later.

use std::path::PathBuf;

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Error, Result};
use crate::handshake::acceptance::Relation;
use crate::handshake::candidate::{self, Candidate};
use crate::handshake::received::{self, Taken};
use crate::handshake::room::Origin;
use crate::handshake::settle::Decision as Settled;
use crate::handshake::{accept, anew, pending};
use crate::protocol::values::limits;
use crate::publishing::run;
use crate::session::command::Session;
use crate::session::run::Run;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Locked;
use crate::store::waiting::invitations::{self, Decision, Invitation, Received};

/// Take an invitation in, to decide on it later
///
/// Or an answer to an invitation without an address, to confirm it later. A mail with the file in
/// it will do as well. What a contact's key says of where it stands now counts at once.
#[derive(Debug, Args)]
pub struct ReceiveArgs {
    /// The invitation [default: stdin]
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    input: PathBuf,
}

/// Decline an invitation
///
/// The other is not told. The same invitation is not shown again. At most 100 wait: when there is one too
/// many, the oldest of the caller, or of the host, that most came from makes room.
#[derive(Debug, Args)]
pub struct DeclineArgs {
    /// The name that `list` shows
    #[arg(value_name = "NAME")]
    name: String,
    /// Never show any invitation by that key again
    #[arg(long)]
    block: bool,
    /// Decline also all others by the same caller, or of feeds on the same host
    #[arg(long)]
    all: bool,
}

/// Takes an invitation in.
///
/// # Errors
/// When it is none, or not for us.
pub fn receive(session: &mut Session, args: &ReceiveArgs) -> Result<()> {
    let document = input::file(session, &args.input, limits::FEED)?;
    let candidate = candidate::from_file(
        &session.run.identity,
        &mut session.run.keys,
        session.run.clock.now(),
        &document,
    )?;
    let talk = match received::take(
        &session.run.identity,
        &session.run.network,
        session.run.clock.now(),
        &mut session.run.keys.rng,
        &candidate,
        None,
    )? {
        Taken::Waits(waits) => {
            waits.tell(&mut session.run.talk);
            return Ok(());
        }
        Taken::Known(known) if known.decision == Decision::Pending => {
            format!("this invitation by `{}` waits already", known.name)
        }
        Taken::Known(known) => format!("this invitation by `{}` was declined", known.name),
        Taken::Settled(Relation::Contact(name)) => return again(session, &name, &candidate),
        Taken::Settled(_) => {
            return Err(Error::cannot("this is by whom you invited: there is nothing to decide")
                .hint("cloudim handshake accept --input FILE"));
        }
    };
    session.run.talk.say(&talk);
    Ok(())
}

/// Takes in what comes by the contact called `name`: nobody need decide where its key says where it
/// stands now.
fn again(session: &mut Session, name: &str, candidate: &Candidate) -> Result<()> {
    let contact = Contact::load(&session.run.identity.home, name)?;
    let now = session.run.now();
    if !anew::is_later(&contact, candidate, now) {
        let talk = format!("this is by your contact `{name}`: there is nothing to decide");
        session.run.talk.say(&talk);
        return Ok(());
    }
    session.run.identity.expect_writable()?;
    anew::read_before(&mut session.run, name, candidate);
    let Run { identity, keys, talk, .. } = &mut session.run;
    pending::conclude(identity, keys, now, candidate, Settled::Accepted)?;
    talk.say(&accept::known_already(name, true));
    run::publish(identity, talk, now)
}

/// Declines.
///
/// # Errors
/// When no invitation of that name waits.
pub fn decline(session: &mut Session, args: &DeclineArgs) -> Result<()> {
    let locked = session.run.identity.lock(session.run.clock.now())?;
    let named = invitations::find_received(&locked.home, &args.name)?;
    let mut declined = if args.all { others(&locked, &named)? } else { Vec::new() };
    declined.insert(0, named);
    for received in &declined {
        let decision = if args.block { Decision::Blocked } else { Decision::Declined };
        let received = Received { decision, ..received.clone() };
        invitations::save(&locked, &Invitation::Received(Box::new(received)))?;
    }
    let others = declined.len().saturating_sub(1);
    let talk = match (args.block, others) {
        (false, 0) => format!("the invitation by `{}` is declined", args.name),
        (true, 0) => {
            format!("the invitation by `{}` is declined, and its key is blocked", args.name)
        }
        (false, _) => format!("the invitation by `{}` and {others} others are declined", args.name),
        (true, _) => format!(
            "the invitation by `{}` and {others} others are declined, and their keys are blocked",
            args.name
        ),
    };
    session.run.talk.say(&talk);
    Ok(())
}

/// The other invitations that wait and came from where `named` came from.
fn others(locked: &Locked<'_>, named: &Received) -> Result<Vec<Received>> {
    let origin = Origin::of(named);
    let mut others = invitations::received(&locked.home)?;
    others.retain(|other| {
        other.decision == Decision::Pending
            && other.id != named.id
            && Origin::of(other).is_shared_with(&origin)
    });
    Ok(others)
}
