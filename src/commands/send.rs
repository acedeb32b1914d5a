//! `send`: a message to one contact, or to several.

use std::collections::HashSet;

use clap::Args;

use super::shared::input::{self, MessageArgs};
use super::shared::wait::{self, Pauses, Wait};
use crate::error::{Error, Kind, Result};
use crate::keys::{change, rotation};
use crate::protocol::sealed::item::Item;
use crate::protocol::values::guid::Guid;
use crate::publishing::{pages, ping, run};
use crate::reading::ask::Ask;
use crate::reading::{look, read};
use crate::session::command::Session;
use crate::session::run::Run;
use crate::session::user::trust_policy;
use crate::store::contact::entry::Contact;
use crate::sync::restored;
use crate::writing::ahead;
use crate::writing::keeping::{self, Keeping};
use crate::writing::message;

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
/// left. If the contact's feed was not seen for a day, it is looked at first, for 5 seconds at most: the
/// message is sealed to the key that the contact has now, whether you ever poll or not; and where your own
/// subkeys are too old, they are replaced then.
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
/// When nothing was kept. A message that was kept and is not there yet is [`Kind::Unpublished`].
pub fn run(session: &mut Session, mut args: SendArgs) -> Result<()> {
    session.run.identity.expect_writable()?;
    let mut named = HashSet::new();
    args.contacts.retain(|name| named.insert(name.clone()));
    let guid = guid(&args)?;
    for name in &args.contacts {
        expect_addressable(&mut session.run, name, args.yes)?;
    }
    let item = args.message.item(session, guid)?;
    restored::catch_up(&mut session.run)?;
    session.run.keys.unlock()?;
    change::finish(&mut session.run)?;
    if look::look_if_due(&mut session.run, &args.contacts) {
        // Who never polls needs it here: what fails says so, and stops no message.
        rotation::attend(&mut session.run.beside());
        session.run.keys.notice_key_change()?;
    }
    for name in &args.contacts {
        expect_writable(&mut session.run, name)?;
    }
    let mut kept = Vec::new();
    for name in &args.contacts {
        match keep(session, name, item.clone(), &args) {
            Ok(sequence) => kept.push(Kept { name: name.clone(), sequence }),
            Err(error) if args.contacts.len() == 1 => return Err(error),
            Err(error) => session.run.talk.report(&error),
        }
    }
    let now = session.run.clock.now();
    if let Err(error) = pages::mend(&session.run.identity, &session.run.keys, now) {
        session.run.talk.report_daily(&error);
    }
    run::publish(&session.run.identity, &mut session.run.talk, now)?;
    ping::each(
        &session.run.identity,
        &session.run.network,
        &mut session.run.talk,
        session.run.clock.now(),
        kept.iter().map(|kept| kept.name.as_str()),
    )?;
    match args.wait {
        Some(wait) => wait_for(session, &kept, wait),
        None => Ok(()),
    }
}

/// Refuses where nothing may be sent to the contact called `name`, whatever its key, and asks where the
/// user wants to be asked.
fn expect_addressable(run: &mut Run, name: &str, yes: bool) -> Result<()> {
    let contact = message::addressable(&run.identity, &run.keys, run.now(), name)?;
    trust_policy::ask(&run.identity.config, name, &contact, yes)
}

/// Refuses where nothing can be sealed to the contact called `name`, as it is known by now.
fn expect_writable(run: &mut Run, name: &str) -> Result<()> {
    let pair = message::writable(&run.identity, &run.keys, run.now(), name)?;
    if pair.contact.theirs.offered.is_some() {
        run.talk.warn_daily(&format!(
            "the feed of `{name}` names another key; this is for the one that is pinned: cloudim contact trust {name}"
        ));
    }
    if ahead::is_of_the_future(&pair.contact.ours, run.now()) {
        run.talk.warn(&format!(
            "`{name}` cannot read this yet: the log was begun ahead of the clock; if that is right now: cloudim check {name} --repair"
        ));
    }
    Ok(())
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
        item.guid = Guid::new(session.run.clock.now(), &mut session.run.keys.rng);
    }
    let guid = item.guid;
    let keeping = Keeping { is_retry: args.guid.is_some(), despite_clock: args.yes };
    let kept = keeping::keep(
        &session.run.identity,
        &mut session.run.keys,
        session.run.clock.now(),
        name,
        item,
        keeping,
    )?;
    let line = if several { format!("{name}\t{guid}\n") } else { format!("{guid}\n") };
    input::print(session, line.as_bytes())?;
    if kept.is_first_unverified {
        session.run.talk.say(&format!(
            "the key of `{name}` was pinned at the first contact, and not compared: cloudim contact verify {name}"
        ));
    }
    kept.sequence
}

fn wait_for(session: &mut Session, kept: &[Kept], wait: Wait) -> Result<()> {
    let mut pauses = Pauses::new(wait, session.run.clock.now());
    loop {
        let open = unacknowledged(session, kept)?;
        if open.is_empty() {
            return Ok(());
        }
        let rewritten = read::read(&mut session.run, &open, Ask::Soon)?;
        ping::tell(&mut session.run, rewritten, &open)?;
        if unacknowledged(session, kept)?.is_empty() {
            return Ok(());
        }
        if !pauses.pause(session.run.clock.now()) {
            return Err(Error::new(Kind::Unpublished, "it is sent, and not acknowledged yet")
                .hint("do not send it again: cloudim status"));
        }
    }
}

fn unacknowledged(session: &Session, kept: &[Kept]) -> Result<Vec<String>> {
    let mut open = Vec::new();
    for Kept { name, sequence } in kept {
        if Contact::load(&session.run.identity.home, name)?.reader().acknowledged < *sequence {
            open.push(name.clone());
        }
    }
    Ok(open)
}
