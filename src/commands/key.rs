//! `key`: our own key.

mod export;
mod extend;
mod merge;
mod passphrase;
mod revoke;
mod rotate;
mod show;

use clap::{Args, Subcommand};

use crate::error::Result;
use crate::session::command::Session;
use crate::sync::restored;

const EXAMPLES: &str = "\
Examples:
  cloudim key show
  cloudim key export --secret | gpg --import
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
    #[command(after_help = show::EXAMPLES)]
    Show(show::ShowArgs),
    #[command(after_help = export::EXAMPLES)]
    Export(export::ExportArgs),
    #[command(after_help = merge::EXAMPLES)]
    Merge(merge::MergeArgs),
    #[command(after_help = passphrase::EXAMPLES)]
    Passphrase(passphrase::PassphraseArgs),
    #[command(after_help = extend::EXAMPLES)]
    Extend(extend::ExtendArgs),
    #[command(after_help = revoke::EXAMPLES)]
    Revoke(revoke::RevokeArgs),
    #[command(after_help = rotate::EXAMPLES)]
    Rotate(rotate::RotateArgs),
}

/// Looks at, or changes, our own key.
///
/// # Errors
/// When it cannot be unlocked or written.
pub fn run(session: &mut Session, args: KeyArgs) -> Result<()> {
    if !matches!(args.action, Action::Show(_) | Action::Export(_)) {
        restored::catch_up(&mut session.run)?;
    }
    match args.action {
        Action::Show(args) => show::run(session, args),
        Action::Export(args) => export::run(session, args),
        Action::Merge(args) => merge::run(session, args),
        Action::Passphrase(args) => passphrase::run(session, args),
        Action::Extend(args) => extend::run(session, args),
        Action::Revoke(args) => revoke::run(session, args),
        Action::Rotate(args) => rotate::run(session, args),
    }
}
