//! Archives: where the oldest items go when the feed has grown too long (RFC 5005).

use super::frame;
use super::rewriting::Rewriting;
use crate::error::Result;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::values::limits;
use crate::store::contact::own_feed::Archive;
use crate::store::identity::own_urls;

/// Room for what an archive has besides its items.
const FRAME: usize = 2_048;

impl Rewriting<'_> {
    /// Moves the oldest items into a new archive if the feed is too long, and links to the newest.
    pub(super) fn archive_oldest(&mut self) -> Result<()> {
        let channel = &mut self.prepared.channel;
        if channel.write().len() > limits::FEED_BEFORE_ARCHIVING {
            let oldest = split_oldest(&mut channel.items);
            if !oldest.is_empty() {
                self.archive(oldest)?;
            }
        }
        let ours = &self.contact.ours;
        if let Some(newest) = ours.archives.last() {
            let url = own_urls::archive_url(&self.locked.config, &ours.token, newest.number)?;
            self.prepared.channel.prev_archive = Some(url);
        }
        Ok(())
    }

    fn archive(&mut self, items: Vec<FeedItem>) -> Result<()> {
        let ours = &mut self.contact.ours;
        let number = ours.next_archive;
        let previous = ours.archives.last().map(|archive| archive.number);
        let guids = items.iter().filter_map(|item| item.guid().ok()).collect();
        let channel = frame::archive(&self.locked.config, &ours.token, number, previous, items)?;
        ours.next_archive = number.saturating_add(1);
        ours.archives.push(Archive { number, items: guids });
        self.prepared.archive = Some((number, channel));
        Ok(())
    }
}

/// Takes the oldest items off a list that has the newest first: half a feed stays, and the head;
/// at most one archive full goes, and the rest with the next rewriting.
fn split_oldest(items: &mut Vec<FeedItem>) -> Vec<FeedItem> {
    let mut size = 0;
    let stay = items.iter().enumerate().take_while(|(index, item)| {
        size += item.write().len();
        *index == 0 || size <= limits::FEED_BEFORE_ARCHIVING / 2
    });
    let stay = stay.count();
    let mut size = FRAME;
    let fit = items.iter().skip(stay).rev().take_while(|item| {
        size += item.write().len();
        size <= limits::FEED_WRITTEN
    });
    let fit = fit.count();
    items.split_off(items.len().saturating_sub(fit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(sizes: &[usize]) -> Vec<FeedItem> {
        let item =
            |size: &usize| FeedItem { description: Some("x".repeat(*size)), ..FeedItem::default() };
        sizes.iter().map(item).collect()
    }

    #[test]
    fn the_head_stays_however_large_it_is() {
        let mut feed = items(&[100_000, 1_000]);
        assert_eq!(split_oldest(&mut feed).len(), 1);
        assert_eq!(feed.len(), 1);
    }

    #[test]
    fn half_a_feed_stays_and_one_archive_full_goes() {
        let mut feed = items(&[10_000; 50]);
        let oldest = split_oldest(&mut feed);
        assert_eq!((oldest.len(), feed.len()), (25, 25));
        assert_eq!(split_oldest(&mut feed).len(), 22);
        assert_eq!(feed.len(), 3);
    }
}
