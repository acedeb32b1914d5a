//! `send`: a message to one contact, or to several.

use std::collections::HashSet;

use clap::Args;

use super::input::{self, MessageArgs};
use super::wait::{self, Pauses, Wait};
use crate::conversation::outgoing::Writing;
use crate::conversation::own_feed::{self, Change};
use crate::conversation::session::Session;
use crate::conversation::{attachment, own_key, ping, policy, publish, reading};
use crate::error::{Error, Kind, Result};
use crate::protocol::guid::Guid;
use crate::protocol::hash::Hash;
use crate::protocol::item::Item;
use crate::store::contact::{Contact, Trust};

const EXAMPLES: &str = "\
Examples:
  echo \"dinner at eight?\" | cloudim send mary
  cloudim send mary -m \"see the picture\" -a cat.png
  cloudim send mary --reply-to last --wait=10m < answer.txt";

/// Send a message
///
/// Seals the message, puts it into the feed for each contact, publishes, and prints the guid.
/// Status 0: it is on disk, in the feed, and published. Status 7: it is kept, but not yet there;
/// do not send it again. The same --guid with the same content adds nothing and finishes what was
/// left.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SendArgs {
    /// Whom to send it to
    #[arg(required = true, value_name = "CONTACT")]
    contacts: Vec<String>,
    #[command(flatten)]
    message: MessageArgs,
    /// The guid of the message, so that a script can retry
    #[arg(long, value_name = "UUID")]
    guid: Option<String>,
    /// Wait until it is acknowledged, or for so long at most, like 10m
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "forever", value_parser = wait::parse)]
    wait: Option<Wait>,
    /// Do not ask: send although the key is not verified, and sign although the clock is far behind
    /// what was signed already
    #[arg(long)]
    yes: bool,
}

/// A message that is kept, and the sequence by which it will be acknowledged.
struct Kept {
    name: String,
    sequence: u64,
}

/// Sends.
///
/// # Errors
/// When nothing was kept; what was kept and is not there yet is [`Kind::Unpublished`].
pub fn run(session: &mut Session, mut args: SendArgs) -> Result<()> {
    session.expect_writable()?;
    let mut named = HashSet::new();
    args.contacts.retain(|name| named.insert(name.clone()));
    let guid = guid(&args)?;
    for name in &args.contacts {
        let writing = Writing::to(session, name)?;
        policy::ask(session, name, &writing.contact, args.yes)?;
        if writing.contact.theirs.offered.is_some() {
            session.warn(&format!(
                "the feed of `{name}` names another key; this is for the one that is pinned: cloudim contact trust {name}"
            ));
        }
    }
    let item = args.message.item(session, guid)?;
    session.unlock()?;
    own_key::finish(session)?;
    let mut kept = Vec::new();
    for name in &args.contacts {
        match keep(session, name, item.clone(), &args) {
            Ok(sequence) => kept.push(Kept { name: name.clone(), sequence }),
            Err(error) if args.contacts.len() == 1 => return Err(error),
            Err(error) => session.report(&error),
        }
    }
    publish::publish(session, false)?;
    ping::each(session, kept.iter().map(|kept| kept.name.as_str()))?;
    match args.wait {
        Some(wait) => wait_for(session, &kept, wait),
        None => Ok(()),
    }
}

fn guid(args: &SendArgs) -> Result<Option<Guid>> {
    let Some(guid) = &args.guid else { return Ok(None) };
    if args.contacts.len() > 1 {
        return Err(Error::usage("--guid names one message: it goes with one contact"));
    }
    let guid = Guid::from_user(guid).map_err(|cause| {
        Error::usage("cannot use --guid")
            .because(cause)
            .hint("take the guid that an earlier send printed")
    })?;
    Ok(Some(guid))
}

/// Keeps `item` for the contact called `name`, and prints its guid. Returns its sequence.
fn keep(session: &mut Session, name: &str, mut item: Item, args: &SendArgs) -> Result<u64> {
    item.in_reply_to = args.message.answered(session, Some(name))?;
    let several = args.contacts.len() > 1;
    if several {
        item.guid = Guid::new(session.now(), &mut session.rng);
    }
    let guid = item.guid;
    let lock = session.lock()?;
    let mut writing = Writing::to(session, name)?;
    let before = match args.guid {
        Some(_) => kept_before(session, &mut writing, &item)?,
        None => None,
    };
    let taken = match before {
        Some(sequence) => Ok(sequence),
        None => take(session, &mut writing, item, args)?,
    };
    drop(lock);
    let line = if several { format!("{name}\t{guid}\n") } else { format!("{guid}\n") };
    input::print(session, line.as_bytes())?;
    if writing.contact.ours.sequence == 1 && writing.contact.trust == Trust::FirstUse {
        session.say(&format!(
            "the key of `{name}` was pinned at the first contact, and not compared: cloudim contact verify {name}"
        ));
    }
    taken
}

/// Takes `item` into log and feed, and returns its sequence; or what kept it out of the feed, if it
/// was counted by then: it is kept, and the next rewriting puts it there.
fn take(
    session: &mut Session,
    writing: &mut Writing,
    mut item: Item,
    args: &SendArgs,
) -> Result<Result<u64>> {
    attachment::seal_files(session, &mut item, &writing.certificate)?;
    let outgoing = writing.seal(session, item, args.yes)?;
    let hash = Hash::of(outgoing.octets.as_bytes());
    let change = Change { despite_clock: args.yes, ..Change::default() };
    let Err(error) = writing.take(session, outgoing, change) else {
        return Ok(Ok(writing.contact.ours.sequence));
    };
    let counted = Contact::load(&session.home, &writing.name)?.ours.head == Some(hash);
    if !counted {
        return Err(error);
    }
    let hints = vec!["it is kept, do not send it again: cloudim publish".to_owned()];
    Ok(Err(Error { kind: Kind::Unpublished, hints, ..error }))
}

/// The sequence of `item` if an earlier run kept it; what that run left undone is done.
fn kept_before(session: &mut Session, writing: &mut Writing, item: &Item) -> Result<Option<u64>> {
    own_feed::rewrite(
        session,
        &writing.name,
        &mut writing.contact,
        &writing.certificate,
        Change::default(),
    )?;
    Ok(writing.taken_before(session, item)?.and_then(|record| record.sequence))
}

fn wait_for(session: &mut Session, kept: &[Kept], wait: Wait) -> Result<()> {
    let mut pauses = Pauses::new(wait, session.now());
    loop {
        let open = unacknowledged(session, kept)?;
        if open.is_empty() {
            return Ok(());
        }
        let rewritten = reading::read(session, &open)?;
        ping::tell(session, rewritten, &open)?;
        if unacknowledged(session, kept)?.is_empty() {
            return Ok(());
        }
        if !pauses.pause(session.now()) {
            return Err(Error::new(Kind::Unpublished, "it is sent, and not acknowledged yet")
                .hint("do not send it again: cloudim status"));
        }
    }
}

fn unacknowledged(session: &Session, kept: &[Kept]) -> Result<Vec<String>> {
    let mut open = Vec::new();
    for Kept { name, sequence } in kept {
        if Contact::load(&session.home, name)?.ours.acknowledged < *sequence {
            open.push(name.clone());
        }
    }
    Ok(open)
}
