//! Reading the feeds of contacts: many at once, and one failure stops nobody else.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::fetch::{self, Wish};
use super::intake::{self, Outcome, Source};
use super::known::Known;
use super::own_feed::{self, Change};
use super::own_standing;
use super::session::Session;
use super::{address, retention};
use crate::error::{Context, Error, Kind, Result};
use crate::protocol::channel::{Channel, KeyElement};
use crate::protocol::limits;
use crate::protocol::url::Url;
use crate::store::contact::{Contact, Http};
use crate::store::contacts;
use crate::store::messages::Messages;
use crate::store::octets::Octets;
use crate::store::record::{Direction, Record, Type};
use crate::transport::client::{Answer, Conditions, Document, Failure};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of archives that are taken in together with the feed.
const TOGETHER: usize = 16 << 20;

/// Reads the feeds of the contacts called `names`; blocked ones are passed over. What fails is
/// reported, and the rest goes on. Returns the names of those for whom our own feed changed.
///
/// # Errors
/// When the settings are wrong.
pub fn read(session: &mut Session, names: &[String]) -> Result<Vec<String>> {
    let client = session.client()?;
    let (wishes, mut rewritten, mut unreachable) = (wishes(session, names), Vec::new(), 0);
    let asked = wishes.len();
    for fetched in fetch::all(&client, wishes, limits::FEED) {
        let name = fetched.name;
        let done = match fetched.answer {
            Ok(Answer::Document(document)) => take_in(session, &name, document),
            Ok(Answer::Unchanged) => reached(session, &name),
            Err(failure) => {
                unreachable += usize::from(is_unreachable(&failure));
                not_reached(session, &name, failure).map(|()| false)
            }
        };
        match done {
            Ok(true) => rewritten.push(name),
            Ok(false) => {}
            Err(error) => session.report(&error),
        }
    }
    if asked > 0 && unreachable == asked {
        session.blame(Kind::Network);
    }
    Ok(rewritten)
}

/// What to ask for. A contact whose files are damaged is reported, and stops nobody else.
fn wishes(session: &mut Session, names: &[String]) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for name in names {
        match Contact::load(&session.home, name) {
            Ok(contact) if contact.blocked => {}
            Ok(contact) => {
                let Http { etag, last_modified, .. } = contact.http;
                let conditions = Conditions { etag, last_modified, no_cache: false };
                wishes.push(Wish { name: name.clone(), url: contact.feed, conditions });
            }
            Err(error) => session.report(&error),
        }
    }
    wishes
}

/// Takes in what was fetched, and the archives that hold what is missing. Returns whether our own
/// feed changed.
fn take_in(session: &mut Session, name: &str, document: Document) -> Result<bool> {
    let channel = Channel::parse(&document.bytes)
        .or_cannot(|| format!("cannot read the feed of `{name}`"))?;
    refresh_certificate(session, name, &channel)?;
    let archives = archives_before(session, name, &channel)?;
    let mut outcome = stored(session, name, &document, &channel, &archives)?;
    let mut rewritten = outcome.rewritten;
    let fresh = if outcome.stale { uncached(session, name)? } else { None };
    if let Some(fresh) = fresh {
        let channel = Channel::parse(&fresh.bytes)
            .or_cannot(|| format!("cannot read the feed of `{name}`"))?;
        outcome = stored(session, name, &fresh, &channel, &[])?;
        rewritten |= outcome.rewritten;
    }
    let mut walked = HashSet::new();
    while let Some(archive) = outcome
        .archive
        .take()
        .filter(|url| walked.len() < limits::ARCHIVES && walked.insert(url.clone()))
    {
        let Some(document) = archived(session, name, &archive) else { break };
        outcome = intake::take_in(
            session,
            name,
            &document.bytes,
            Source { is_archive: true, http: None },
        )?;
        rewritten |= outcome.rewritten;
    }
    Ok(rewritten)
}

/// The archives to take in together with `channel`, newest first: as long as the oldest item is
/// one that we do not have, the archive before it may hold more. What is too much for one time
/// comes by the walk after what is missing.
fn archives_before(session: &mut Session, name: &str, channel: &Channel) -> Result<Vec<Channel>> {
    let mut archives: Vec<Channel> = Vec::new();
    if channel.prev_archive.is_none() {
        return Ok(archives);
    }
    let known = Known::load(&Messages::of(&session.home, name))?;
    let reaches_back = |channel: &Channel| {
        let oldest = channel.items.iter().rfind(|item| item.is_sealed());
        !oldest.is_some_and(|item| item.guid().is_ok_and(|guid| known.has(guid)))
    };
    let (mut size, mut walked) = (0, HashSet::new());
    loop {
        let oldest = archives.last().unwrap_or(channel);
        let before = oldest.prev_archive.clone().filter(|_| reaches_back(oldest));
        let Some(url) = before.filter(|url| walked.insert(url.clone())) else { break };
        let Some(document) = archived(session, name, &url) else { break };
        size += document.bytes.len();
        let Ok(archive) = Channel::parse(&document.bytes) else { break };
        archives.push(archive);
        if size > TOGETHER || archives.len() >= limits::ARCHIVES {
            break;
        }
    }
    Ok(archives)
}

fn stored(
    session: &mut Session,
    name: &str,
    document: &Document,
    channel: &Channel,
    archives: &[Channel],
) -> Result<Outcome> {
    let http = Http {
        etag: document.etag.clone(),
        last_modified: document.last_modified.clone(),
        ..Http::default()
    };
    let source = Source { is_archive: false, http: Some(http) };
    intake::take_in_chain(session, name, channel, archives, source)
}

fn uncached(session: &Session, name: &str) -> Result<Option<Document>> {
    let feed = Contact::load(&session.home, name)?.feed;
    let conditions = Conditions { no_cache: true, ..Conditions::default() };
    Ok(match session.client()?.get(&feed, limits::FEED, &conditions) {
        Ok(Answer::Document(document)) => Some(document),
        Ok(Answer::Unchanged) | Err(_) => None,
    })
}

/// The archive at `url`; one that is gone ends the walk, one out of reach is tried next time.
fn archived(session: &mut Session, name: &str, url: &Url) -> Option<Document> {
    match session.client().ok()?.get(url, limits::FEED, &Conditions::default()) {
        Ok(Answer::Document(document)) => Some(document),
        Ok(Answer::Unchanged) | Err(Failure::NotFound) => None,
        Err(failure) => {
            session.report(&fetch::failed(&format!("an archive of `{name}`"), failure));
            None
        }
    }
}

/// Takes over a later version of the contact's certificate, which the feed announces by its hash.
fn refresh_certificate(session: &mut Session, name: &str, channel: &Channel) -> Result<()> {
    let contact = Contact::load(&session.home, name)?;
    let Some(key) = announced_key(channel, &contact) else { return Ok(()) };
    let (announced, hash) = match address::certificate(session, &key) {
        Ok(found) => found,
        Err(error) => {
            session.warn(&format!("the certificate of `{name}` could not be refreshed: {error}"));
            return Ok(());
        }
    };
    let now = session.now();
    let _lock = session.lock()?;
    let known = contacts::certificate(&session.home, name)?;
    match known.merged(&announced, now) {
        Ok(merged) => contacts::pin(&session.home, name, &merged)?,
        Err(cause) => session.report(
            &Error::new(Kind::Trust, format!("the certificate of `{name}` is kept as it was"))
                .because(cause),
        ),
    }
    let mut contact = Contact::load(&session.home, name)?;
    contact.key_hash = Some(hash);
    contact.save(&session.home, name)
}

/// What the feed says of a later version of the pinned certificate: by `im:pgpKey`, or where that
/// has no hash by an item with the key as its enclosure.
fn announced_key(channel: &Channel, contact: &Contact) -> Option<KeyElement> {
    let (fingerprint, element) = (contact.fingerprint.clone(), channel.key.as_ref());
    if let Some(key) = element.filter(|key| key.hash.is_some()) {
        let is_news = key.fingerprint == fingerprint && key.hash != contact.key_hash;
        return is_news.then(|| key.clone());
    }
    let notices = channel.items.iter().filter(|item| item.is_key());
    let mut keys = notices.filter_map(|item| item.enclosure.as_ref());
    let url = keys.find_map(|enclosure| enclosure.url.parse().ok())?;
    Some(KeyElement { fingerprint, hash: None, url })
}

/// Notes that an unchanged feed was reached, and does what time alone asks for: what was
/// acknowledged long enough ago leaves our feed, and a gap that lasts is told.
fn reached(session: &mut Session, name: &str) -> Result<bool> {
    let contact = Contact::load(&session.home, name)?;
    let due = is_due(session, name, &contact)?;
    if !due && contact.http.failing_since.is_none() && contact.theirs.behind_since.is_none() {
        return Ok(false);
    }
    // A home that nobody unlocks can still be told that nothing is new.
    let due = due && own_standing::expect_usable(session).is_ok() && session.unlock().is_ok();
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    (contact.http.failing_since, contact.http.failure_told, contact.http.failure) =
        (None, None, None);
    let behind = contact.theirs.behind_since.is_some();
    let grace = session.config.stale_grace;
    if let Some((text, healed)) = intake::watch::gaps(&mut contact, behind, session.now(), grace) {
        let mut record = Record::new(Type::Integrity, Direction::Received, session.now(), text);
        record.healed = healed;
        Messages::of(&session.home, name).append(&mut [record])?;
    }
    if due {
        let certificate = contacts::certificate(&session.home, name)?;
        return own_feed::rewrite(session, name, &mut contact, &certificate, Change::default());
    }
    contact.save(&session.home, name)?;
    Ok(false)
}

/// Whether something of ours has been acknowledged for longer than it is kept.
fn is_due(session: &Session, name: &str, contact: &Contact) -> Result<bool> {
    let ours = &contact.ours;
    if session.config.read_only || ours.acknowledged == 0 {
        return Ok(false);
    }
    let now = session.now();
    let items = Octets::of(&session.home, name).items()?;
    Ok(items.iter().any(|item| retention::is_settled(item, ours, session.config.retention, now)))
}

fn is_unreachable(failure: &Failure) -> bool {
    matches!(failure, Failure::NotFound | Failure::Status(_) | Failure::Unreachable(_))
}

/// Notes that a contact could not be reached. It is a line of talk; it counts for the exit status
/// only after `unreachable_after`, and then once a day.
fn not_reached(session: &mut Session, name: &str, failure: Failure) -> Result<()> {
    let counts_at_once = !is_unreachable(&failure);
    let error = fetch::failed(&format!("the feed of `{name}`"), failure);
    let now = session.now();
    let _lock = session.lock()?;
    let mut contact = Contact::load(&session.home, name)?;
    let since = *contact.http.failing_since.get_or_insert(now);
    let long = now.duration_since(since) > session.config.unreachable_after;
    let untold = contact.http.failure_told.is_none_or(|told| now.duration_since(told) >= DAY);
    contact.http.failure = error.source.as_ref().map(|source| format!("{source:#}"));
    if long && untold {
        contact.http.failure_told = Some(now);
    }
    contact.save(&session.home, name)?;
    if counts_at_once || (long && untold) {
        session.report(&error);
    } else {
        session.warn(&error.to_string());
    }
    Ok(())
}
