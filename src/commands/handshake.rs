//! `handshake`: finding each other, and agreeing.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::input;
use crate::conversation::acceptance::{self, Relation};
use crate::conversation::candidate::{self, Candidate};
use crate::conversation::invitation::{self, Wanted};
use crate::conversation::session::{Format, Session};
use crate::conversation::{address, output, publish};
use crate::error::{Context, Error, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::fingerprint::Fingerprint;
use crate::protocol::guid::Guid;
use crate::protocol::hash::Hash;
use crate::protocol::introduction::Introduction;
use crate::protocol::limits;
use crate::store::contacts;
use crate::store::invitations::{self, Decision, Invitation, Received};

const EXAMPLES: &str = "\
Examples:
  cloudim handshake invite mary@mary.example --note \"it's John\"
  cloudim handshake invite mary@mary.example --output - | mail -s invitation mary@mary.example
  cloudim handshake accept --input invitation.rss
  cloudim handshake invite -o - | ssh mary cloudim handshake accept -i - -o - | cloudim handshake accept -i -";

/// Find each other, and agree
///
/// An invitation reaches the other by any way that carries a file. The acceptance is found by
/// `poll` where both know to look, or comes back as a file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct HandshakeArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Invite(InviteArgs),
    List(ListArgs),
    Receive(ReceiveArgs),
    Accept(AcceptArgs),
    Decline(DeclineArgs),
}

/// Invite somebody
///
/// ADDRESS is the URL of a card, of a feed or page that leads to one, or like mary@mary.example.
/// Without it the invitation is for whoever gets the file and answers first, if you confirm it.
#[derive(Debug, Args)]
struct InviteArgs {
    /// Whom to invite
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,
    /// What to call the contact
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Words that come with the invitation
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The fingerprint that the address must lead to
    #[arg(long, value_name = "FPR")]
    fingerprint: Option<String>,
    /// Write the invitation to a file, or to stdout for -
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// List the invitations that wait
#[derive(Debug, Args)]
struct ListArgs {}

/// Take an invitation in, to decide on it later
#[derive(Debug, Args)]
struct ReceiveArgs {
    /// The invitation [default: stdin]
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    input: PathBuf,
}

/// Accept an invitation, or confirm an acceptance
#[derive(Debug, Args)]
struct AcceptArgs {
    /// The name that `list` shows
    #[arg(value_name = "NAME", required_unless_present = "input", conflicts_with = "input")]
    name: Option<String>,
    /// Read the invitation, or the acceptance, from a file, or from stdin for -
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
    /// What to call the contact
    #[arg(long = "as", value_name = "NAME")]
    alias: Option<String>,
    /// Write the acceptance to a file, or to stdout for -
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Decline an invitation
///
/// The other is not told. The same invitation is not shown again.
#[derive(Debug, Args)]
struct DeclineArgs {
    /// The name that `list` shows
    #[arg(value_name = "NAME")]
    name: String,
    /// Never show any invitation by that key again
    #[arg(long)]
    block: bool,
}

/// Shakes hands.
///
/// # Errors
/// When a step cannot be taken.
pub fn run(session: &mut Session, args: HandshakeArgs) -> Result<()> {
    match args.step {
        Step::Invite(args) => invite(session, &args),
        Step::List(ListArgs {}) => list(session),
        Step::Receive(args) => receive(session, &args.input),
        Step::Accept(args) => accept(session, &args),
        Step::Decline(args) => decline(session, &args),
    }
}

fn invite(session: &mut Session, args: &InviteArgs) -> Result<()> {
    let fingerprint = args.fingerprint.as_deref().map(Fingerprint::from_user).transpose();
    let fingerprint =
        fingerprint.map_err(|cause| Error::usage("cannot use --fingerprint").because(cause))?;
    if args.address.is_none() && args.output.is_none() {
        return Err(Error::usage("whom do you invite?")
            .hint("an ADDRESS; or --output FILE for whoever gets the file"));
    }
    let wanted = Wanted {
        address: args.address.as_deref(),
        name: args.name.as_deref(),
        note: args.note.as_deref(),
        fingerprint: fingerprint.as_ref(),
    };
    let made = invitation::make(session, &wanted)?;
    if let Some(to) = &made.to {
        session.say(&format!("the card is {} with the key {}", to.card, to.fingerprint.grouped()));
    }
    publish::publish(session, false)?;
    match &args.output {
        Some(path) => {
            let file = invitation::file(session, &made)?;
            input::output(session, path, file.as_bytes())
        }
        None => invitation::call(session, &made),
    }
}

fn list(session: &mut Session) -> Result<()> {
    let mut lines = String::new();
    for invitation in invitations::list(&session.home)? {
        let line = match &invitation {
            Invitation::Made(made) => {
                let name = made.name.as_deref().unwrap_or("-");
                let to = made.to.as_ref().map_or("nobody in particular", |to| to.card.as_str());
                Line {
                    direction: "made",
                    name,
                    with: to,
                    fingerprint: made.to.as_ref().map(|to| &to.fingerprint),
                    note: None,
                    time: made.created,
                    card_confirmed: true,
                }
                .write(session.options.format)
            }
            Invitation::Received(received) if received.decision != Decision::Pending => continue,
            Invitation::Received(received) => {
                let introduction = Introduction::parse(received.octets.as_bytes())?;
                let card = introduction.card.as_ref().map_or("no card", |card| card.as_str());
                let line = Line {
                    direction: "received",
                    name: &received.name,
                    with: card,
                    fingerprint: Some(&received.fingerprint),
                    note: introduction.note.as_deref(),
                    time: received.received,
                    card_confirmed: received.card_confirmed,
                };
                line.write(session.options.format)
            }
        };
        lines.push_str(&line);
    }
    input::print(session, lines.as_bytes())
}

#[derive(serde::Serialize)]
struct Line<'a> {
    direction: &'a str,
    name: &'a str,
    with: &'a str,
    fingerprint: Option<&'a Fingerprint>,
    note: Option<&'a str>,
    time: jiff::Timestamp,
    card_confirmed: bool,
}

impl Line<'_> {
    fn write(&self, format: Format) -> String {
        if format == Format::Json {
            return serde_json::to_string(self).unwrap_or_default() + "\n";
        }
        let claimed =
            if self.card_confirmed { "" } else { " (claimed only: the card was not reached)" };
        let mut line = format!(
            "{}  {}  {}  {}{claimed}\n",
            output::local(self.time),
            self.direction,
            self.name,
            self.with
        );
        if let Some(fingerprint) = self.fingerprint {
            line.push_str(&format!("    {}\n", fingerprint.grouped()));
        }
        if let Some(note) = self.note {
            line.push_str(&format!("    {}\n", output::visible(note).replace('\n', "\n    ")));
        }
        line
    }
}

fn receive(session: &mut Session, path: &Path) -> Result<()> {
    let document = input::file(session, path, limits::FEED)?;
    let candidate = candidate::from_file(session, &document)?;
    match acceptance::relate(session, &candidate)? {
        Relation::Invitation => {}
        Relation::Contact(name) => {
            session.say(&format!("this is by your contact `{name}`: there is nothing to decide"));
            return Ok(());
        }
        Relation::Answer(_) | Relation::Claim(_) | Relation::Crossing(_) => {
            return Err(Error::cannot("this answers an invitation of yours")
                .hint("cloudim handshake accept --input FILE"));
        }
    }
    let (fingerprint, log) = (&candidate.introduction.fingerprint, candidate.introduction.log);
    let known = invitations::received(&session.home)?
        .into_iter()
        .find(|i| i.fingerprint == *fingerprint && i.log == log);
    if let Some(known) = known {
        let word =
            if known.decision == Decision::Pending { "waits already" } else { "was declined" };
        session.say(&format!("this invitation by `{}` {word}", known.name));
        return Ok(());
    }
    let (card_confirmed, feeds) = confirm_card(session, &candidate);
    let _lock = session.lock()?;
    let waiting = invitations::received(&session.home)?
        .iter()
        .filter(|i| i.decision == Decision::Pending)
        .count();
    if waiting >= MOST {
        return Err(Error::cannot(format!("{MOST} invitations wait already"))
            .hint("cloudim handshake list; then accept or decline some"));
    }
    let name = invitation::unused_name(
        session,
        candidate.introduction.name.as_deref().unwrap_or("contact"),
    )?;
    let received = Received {
        id: Guid::new(session.now(), &mut session.rng),
        name: name.clone(),
        decision: Decision::Pending,
        octets: candidate.octets.clone(),
        fingerprint: fingerprint.clone(),
        log,
        certificate: candidate.certificate.to_armored(),
        key_hash: candidate.key_hash,
        feeds,
        card_confirmed,
        received: session.now(),
    };
    invitations::save(&session.home, &Invitation::Received(Box::new(received)))?;
    session.say(&format!("`{name}` invites you: cloudim handshake accept {name}"));
    Ok(())
}

const MOST: usize = 100;

/// Whether the card that an invitation names is there and carries the same key, and where it keeps
/// its feeds.
fn confirm_card(
    session: &Session,
    candidate: &Candidate,
) -> (bool, Option<crate::protocol::url::Url>) {
    let card =
        candidate.introduction.card.as_ref().and_then(|card| address::card_at(session, card).ok());
    let card = card.filter(|card| card.fingerprint == candidate.introduction.fingerprint);
    (card.is_some(), card.and_then(|card| card.feeds))
}

fn accept(session: &mut Session, args: &AcceptArgs) -> Result<()> {
    session.expect_writable()?;
    session.config.base()?;
    if let Some(name) = &args.alias {
        invitation::free_name(session, name)?;
    }
    let (candidate, waiting) = match (&args.input, &args.name) {
        (Some(path), _) => {
            let document = input::file(session, path, limits::FEED)?;
            (candidate::from_file(session, &document)?, None)
        }
        (None, name) => {
            let received =
                invitations::find_received(&session.home, name.as_deref().unwrap_or_default())?;
            (stored(&received)?, Some(received))
        }
    };
    let name = agree(session, &candidate, args.alias.as_deref(), waiting.as_ref())?;
    publish::publish(session, false)?;
    match &args.output {
        Some(path) => {
            let file = acceptance::file(session, &name)?;
            input::output(session, path, file.as_bytes())
        }
        None => acceptance::call(session, &name),
    }
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
    })
}

/// Makes the contact that `candidate` asks for; returns its name.
fn agree(
    session: &mut Session,
    candidate: &Candidate,
    alias: Option<&str>,
    waiting: Option<&Received>,
) -> Result<String> {
    session.unlock()?;
    let _lock = session.lock()?;
    let relation = acceptance::relate(session, candidate)?;
    if let Relation::Contact(name) = relation {
        session.say(&format!("`{name}` is your contact already"));
        return Ok(name);
    }
    let name = contact_name(session, candidate, alias, &relation, waiting)?;
    let grouped = candidate.introduction.fingerprint.grouped();
    match &relation {
        Relation::Answer(made) => acceptance::conclude(session, made, candidate, &name, false)?,
        Relation::Crossing(made) => acceptance::conclude(session, made, candidate, &name, true)?,
        Relation::Claim(made) => acceptance::conclude(session, made, candidate, &name, false)?,
        Relation::Invitation | Relation::Contact(_) => {
            acceptance::accept(session, candidate, &name)?
        }
    }
    if let Some(received) = waiting {
        invitations::remove(&session.home, received.id)?;
    }
    session.say(&format!("`{name}` is your contact now, with the key {grouped}"));
    session.say(&format!("to be certain, compare it with {name}: cloudim contact verify {name}"));
    Ok(name)
}

fn contact_name(
    session: &Session,
    candidate: &Candidate,
    alias: Option<&str>,
    relation: &Relation,
    waiting: Option<&Received>,
) -> Result<String> {
    if let Some(alias) = alias {
        return invitation::free_name(session, alias);
    }
    let planned = match relation {
        Relation::Answer(made) | Relation::Claim(made) | Relation::Crossing(made) => {
            made.name.clone()
        }
        Relation::Invitation | Relation::Contact(_) => {
            waiting.map(|received| received.name.clone())
        }
    };
    match planned.filter(|name| !contacts::is_taken(&session.home, name)) {
        Some(name) => Ok(name),
        None => invitation::unused_name(
            session,
            candidate.introduction.name.as_deref().unwrap_or("contact"),
        ),
    }
}

fn decline(session: &mut Session, args: &DeclineArgs) -> Result<()> {
    let _lock = session.lock()?;
    let mut received = invitations::find_received(&session.home, &args.name)?;
    received.decision = if args.block { Decision::Blocked } else { Decision::Declined };
    invitations::save(&session.home, &Invitation::Received(Box::new(received)))?;
    let word = if args.block { "declined, and its key is blocked" } else { "declined" };
    session.say(&format!("the invitation by `{}` is {word}", args.name));
    Ok(())
}
