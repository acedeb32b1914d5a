//! `decrypt`: sealed feed in, plain feed out.

use std::path::PathBuf;

use clap::Args;

use crate::commands::shared::input;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::refusal::Refusal;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::guid::LogId;
use crate::protocol::values::limits;
use crate::protocol::xml;
use crate::reading::contents::items;
use crate::session::command::Session;
use crate::session::user::trust_policy;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::verdicts::Why;

const EXAMPLES: &str = "\
Examples:
  curl -s https://mary.example/f/TOKEN.rss | cloudim decrypt | sfeed
  cloudim decrypt --from mary --new feed.rss";

/// Turn a sealed feed into a plain one
///
/// A filter: reads the feed, opens and verifies its items, and writes an RSS feed that any reader
/// shows. What fails is left out, and named on stderr. Takes no lock, writes nothing, fetches
/// nothing.
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

/// The writer of a feed, and what is known of it.
struct Writer {
    /// The writer's, and those before it.
    certificates: Vec<Certificate>,
    /// The logs that the feed opened; absent for our own feed.
    logs: Option<Vec<LogId>>,
    known: Known,
}

/// Decrypts.
///
/// # Errors
/// When it is no feed, or by nobody known; a failure of one of its items is reported.
pub fn run(session: &mut Session, args: DecryptArgs) -> Result<()> {
    let document = input::file(session, &args.feed, limits::FEED)?;
    let mut channel = Channel::parse(&document).or_cannot(|| "cannot read the feed".to_owned())?;
    let writer = writer(session, &channel, args.from.as_deref())?;
    session.run.keys.unlock()?;
    let items = std::mem::take(&mut channel.items);
    for item in items {
        let known = args.new && item.guid().is_ok_and(|guid| writer.known.has(guid));
        if !item.is_sealed() || known {
            channel.items.extend((!item.is_sealed()).then_some(item));
            continue;
        }
        match open_item(session, &item, &writer) {
            Ok(Some(octets)) => {
                channel.items.push(FeedItem { raw: Some(octets), ..FeedItem::default() })
            }
            Ok(None) => {}
            Err(error) => session.run.talk.report(&error),
        }
    }
    (channel.introduction, channel.state, channel.certificate) = (None, None, None);
    input::print(session, channel.write().as_bytes())
}

/// Finds out whose feed it is: as the user says, by its URL, or by the key it names.
fn writer(session: &Session, channel: &Channel, from: Option<&str>) -> Result<Writer> {
    let key = channel.key.as_ref().map(|key| &key.fingerprint);
    let own = session.run.keys.certificate()?;
    if from.is_none() && key == Some(&own.fingerprint()) {
        return Ok(Writer { certificates: vec![own.clone()], logs: None, known: Known::default() });
    }
    let name = match from {
        Some(name) => name.to_owned(),
        None => writer_named(session, channel)?.ok_or_else(|| {
            Error::cannot("this feed is by none of your contacts")
                .hint("cloudim contact list; then --from CONTACT")
        })?,
    };
    let contact = Contact::load(&session.run.identity.home, &name)?;
    trust_policy::expect_shown(&session.run.identity.config, &name, &contact)?;
    let known = Known::load(&Messages::of(&session.run.identity.home, &name))?;
    let mut certificates = vec![contacts::certificate(&session.run.identity.home, &name)?];
    for former in &contact.theirs.former {
        certificates.extend(contacts::former(
            &session.run.identity.home,
            &name,
            &former.fingerprint,
        )?);
    }
    Ok(Writer { certificates, logs: Some(contact.theirs.logs), known })
}

fn writer_named(session: &Session, channel: &Channel) -> Result<Option<String>> {
    let key = channel.key.as_ref().map(|key| &key.fingerprint);
    let mut by_key = None;
    for name in contacts::list(&session.run.identity.home)? {
        let contact = Contact::load(&session.run.identity.home, &name)?;
        if channel.self_link.as_ref() == Some(&contact.feed) {
            return Ok(Some(name));
        }
        if key == Some(&contact.fingerprint) {
            by_key = Some(name);
        }
    }
    Ok(by_key)
}

/// The octets of a sealed item that is authentic; none for a key, which never shows.
fn open_item(session: &mut Session, outer: &FeedItem, writer: &Writer) -> Result<Option<String>> {
    let shown = outer.guid.clone().unwrap_or_default();
    let refused = |kind, reason: String| {
        Error::new(kind, format!("item {} is left out", shown.escape_debug()))
            .because(anyhow::anyhow!(reason))
    };
    let guid = outer.guid().map_err(|cause| refused(Kind::Integrity, cause.to_string()))?;
    let sealed = outer.description.as_deref().unwrap_or_default();
    let mut opened = writer
        .certificates
        .iter()
        .map(|by| session.run.keys.unseal(sealed, by, session.run.clock.now()));
    let unknown = Err(Refusal::UnknownSigner);
    let opened = opened.find(|opened| *opened != unknown).unwrap_or(unknown);
    let opened = opened.map_err(|refusal| {
        let kind = if refusal.is_of_trust() { Kind::Trust } else { Kind::Integrity };
        refused(kind, refusal.to_string())
    })?;
    let (item, _) =
        items::read_item(guid, &opened, writer.logs.as_deref()).map_err(|(why, reason)| {
            refused(if why == Why::Held { Kind::Trust } else { Kind::Integrity }, reason)
        })?;
    let octets =
        String::from_utf8(opened.octets).or_cannot(|| "the item is not UTF-8".to_owned())?;
    let octets = xml::without_declaration(&octets).to_owned();
    Ok((!item.keys && item.transition.is_none()).then_some(octets))
}
