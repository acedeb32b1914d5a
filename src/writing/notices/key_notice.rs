//! Notices of a new key: plain items whose enclosure is our certificate (PROTOCOL §9). They are for
//! readers that know no `im:pgpKey`, are no part of the log, and leave with the retention.

use crate::error::Result;
use crate::protocol::feed::channel::{Channel, Enclosure, FeedItem};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::time;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::store::contact::offered::feeds;
use crate::store::identity::own::Locked;
use crate::store::identity::own_certificate;
use crate::writing::content::frame;
use crate::writing::rewriting::items::Rewriting;

impl Rewriting<'_> {
    /// Puts the notices of the feed as it was `before` in their place again, the young ones.
    pub(in crate::writing) fn keep_notices(&mut self, before: &Channel) {
        let (now, retention) = (self.locked.aged(), self.locked.config.retention);
        let young = |notice: &&FeedItem| {
            let guid = notice.guid();
            notice.is_key() && guid.is_ok_and(|guid| now.duration_since(guid.time()) <= retention)
        };
        for notice in before.items.iter().filter(young) {
            insert(&mut self.prepared.channel, notice.clone());
        }
    }
}

/// Puts the present certificate into the feed `token`, and the notice `guid` of it. What is sealed
/// there stays byte for byte. Returns whether that changed anything.
///
/// # Errors
/// When the feed cannot be read or written.
pub fn renew_key(locked: &Locked<'_>, keys: &Keys, token: &Token, guid: Guid) -> Result<bool> {
    let Some(before) = feeds::load(&locked.home, token)? else { return Ok(false) };
    let key = frame::key_element(locked, keys)?;
    let size = own_certificate::published(&locked.home)?.len();
    let notice = FeedItem {
        guid: Some(guid.to_string()),
        title: Some("New key".to_owned()),
        description: Some("My OpenPGP certificate has changed.".to_owned()),
        published: Some(time::whole_seconds(guid.time())),
        enclosure: Some(Enclosure::key(&key.url, size as u64)),
        ..FeedItem::default()
    };
    let mut channel = Channel { key: Some(key), ..before.clone() };
    insert(&mut channel, notice);
    if channel == before {
        return Ok(false);
    }
    locked.about_to_change_public()?;
    locked.home.write(&locked.home.feed(token), channel.write().as_bytes())?;
    Ok(true)
}

/// Puts `notice` before the first item that is older, unless it is there.
fn insert(channel: &mut Channel, notice: FeedItem) {
    if channel.items.iter().any(|item| item.guid == notice.guid) {
        return;
    }
    let time = |item: &FeedItem| item.guid().map(|guid| guid.time()).ok();
    let older = channel.items.iter().position(|item| time(item) < time(&notice));
    channel.items.insert(older.unwrap_or(channel.items.len()), notice);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(millis: u64) -> FeedItem {
        let hex = format!("{millis:012x}");
        let guid = format!("urn:uuid:{}-{}-7000-8000-000000000000", &hex[..8], &hex[8..]);
        FeedItem { guid: Some(guid), ..FeedItem::default() }
    }

    #[test]
    fn a_notice_stands_where_its_time_is_and_once() {
        let items = |millis: &[u64]| millis.iter().map(|millis| item(*millis)).collect();
        let mut channel = Channel { items: items(&[9_000, 5_000]), ..Channel::default() };
        for millis in [7_000, 7_000, 9_500, 1_000] {
            insert(&mut channel, item(millis));
        }
        assert_eq!(channel.items, items(&[9_500, 9_000, 7_000, 5_000, 1_000]) as Vec<_>);
    }
}
