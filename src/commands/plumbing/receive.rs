//! `receive`: sealed feed in, messages out.

use std::path::PathBuf;

use clap::Args;
use rand::RngCore;

use crate::commands::shared::input;
use crate::delivery::deliver::{self, Target};
use crate::error::{Error, Result};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::publishing::ping;
use crate::reading::intake::{self, Source};
use crate::reading::whose;
use crate::session::command::Session;
use crate::session::run::Run;
use crate::store::contact::entry::Contact;
use crate::sync::restored;

const EXAMPLES: &str = "\
Examples:
  torsocks curl -s https://mary.example/f/TOKEN.rss | cloudim receive mary
  cloudim receive mary feed.rss";

/// Take in a contact's feed, however it was fetched
///
/// Refuses a feed that gives another URL as its own than the contact's; not one by which the contact says
/// that it moved there. Skips what is known, opens, verifies, stores and acknowledges the rest, and prints it. Fetches
/// nothing itself. Nothing at all on stdin is nothing new.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReceiveArgs {
    /// Whose feed it is
    #[arg(value_name = "CONTACT")]
    contact: String,
    /// The feed [default: stdin]
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    feed: PathBuf,
}

/// Refuses what says that it is another feed than the contact's: the wrong file was given, and what is in
/// it tells nothing of the contact.
fn expect_theirs(session: &mut Session, name: &str, document: &[u8]) -> Result<()> {
    let Ok(channel) = Channel::parse(document) else { return Ok(()) };
    let now = session.run.clock.now();
    let Run { identity, keys, .. } = &mut session.run;
    match whose::other(identity, keys, now, name, &channel)? {
        None => Ok(()),
        Some(other) => Err(Error::cannot(format!(
            "this is the feed {}, not that of `{name}`",
            other.shortened()
        ))
        .hint(format!("the feed of `{name}`: cloudim contact show {name}"))),
    }
}

/// Receives.
///
/// # Errors
/// When it is no feed, or something cannot be stored.
pub fn run(session: &mut Session, args: ReceiveArgs) -> Result<()> {
    let name = args.contact;
    Contact::load(&session.run.identity.home, &name)?;
    let document = input::file(session, &args.feed, limits::FEED)?;
    restored::catch_up(&mut session.run)?;
    expect_theirs(session, &name, &document)?;
    let mut rewritten = Vec::new();
    let seed = session.run.keys.rng.next_u64();
    if !document.is_empty()
        && intake::take_in(
            &session.run.identity,
            &mut session.run.keys,
            &mut session.run.talk,
            session.run.clock.now(),
            &name,
            &document,
            Source { seed, ..Source::default() },
        )?
        .rewritten
    {
        rewritten.push(name.clone());
    }
    deliver::deliver(
        &session.run.identity,
        &mut session.run.talk,
        session.run.clock.now(),
        &mut session.run.output,
        std::slice::from_ref(&name),
        &Target::Stdout,
        None,
    )?;
    ping::tell(&mut session.run, rewritten, &[name])
}
