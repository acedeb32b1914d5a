//! `key`: our own key.

mod rotate;

use clap::{Args, Subcommand};

use crate::conversation::session::Session;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  cloudim key rotate";

/// Our own key
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct KeyArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(after_help = rotate::EXAMPLES)]
    Rotate(rotate::RotateArgs),
}

/// Looks at, or changes, our own key.
///
/// # Errors
/// When it cannot be unlocked or written.
pub fn run(session: &mut Session, args: KeyArgs) -> Result<()> {
    match args.action {
        Action::Rotate(args) => rotate::run(session, args),
    }
}
