//! `append`: sealed item in, feed rewritten.

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Context, Error, Result};
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::values::limits;
use crate::session::run::Session;
use crate::store::contact::outbox::Outbox;
use crate::writing::feed::{self, Change};
use crate::writing::message::Writing;

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
    session.expect_writable()?;
    Writing::to(session, &args.contact)?;
    let bytes = input::stdin(session, limits::FEED)?;
    let text = String::from_utf8(bytes).or_cannot(|| "stdin is no sealed item".to_owned())?;
    let sealed = FeedItem::parse(text.trim().as_bytes())
        .or_cannot(|| "stdin is no sealed item".to_owned())?;
    if !sealed.is_sealed() {
        return Err(Error::cannot("stdin is no sealed item")
            .hint("seal it first: cloudim encrypt --to CONTACT"));
    }
    session.unlock()?;
    let _lock = session.lock()?;
    let mut writing = Writing::to(session, &args.contact)?;
    feed::rewrite(
        session,
        &args.contact,
        &mut writing.contact,
        &writing.certificate,
        Change::default(),
    )?;
    let outgoing = writing.reopen(session, sealed, text.trim())?;
    if writing.taken_before(session, &outgoing.item)?.is_none() {
        writing.take(session, outgoing, Change::default())?;
    }
    Outbox::of(&session.home, &args.contact).clear(text.trim(), session.now())
}
