//! `compose`: text in, plain item out.

use clap::Args;

use crate::commands::shared::input::{self, MessageArgs};
use crate::error::Result;
use crate::session::command::Session;

const EXAMPLES: &str = "\
Examples:
  echo hi | cloudim compose | cloudim encrypt --to mary | cloudim append mary";

/// Make a plain item of a text
///
/// The first step of `send`: writes the RSS item that `encrypt` seals. Files are named by their
/// place on this machine until then.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ComposeArgs {
    #[command(flatten)]
    message: MessageArgs,
}

/// Composes.
///
/// # Errors
/// When the text cannot be sent.
pub fn run(session: &mut Session, args: ComposeArgs) -> Result<()> {
    let mut item = args.message.item(session, None)?;
    item.in_reply_to = args.message.answered(session, None)?;
    input::print(session, format!("{}\n", item.write()).as_bytes())
}
