//! `handshake accept`: an invitation is accepted, or an acceptance confirmed.

use std::path::PathBuf;

use clap::Args;

use crate::commands::input;
use crate::conversation::acceptance::{self, Relation};
use crate::conversation::candidate::{self, Candidate};
use crate::conversation::own_standing;
use crate::conversation::session::Session;
use crate::conversation::{incoming, naming, publish, repetition, same_card};
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::hash::Hash;
use crate::protocol::introduction::Introduction;
use crate::protocol::limits;
use crate::store::contact::Trust;
use crate::store::contacts;
use crate::store::invitations::{self, Received};

/// Accept an invitation, or confirm an acceptance
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The name that `list` shows
    #[arg(value_name = "NAME", required_unless_present = "input", conflicts_with = "input")]
    name: Option<String>,
    /// Read the invitation, or the acceptance, from a file, or from stdin for -
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
    /// What to call the contact
    #[arg(long = "as", value_name = "NAME")]
    alias: Option<String>,
    /// The fingerprint that the other must have; the contact is verified by it
    #[arg(long, value_name = "FPR")]
    fingerprint: Option<String>,
    /// Write the acceptance to a file, or to stdout for -
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Accepts.
///
/// # Errors
/// When it is no invitation, or not for us; or the contact cannot be written.
pub fn accept(session: &mut Session, args: &AcceptArgs) -> Result<()> {
    session.expect_writable()?;
    session.config.base()?;
    if let Some(name) = &args.alias {
        naming::free(session, name)?;
    }
    let told = input::fingerprint(args.fingerprint.as_deref())?;
    let wanted = Wanted { alias: args.alias.as_deref(), fingerprint: told.as_ref() };
    let name = match (&args.input, args.name.as_deref().unwrap_or_default()) {
        (Some(path), _) => {
            let document = input::file(session, path, limits::FEED)?;
            let candidate = candidate::from_file(session, &document)?;
            let waiting = incoming::waiting(session, &candidate)?;
            agree(session, candidate, &wanted, waiting.as_ref())?
        }
        (None, name) => match invitations::find_received(&session.home, name) {
            Ok(received) => agree(session, stored(&received)?, &wanted, Some(&received))?,
            // Said again, it gives the acceptance again.
            Err(_) if contacts::is_taken(&session.home, name) => {
                session.say(&format!("`{name}` is your contact already"));
                name.to_owned()
            }
            Err(unknown) => return Err(unknown),
        },
    };
    if let Some(path) = &args.output {
        // First the file: a publish command that fails must not cost it.
        let file = acceptance::file(session, &name)?;
        input::output(session, path, file.as_bytes())?;
        return publish::publish(session, false);
    }
    publish::publish(session, false)?;
    acceptance::call(session, &name)
}

/// What the user wants of an acceptance.
struct Wanted<'a> {
    alias: Option<&'a str>,
    fingerprint: Option<&'a Fingerprint>,
}

/// A waiting invitation, as it was checked when it came.
fn stored(received: &Received) -> Result<Candidate> {
    let certificate = Certificate::parse(received.certificate.as_bytes())
        .or_cannot(|| "cannot use the certificate in the invitation".to_owned())?;
    let introduction = Introduction::parse(received.octets.as_bytes())?;
    let sealed = Hash::of(received.octets.as_bytes());
    Ok(Candidate {
        introduction,
        octets: received.octets.clone(),
        sealed,
        certificate,
        key_hash: received.key_hash,
        trust: Trust::FirstUse,
    })
}

/// Makes the contact that `candidate` asks for; returns its name.
fn agree(
    session: &mut Session,
    mut candidate: Candidate,
    wanted: &Wanted<'_>,
    waiting: Option<&Received>,
) -> Result<String> {
    own_standing::expect_usable(session)?;
    session.unlock()?;
    let _lock = session.lock()?;
    let relation = acceptance::relate(session, &candidate)?;
    if let Relation::Contact(name) = relation {
        repetition::complete(session, &name, &candidate)?;
        session.say(&format!("`{name}` is your contact already"));
        return Ok(name);
    }
    expect_key(session, &candidate, &relation, wanted.fingerprint)?;
    if wanted.fingerprint.is_some() {
        candidate.trust = Trust::Verified;
    }
    let candidate = &candidate;
    let name = contact_name(session, candidate, wanted.alias, &relation, waiting)?;
    let grouped = candidate.introduction.fingerprint.grouped();
    match &relation {
        Relation::Answer(made) => acceptance::conclude(session, made, candidate, &name, false)?,
        Relation::Crossing(made) => acceptance::conclude(session, made, candidate, &name, true)?,
        Relation::Claim(made) => acceptance::conclude(session, made, candidate, &name, false)?,
        Relation::Invitation | Relation::Contact(_) => {
            acceptance::accept(session, candidate, &name)?
        }
    }
    invitations::settle(&session.home, &candidate.introduction.fingerprint)?;
    session.say(&format!("`{name}` is your contact now, with the key {grouped}"));
    if wanted.fingerprint.is_none() {
        session
            .say(&format!("to be certain, compare it with {name}: cloudim contact verify {name}"));
    }
    Ok(name)
}

/// Refuses another key than the one that the user was told of; and without having been told, another
/// than the one by which whoever has that card is known.
fn expect_key(
    session: &Session,
    candidate: &Candidate,
    relation: &Relation,
    told: Option<&Fingerprint>,
) -> Result<()> {
    let Introduction { fingerprint, card, .. } = &candidate.introduction;
    if let Some(told) = told.filter(|told| *told != fingerprint) {
        let text = format!("this is by the key {fingerprint}, not {told}");
        return Err(Error::new(Kind::Trust, text)
            .hint("somebody may stand between you: ask for the fingerprint by another way"));
    }
    // Whom we invited, we have decided on.
    let is_new = matches!(relation, Relation::Invitation | Relation::Claim(_));
    let Some(card) = card.as_ref().filter(|_| is_new && told.is_none()) else { return Ok(()) };
    match same_card::holder(session, card, None, fingerprint)? {
        Some(name) => Err(same_card::another_key(card, &name, fingerprint)),
        None => Ok(()),
    }
}

fn contact_name(
    session: &Session,
    candidate: &Candidate,
    alias: Option<&str>,
    relation: &Relation,
    waiting: Option<&Received>,
) -> Result<String> {
    if let Some(alias) = alias {
        return naming::free(session, alias);
    }
    let planned = match relation {
        Relation::Answer(made) | Relation::Claim(made) | Relation::Crossing(made) => {
            made.name.clone().or(waiting.map(|received| received.name.clone()))
        }
        Relation::Invitation | Relation::Contact(_) => {
            let invited = naming::planned(session, &candidate.introduction.fingerprint)?;
            invited.or(waiting.map(|received| received.name.clone()))
        }
    };
    match planned.filter(|name| !contacts::is_taken(&session.home, name)) {
        Some(name) => Ok(name),
        None => {
            naming::unused(session, candidate.introduction.name.as_deref().unwrap_or("contact"))
        }
    }
}
