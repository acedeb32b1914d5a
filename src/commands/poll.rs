//! `poll`: what is new?

use clap::Args;

use super::shared::wait::{self, Pauses, Wait};
use crate::delivery::deliver::Target;
use crate::error::{Error, Kind, Result};
use crate::keys::rotation;
use crate::reading::ask::Ask;
use crate::session::command::Session;
use crate::store::contact::entry::Contact;
use crate::sync::round;

const EXAMPLES: &str = "\
Examples:
  cloudim poll
  cloudim poll mary --wait=10m
  cloudim poll --exec 'mail -s \"$IM_CONTACT\" me@localhost'
  cloudim --format json poll | jq -r 'select(.type == \"message\") | .text'";

/// Fetch, verify, store and deliver what is new
///
/// Looks for the answers to your invitations, fetches the feeds of your contacts, stores and
/// acknowledges what is new, and prints it or hands it to a command. The command finds the text on
/// its stdin, and IM_CONTACT, IM_GUID, IM_TIME, IM_TRUST, IM_CONVERSATION and IM_JSON (a file) in its environment; its
/// status 0 says that it took the message, another one that the message shall come again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PollArgs {
    /// Whose feeds to fetch [default: all]
    #[arg(value_name = "CONTACT")]
    contacts: Vec<String>,
    /// Run this by `sh -c` for each message, its text on stdin, instead of printing it
    #[arg(long, value_name = "CMD", conflicts_with = "peek")]
    exec: Option<String>,
    /// Show what is new, and leave it new
    #[arg(long)]
    peek: bool,
    /// Wait until there is a message, or for so long at most, like 10m
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
        default_missing_value = "forever", value_parser = wait::parse)]
    wait: Option<Wait>,
    /// Deliver so many messages at most
    #[arg(short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Try again at once what the command did not take
    #[arg(long, requires = "exec")]
    retry: bool,
    /// End with status 6 if there was no message
    #[arg(long)]
    fail_empty: bool,
}

/// Polls.
///
/// # Errors
/// When the settings are wrong, or stdout cannot be written; a failure for one contact is reported.
pub fn run(session: &mut Session, args: PollArgs) -> Result<()> {
    for name in &args.contacts {
        Contact::load(&session.run.identity.home, name)?;
    }
    let target = match (&args.exec, args.peek) {
        (Some(command), _) => Target::Hook { command: command.clone(), retry: args.retry },
        (None, true) => Target::Peek,
        (None, false) => Target::Stdout,
    };
    let mut ask = if args.contacts.is_empty() { Ask::InTime } else { Ask::ByUser };
    let mut pauses = args.wait.map(|wait| Pauses::new(wait, session.run.clock.now()));
    loop {
        let count = round::once(&mut session.run, &args.contacts, ask, Some(&target), args.limit)?;
        rotation::attend(&mut session.run);
        if ask == Ask::ByUser {
            ask = Ask::Soon;
        }
        if count > 0 {
            return Ok(());
        }
        let now = session.run.clock.now();
        if pauses.as_mut().is_some_and(|pauses| pauses.pause(now)) {
            continue;
        }
        return if args.fail_empty { Err(Error::new(Kind::Empty, "")) } else { Ok(()) };
    }
}
