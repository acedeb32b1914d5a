//! `decrypt`: sealed feed in, plain feed out. Nothing of the feed is passed on but what its writer
//! signed.

mod writer;

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;

use crate::commands::shared::input;
use crate::delivery::output;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::message::open::{Opened, sealed_hash};
use crate::openpgp::message::refusal::Refusal;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::sealed::item::Item;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::SealedHash;
use crate::protocol::values::limits;
use crate::reading::contents::items;
use crate::session::command::Session;
use crate::store::contact::verdicts::Why;
use writer::Writer;

/// Items that are left out and named one by one because nobody signed them; the rest is counted.
const NAMED: usize = 16;

const EXAMPLES: &str = "\
Examples:
  curl -s https://mary.example/f/TOKEN.rss | cloudim decrypt | sfeed
  cloudim decrypt --from mary --new feed.rss";

/// Turn a sealed feed into a plain one
///
/// A filter: reads the feed, opens and verifies its items, and writes an RSS feed that any reader
/// shows. It holds what the contact signed and nothing else, written anew: what fails, and what
/// nobody signed, is left out and named on stderr; so is the cloud that the feed names. A message
/// that no key opens any more comes from the history, if it was verified as it stands here. Takes no
/// lock, writes nothing, fetches nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DecryptArgs {
    /// Whose feed it is [default: as the feed says]
    #[arg(long, value_name = "CONTACT")]
    from: Option<String>,
    /// Leave out what is stored already
    #[arg(long)]
    new: bool,
    /// The feed [default: stdin]
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    feed: PathBuf,
}

/// Decrypts.
///
/// # Errors
/// When it is no feed, or by nobody known; a failure of one of its items is reported.
pub fn run(session: &mut Session, args: DecryptArgs) -> Result<()> {
    let document = input::file(session, &args.feed, limits::FEED)?;
    let channel = Channel::parse(&document).or_cannot(|| "cannot read the feed".to_owned())?;
    let writer = Writer::of(session, &channel, args.from.as_deref())?;
    session.run.keys.unlock()?;
    let mut opening = Opening { session, writer, verified: None };
    let mut plain = Vec::new();
    let sealed = channel.items.iter().filter(|item| item.is_sealed() || item.broken.is_some());
    for item in sealed {
        if args.new && item.guid().is_ok_and(|guid| opening.writer.known.has(guid)) {
            continue;
        }
        match opening.item(item) {
            Ok(item) => plain.extend(shown(&item)),
            Err(error) => opening.session.run.talk.report(&error),
        }
    }
    name_unsigned(session, &channel);
    input::print(session, output::plain_feed(plain).write().as_bytes())
}

/// Names the items that nobody signed. A key in such an item never shows, and is no news.
fn name_unsigned(session: &mut Session, channel: &Channel) {
    let is_unsigned =
        |item: &&FeedItem| !item.is_sealed() && item.broken.is_none() && !item.is_key();
    let unsigned: Vec<_> = channel.items.iter().filter(is_unsigned).collect();
    for item in unsigned.iter().take(NAMED) {
        let guid = item.shown_guid();
        session.run.talk.warn(&format!("item {guid} is left out: nobody signed it"));
    }
    if let Some(more) = unsigned.len().checked_sub(NAMED).filter(|more| *more > 0) {
        session.run.talk.warn(&format!("{more} more items are left out: nobody signed them"));
    }
}

/// An item of the plain feed; none for a key, which never shows. What was written to others must not
/// pass for a word to us alone.
fn shown(item: &Item) -> Option<FeedItem> {
    let title = item.conversation.map(|id| format!("in {id}"));
    let shows = !item.keys && item.transition.is_none();
    shows.then(|| FeedItem { raw: Some(item.write_plain(title.as_deref())), ..FeedItem::default() })
}

/// The opening of the items of a feed.
struct Opening<'a> {
    session: &'a mut Session,
    writer: Writer,
    /// The messages in the history by guid and the sealed bytes, once they were asked for.
    verified: Option<HashMap<(Guid, SealedHash), Item>>,
}

impl Opening<'_> {
    /// What a sealed item holds, if it is authentic.
    fn item(&mut self, outer: &FeedItem) -> Result<Item> {
        let shown = outer.shown_guid();
        let refused = |kind, reason: String| {
            Error::new(kind, format!("item {shown} is left out")).because(anyhow::anyhow!(reason))
        };
        if let Some(broken) = &outer.broken {
            return Err(refused(Kind::Integrity, broken.why.clone()));
        }
        let guid = outer.guid().map_err(|cause| refused(Kind::Integrity, cause.to_string()))?;
        let sealed = outer.description.as_deref().unwrap_or_default();
        let opened = self.open(sealed);
        if opened == Err(Refusal::NotForUs)
            && let Some(item) = self.was_verified(guid, sealed)?
        {
            return Ok(item);
        }
        let opened = opened.map_err(|refusal| {
            let kind = if refusal.is_of_trust() { Kind::Trust } else { Kind::Integrity };
            refused(kind, refusal.to_string())
        })?;
        let read = items::read_item(guid, &opened, self.writer.logs.as_deref());
        let (item, _) = read.map_err(|(why, reason)| {
            refused(if why == Why::Held { Kind::Trust } else { Kind::Integrity }, reason)
        })?;
        Ok(item)
    }

    fn open(&mut self, sealed: &str) -> std::result::Result<Opened, Refusal> {
        let now = self.session.run.clock.now();
        let keys = &mut self.session.run.keys;
        let mut opened = self.writer.certificates.iter().map(|by| keys.unseal(sealed, by, now));
        let unknown = Err(Refusal::UnknownSigner);
        opened.find(|opened| *opened != unknown).unwrap_or(unknown)
    }

    /// The item in the history that came as exactly these sealed bytes, and was verified then.
    fn was_verified(&mut self, guid: Guid, sealed: &str) -> Result<Option<Item>> {
        let verified = match self.verified.take() {
            Some(verified) => verified,
            None => self.writer.verified()?,
        };
        let found = verified.get(&(guid, sealed_hash(sealed))).cloned();
        self.verified = Some(verified);
        Ok(found)
    }
}
