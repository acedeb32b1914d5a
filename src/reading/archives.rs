//! Archives: what no longer stands in the feed itself (RFC 5005).

use crate::error::Result;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::talk::Talk;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::feed::channel::FeedItem;
    use crate::protocol::values::guid::Guid;
    use crate::session::run::Run;
    use crate::session::testing::{Host, Person};
    use crate::store::contact::history::record::{Record, What};
    use crate::store::testing::entry;
    use crate::writing::testing::acquainted;

    fn guid(number: u64) -> Guid {
        format!("urn:uuid:019b0000-0000-7000-8000-{number:012}").parse().unwrap()
    }

    /// A channel of one item, with the archive of that name before it.
    fn channel(host: &Host, number: u64, before: Option<&str>) -> Channel {
        let sealed = "-----BEGIN PGP MESSAGE-----".to_owned();
        let url = |name| format!("{}{name}", host.base).parse().unwrap();
        let items = vec![FeedItem::sealed(guid(number), sealed)];
        Channel { items, prev_archive: before.map(url), ..Channel::default() }
    }

    /// John, who may read on this machine and has Mary's item of that number.
    fn john_with(number: u64) -> Person {
        let (mut john, _) = acquainted();
        john.set("allow = [\"127.0.0.0/8\"]");
        let now = john.now();
        let entry = entry(guid(number), guid(0), number);
        let record = Record::new(What::Message { entry, trimmed: false }, now, "known");
        Messages::of(&john.home(), "mary").append(&john.lock(), &mut [record]).unwrap();
        john
    }

    fn walk(john: &mut Person, channel: &Channel) -> usize {
        let Run { identity, network, talk, .. } = &mut john.run;
        archives_before(&identity.home, network, talk, "mary", channel).unwrap().len()
    }

    #[test]
    fn archives_are_read_back_to_the_first_that_ends_in_a_known_item() {
        let (host, mut john) = (Host::start(), john_with(2));
        host.put("c", channel(&host, 3, Some("b")).write());
        host.put("b", channel(&host, 2, Some("a")).write());
        host.put("a", channel(&host, 1, None).write());
        let feed = channel(&host, 4, Some("c"));
        assert_eq!(walk(&mut john, &feed), 2);
        assert_eq!(host.asked(), ["/c", "/b"]);
    }

    #[test]
    fn where_the_oldest_item_is_known_no_archive_is_read() {
        let (host, mut john) = (Host::start(), john_with(4));
        assert_eq!(walk(&mut john, &channel(&host, 4, Some("c"))), 0);
        assert_eq!(walk(&mut john, &channel(&host, 5, None)), 0);
        assert!(host.asked().is_empty());
    }

    #[test]
    fn archives_that_lead_in_a_circle_are_read_once() {
        let (host, mut john) = (Host::start(), john_with(9));
        host.put("a", channel(&host, 1, Some("b")).write());
        host.put("b", channel(&host, 2, Some("a")).write());
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("a"))), 2);
        assert_eq!(host.asked(), ["/a", "/b"]);
    }

    #[test]
    fn an_archive_that_is_gone_or_broken_ends_the_walk_in_silence() {
        let (host, mut john) = (Host::start(), john_with(9));
        host.put("a", channel(&host, 1, Some("gone")).write());
        host.put("b", "<html/>");
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("a"))), 1);
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("b"))), 0);
        assert_eq!(john.heard(), "");
    }

    #[test]
    fn an_archive_where_we_may_not_read_is_reported() {
        let (host, mut john) = (Host::start(), john_with(9));
        john.set("");
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("a"))), 0);
        assert!(john.heard().contains("an archive of `mary`"));
        assert!(host.asked().is_empty());
    }
}
