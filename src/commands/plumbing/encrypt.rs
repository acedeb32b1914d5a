//! `encrypt`: plain item in, sealed item out.

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Context, Result};
use crate::protocol::sealed::item::Item;
use crate::protocol::values::limits;
use crate::reading::look;
use crate::session::command::Session;
use crate::session::user::trust_policy;
use crate::store::contact::offered::outbox::Outbox;
use crate::sync::restored;
use crate::writing::{attachment, message};

const EXAMPLES: &str = "\
Examples:
  cloudim compose -m hi | cloudim encrypt --to mary > sealed.xml";

/// Seal a plain item
///
/// Reads the item from stdin, gives it the next place in the log towards the contact, which it does
/// not take, and writes the sealed item. `append` takes it within a day. Like `send` it looks at the
/// contact's feed first if that was not seen for a day.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct EncryptArgs {
    /// Whom to seal it to
    #[arg(long, value_name = "CONTACT")]
    to: String,
    /// Do not ask: seal although the key is not verified, and sign although the clock is far behind
    /// what was signed already
    #[arg(long)]
    yes: bool,
}

/// Seals.
///
/// # Errors
/// When stdin is no item, or it cannot be sealed.
pub fn run(session: &mut Session, args: EncryptArgs) -> Result<()> {
    session.run.identity.expect_writable()?;
    let contact = message::addressable(
        &session.run.identity,
        &session.run.keys,
        session.run.clock.now(),
        &args.to,
    )?;
    trust_policy::ask(&session.run.identity.config, &args.to, &contact, args.yes)?;
    let octets = input::stdin(session, limits::SEALED)?;
    let item =
        Item::parse(octets.trim_ascii()).or_cannot(|| "stdin is no plain item".to_owned())?;
    restored::catch_up(&mut session.run)?;
    session.run.keys.unlock()?;
    look::look_if_due(&mut session.run, std::slice::from_ref(&args.to));
    let now = session.run.clock.now();
    let locked = session.run.keys.lock_to_sign(&session.run.identity, now)?;
    // Only now: another run may have written to the contact while we waited, or removed it.
    let mut pair = message::writable(&locked, &session.run.keys, locked.now, &args.to)?;
    let outgoing = message::seal(&locked, &mut session.run.keys, &mut pair, item, args.yes)?;
    let sealed = outgoing.sealed.write();
    let outbox = Outbox::of(&locked.home, &args.to);
    outbox.clear_old(&locked)?;
    outbox.keep(&locked, &sealed, &outgoing.octets)?;
    if let Err(error) = attachment::publish(&locked, outgoing.files) {
        // What cannot be removed now goes after a day.
        let _ = outbox.discard(&locked, &sealed);
        return Err(error.into());
    }
    drop(locked);
    input::print(session, format!("{sealed}\n").as_bytes())
}
