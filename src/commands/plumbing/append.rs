//! `append`: sealed item in, feed rewritten.

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Context, Error, Result};
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::values::limits;
use crate::session::command::Session;
use crate::store::contact::offered::outbox::Outbox;
use crate::sync::restored;
use crate::writing::rewriting::feed::{self, Change};
use crate::writing::{attachment, message};

const EXAMPLES: &str = "\
Examples:
  cloudim append mary < sealed.xml && cloudim publish";

/// Put a sealed item into the feed for a contact
///
/// Reads the item that `encrypt` wrote. The same item again adds nothing. Status 75: another
/// message took its place in the log; seal it again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AppendArgs {
    /// For whom
    #[arg(value_name = "CONTACT")]
    contact: String,
}

/// Appends.
///
/// # Errors
/// When stdin is no sealed item of ours; [`crate::error::Kind::Busy`] when its place is taken.
pub fn run(session: &mut Session, args: AppendArgs) -> Result<()> {
    session.run.identity.expect_writable()?;
    message::writable(
        &session.run.identity,
        &session.run.keys,
        session.run.clock.now(),
        &args.contact,
    )?;
    let bytes = input::stdin(session, limits::FEED)?;
    let text = String::from_utf8(bytes).or_cannot(|| "stdin is no sealed item".to_owned())?;
    let sealed = FeedItem::parse(text.trim().as_bytes())
        .or_cannot(|| "stdin is no sealed item".to_owned())?;
    if !sealed.is_sealed() {
        return Err(Error::cannot("stdin is no sealed item")
            .hint("seal it first: cloudim encrypt --to CONTACT"));
    }
    restored::catch_up(&mut session.run)?;
    session.run.keys.unlock()?;
    let now = session.run.clock.now();
    let locked = session.run.keys.lock_to_sign(&session.run.identity, now)?;
    let mut pair = message::writable(&locked, &session.run.keys, locked.now, &args.contact)?;
    feed::rewrite(&locked, &mut session.run.keys, &mut pair, Change::default())?;
    let outgoing = message::reopen(
        &locked.home,
        &mut session.run.keys,
        locked.now,
        &pair.name,
        sealed,
        text.trim(),
    )?;
    if message::taken_before(&locked.home, &mut session.run.keys, &pair.name, &outgoing.item)?
        .is_none()
    {
        attachment::expect_published(&locked, &outgoing.item)?;
        message::take(&locked, &mut session.run.keys, &mut pair, outgoing, Change::default())
            .done()?;
    }
    Ok(Outbox::of(&locked.home, &args.contact).clear(&locked, text.trim())?)
}
