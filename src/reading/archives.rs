//! Archives: what no longer stands in the feed itself (RFC 5005).

use crate::error::Result;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::fetch::{self};
use crate::session::network::Network;
use crate::session::talk::Talk;
use crate::store::contact::known::Known;
use crate::store::contact::messages::Messages;
use crate::store::disk::home::Home;
use crate::transport::client::{Answer, Conditions, Document, Failure};
use std::collections::HashSet;

/// Bytes of archives that are taken in together with the feed.
const TOGETHER: usize = 16 << 20;

/// The archives to take in together with `channel`, newest first: as long as the oldest item is
/// one that we do not have, the archive before it may hold more. What is too much for one time
/// comes by the walk after what is missing.
pub(super) fn archives_before(
    home: &Home,
    network: &Network,
    talk: &mut Talk,
    name: &str,
    channel: &Channel,
) -> Result<Vec<Channel>> {
    let mut archives: Vec<Channel> = Vec::new();
    if channel.prev_archive.is_none() {
        return Ok(archives);
    }
    let known = Known::load(&Messages::of(home, name))?;
    let reaches_back = |channel: &Channel| {
        let oldest = channel.items.iter().rfind(|item| item.is_sealed());
        !oldest.is_some_and(|item| item.guid().is_ok_and(|guid| known.has(guid)))
    };
    let (mut size, mut walked) = (0, HashSet::new());
    loop {
        let oldest = archives.last().unwrap_or(channel);
        let before = oldest.prev_archive.clone().filter(|_| reaches_back(oldest));
        let Some(url) = before.filter(|url| walked.insert(url.clone())) else { break };
        let Some(document) = archived(network, talk, name, &url) else { break };
        size += document.bytes.len();
        let Ok(archive) = Channel::parse(&document.bytes) else { break };
        archives.push(archive);
        if size > TOGETHER || archives.len() >= limits::ARCHIVES {
            break;
        }
    }
    Ok(archives)
}

/// The archive at `url`; one that is gone ends the walk, one out of reach is tried next time.
pub(super) fn archived(
    network: &Network,
    talk: &mut Talk,
    name: &str,
    url: &Url,
) -> Option<Document> {
    match network.client().ok()?.get(url, limits::FEED, &Conditions::default()) {
        Ok(Answer::Document(document)) => Some(document),
        Ok(Answer::Unchanged) | Err(Failure::NotFound) => None,
        Err(failure) => {
            talk.report(&fetch::failed(&format!("an archive of `{name}`"), failure));
            None
        }
    }
}
