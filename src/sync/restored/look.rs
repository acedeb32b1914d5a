//! Looking at what we have published: another copy of this home may have gone on.

use crate::error::{Context, Error, Result};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::web::fetch::{self, Wish};
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Identity;
use crate::store::identity::own_urls;
use crate::transport::client::{Answer, Conditions, Failure};

/// The archives of one feed that are looked at, at most.
const ARCHIVES: usize = 100;

/// A feed of ours, as it is published.
pub struct Published {
    /// The contact it is for.
    pub name: String,
    /// The bytes of the feed itself.
    pub bytes: Vec<u8>,
    /// The feed.
    pub channel: Channel,
    /// Its archives that this home has yet to write, newest first, each with its number.
    pub archives: Vec<(u64, Channel)>,
}

/// The feeds of ours that are published, and why others could not be looked at. What was never
/// published is in neither.
#[derive(Default)]
pub struct Looked {
    /// The feeds.
    pub published: Vec<Published>,
    /// The failures.
    pub failures: Vec<Error>,
}

/// Fetches our feeds for all contacts, past every cache.
///
/// # Errors
/// When the settings are wrong, or the contacts cannot be listed.
pub fn look(identity: &Identity, network: &Network) -> Result<Looked> {
    if identity.config.base_url.is_none() {
        return Ok(Looked::default());
    }
    let (client, mut wishes) = (network.client()?, Vec::new());
    for name in contacts::list(&identity.home)? {
        // A contact whose files are damaged is told of where it is read.
        let Ok(contact) = Contact::load(&identity.home, &name) else { continue };
        let url = own_urls::feed_url(&identity.config, &contact.ours.token)?;
        wishes.push(Wish { name, url, conditions: Conditions::past_caches() });
    }
    let mut looked = Looked::default();
    for fetched in fetch::all(&client, network.most_at_once(), wishes, limits::FEED) {
        match seen(identity, network, &fetched.name, fetched.answer) {
            Ok(published) => looked.published.extend(published),
            Err(failure) => looked.failures.push(failure),
        }
    }
    Ok(looked)
}

fn seen(
    identity: &Identity,
    network: &Network,
    name: &str,
    answer: std::result::Result<Answer, Failure>,
) -> Result<Option<Published>> {
    let what = format!("our own feed for `{name}`");
    let Some(bytes) = bytes_of(answer, &what)? else { return Ok(None) };
    let channel = Channel::parse(&bytes).or_cannot(|| format!("cannot read {what}"))?;
    let archives = archives(identity, network, name, &channel)?;
    Ok(Some(Published { name: name.to_owned(), bytes, channel, archives }))
}

/// The archives before `channel` whose numbers this home has yet to use.
fn archives(
    identity: &Identity,
    network: &Network,
    name: &str,
    channel: &Channel,
) -> Result<Vec<(u64, Channel)>> {
    let ours = Contact::load(&identity.home, name)?.ours;
    let number = |url: &Url| own_urls::archive_number(&identity.config, &ours.token, url);
    let mut archives = Vec::new();
    let mut next = channel.prev_archive.clone();
    while let Some(url) = next.take().filter(|_| archives.len() < ARCHIVES) {
        // They are numbered in their order, so the first one that is known ends the walk.
        let lowest = archives.last().map_or(u64::MAX, |(number, _)| *number);
        let unknown = number(&url).filter(|n| *n >= ours.next_archive && *n < lowest);
        let Some(number) = unknown else { break };
        let what = format!("an archive of our own feed for `{name}`");
        let Some(archive) = file(network, &url, limits::FEED, &what)? else { break };
        let archive = Channel::parse(&archive).or_cannot(|| format!("cannot read {what}"))?;
        next = archive.prev_archive.clone();
        archives.push((number, archive));
    }
    Ok(archives)
}

/// The file at `url`, where we have put it; nothing if it is not there.
///
/// # Errors
/// When it cannot be fetched.
pub fn file(network: &Network, url: &Url, limit: usize, what: &str) -> Result<Option<Vec<u8>>> {
    bytes_of(network.client()?.get(url, limit, &Conditions::past_caches()), what)
}

/// The bytes that a host answered when it was asked for `what`; nothing if that is not there.
fn bytes_of(answer: std::result::Result<Answer, Failure>, what: &str) -> Result<Option<Vec<u8>>> {
    match answer {
        Ok(Answer::Document(document)) => Ok(Some(document.bytes)),
        Ok(Answer::Unchanged) | Err(Failure::NotFound) => Ok(None),
        Err(failure) => Err(fetch::failed(what, failure)),
    }
}
