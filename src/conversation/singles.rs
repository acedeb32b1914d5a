//! What stands in our feed once: the channel's own elements, the state, the archives' frame.

use jiff::Timestamp;

use super::known::Known;
use super::session::Session;
use crate::error::Result;
use crate::protocol::channel::{self, Channel, FeedItem, KeyElement};
use crate::protocol::hash::Hash;
use crate::protocol::state::{Range, State};
use crate::protocol::token::Token;
use crate::protocol::url::Url;
use crate::store::atomic;
use crate::store::config::{Cloud, Config};
use crate::store::contact::{Contact, Reached};
use crate::store::messages::Messages;

const TITLE: &str = "Private conversation";
const DESCRIPTION: &str = "Encrypted messages, readable by the people they are addressed to.";
const LOGS: usize = 8;

/// The URL of the pair feed `token`.
///
/// # Errors
/// When this identity has no base URL.
pub fn feed_url(session: &Session, token: &Token) -> Result<Url> {
    Ok(session.config.base()?.join(&format!("f/{token}.rss"))?)
}

/// The URL of an archive of the pair feed `token`.
///
/// # Errors
/// When this identity has no base URL.
pub fn archive_url(session: &Session, token: &Token, number: u64) -> Result<Url> {
    Ok(session.config.base()?.join(&format!("f/{token}.{number}.rss"))?)
}

/// What our feeds and card say of our key.
///
/// # Errors
/// When this identity has no base URL, or no key.
pub fn key_element(session: &Session) -> Result<KeyElement> {
    let bytes = atomic::read(&session.home.key())?.unwrap_or_default();
    Ok(KeyElement {
        fingerprint: session.certificate()?.fingerprint(),
        hash: Some(Hash::of(&bytes)),
        url: session.config.base()?.join("key.asc")?,
    })
}

/// The `<cloud>` of our feeds or card, and its absolute URL.
///
/// # Errors
/// When this identity has no base URL.
pub fn cloud(config: &Config, is_card: bool) -> Result<Option<(channel::Cloud, Url)>> {
    let base = config.base()?;
    let url = match &config.cloud {
        // It stands in a feed only if something answers.
        Cloud::Own if config.has_server() => base.join("pleaseNotify")?,
        Cloud::None | Cloud::Own => return Ok(None),
        // Another's cloud would learn the feed's URL, which is a capability.
        Cloud::At(url) if !is_card && !config.third_party_cloud && !url.same_origin(base) => {
            return Ok(None);
        }
        Cloud::At(url) => url.clone(),
    };
    let element = channel::Cloud {
        domain: url.host().to_owned(),
        port: url.port(),
        path: url.path_and_query().to_owned(),
        register_procedure: String::new(),
        protocol: "http-post".to_owned(),
    };
    Ok(Some((element, url)))
}

/// The pair feed `token` with all that does not depend on what was written.
///
/// # Errors
/// When this identity has no base URL, or no key.
pub fn channel(session: &Session, token: &Token) -> Result<Channel> {
    let (element, source) = cloud(&session.config, false)?.unzip();
    Ok(Channel {
        title: TITLE.to_owned(),
        link: session.config.base()?.to_string(),
        description: DESCRIPTION.to_owned(),
        language: Some("en".to_owned()),
        self_link: Some(feed_url(session, token)?),
        cloud: element,
        source_cloud: source,
        key: Some(key_element(session)?),
        ..Channel::default()
    })
}

/// An archive of the pair feed `token` with `items`, newest first (RFC 5005).
///
/// # Errors
/// When this identity has no base URL.
pub fn archive(
    session: &Session,
    token: &Token,
    number: u64,
    previous: Option<u64>,
    items: Vec<FeedItem>,
) -> Result<Channel> {
    let prev_archive =
        previous.map(|previous| archive_url(session, token, previous)).transpose()?;
    Ok(Channel {
        title: TITLE.to_owned(),
        link: session.config.base()?.to_string(),
        description: DESCRIPTION.to_owned(),
        language: Some("en".to_owned()),
        self_link: Some(archive_url(session, token, number)?),
        current: Some(feed_url(session, token)?),
        prev_archive,
        archive: true,
        items,
        ..Channel::default()
    })
}

/// The state that tells `contact`, called `name`, where both sides stand, with the next serial.
///
/// # Errors
/// When the contact's messages cannot be read.
pub fn state(
    session: &Session,
    name: &str,
    contact: &Contact,
    floor: Option<u64>,
    at: Timestamp,
) -> Result<State> {
    let acknowledged =
        contact.theirs.reached.iter().rev().filter_map(Reached::acknowledged).take(LOGS);
    let head = contact.ours.head.map(|hash| (contact.ours.sequence, hash));
    Ok(State {
        log: contact.ours.log,
        serial: contact.ours.state.saturating_add(1),
        time: at,
        head,
        floor: head.and(floor),
        acknowledged: acknowledged.collect(),
        missing: missing(session, name, contact)?,
        gone: Vec::new(),
    })
}

fn missing(session: &Session, name: &str, contact: &Contact) -> Result<Vec<Range>> {
    let theirs = &contact.theirs;
    let complete = theirs.head.as_ref().is_none_or(|head| {
        theirs
            .reached
            .iter()
            .any(|reached| reached.log == head.log && reached.sequence >= head.sequence)
    });
    if complete {
        // The usual case must not cost a reading of the whole history.
        return Ok(Vec::new());
    }
    Ok(Known::load(&Messages::of(&session.home, name))?.missing(theirs))
}
