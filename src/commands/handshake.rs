//! `handshake`: finding each other, and agreeing.

mod accept;
mod examples;
mod invite;
mod list;
mod receive;

use clap::{Args, Subcommand};

use crate::error::Result;
use crate::session::command::Session;
use crate::sync::restored;

const EXAMPLES: &str = "\
Examples:
  cloudim handshake invite mary@mary.example --note \"it's John\"
  cloudim handshake invite mary@mary.example --output - | mail -s invitation mary@mary.example
  cloudim handshake accept --input invitation.rss
  cloudim handshake invite -o - | ssh mary cloudim handshake accept -i - -o - |
    cloudim handshake accept -i -";

/// Find each other, and agree
///
/// An invitation reaches the other by any way that carries a file. The acceptance is found by
/// `poll` where both know to look, or comes back as a file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct HandshakeArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    #[command(after_help = examples::INVITE)]
    Invite(invite::InviteArgs),
    #[command(after_help = examples::LIST)]
    List(list::ListArgs),
    #[command(after_help = examples::RECEIVE)]
    Receive(receive::ReceiveArgs),
    #[command(after_help = examples::ACCEPT)]
    Accept(accept::AcceptArgs),
    #[command(after_help = examples::DECLINE)]
    Decline(receive::DeclineArgs),
}

/// Shakes hands.
///
/// # Errors
/// When a step cannot be taken.
pub fn run(session: &mut Session, args: HandshakeArgs) -> Result<()> {
    if let Err(error) = restored::catch_up(&mut session.run) {
        // What waits already is shown all the same.
        if !matches!(args.step, Step::List(_)) {
            return Err(error);
        }
        session.run.talk.report(&error);
    }
    match args.step {
        Step::Invite(args) => invite::invite(session, &args),
        Step::List(list::ListArgs {}) => list::list(session),
        Step::Receive(args) => receive::receive(session, &args),
        Step::Accept(args) => accept::accept(session, &args),
        Step::Decline(args) => receive::decline(session, &args),
    }
}
