//! Archives: where the oldest items go when the feed has grown too long (RFC 5005).

use super::items::Rewriting;
use crate::error::Result;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::store::contact::own_feed::Archive;
use crate::store::identity::own_urls;
use crate::writing::content::frame;

/// Room for what an archive has besides its items.
const FRAME: usize = 2_048;

impl Rewriting<'_> {
    /// Moves the oldest items into a new archive if the feed is too long, and links to the newest.
    pub(in crate::writing) fn archive_oldest(&mut self) -> Result<()> {
        // More than one at a time only where a feed was rebuilt whose archives were lost.
        while self.prepared.channel.write().len() > limits::FEED_BEFORE_ARCHIVING {
            let oldest = split_oldest(&mut self.prepared.channel.items);
            if oldest.is_empty() {
                break;
            }
            self.archive(oldest)?;
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
        let file = channel.write();
        ours.archives.push(Archive { number, items: guids, file: Some(Hash::of(file.as_bytes())) });
        self.prepared.archives.push((number, file));
        Ok(())
    }
}

/// Takes the oldest items off a list that has the newest first: half a feed stays, and the head;
/// at most one archive full goes at a time.
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
    use crate::protocol::feed::channel::Channel;
    use crate::store::disk::atomic;
    use crate::writing::testing::{acquainted, pin, rewrite, write};

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

    fn guids(items: &[FeedItem]) -> Vec<String> {
        items.iter().filter_map(|item| item.guid.clone()).collect()
    }

    #[test]
    fn a_feed_that_is_too_long_gives_its_oldest_items_to_an_archive_and_links_to_it() {
        let (mut john, mut mary) = acquainted();
        let mut written = Vec::new();
        while john.contact("mary").ours.archives.len() < 2 {
            let (now, before) = (john.now(), john.feed("mary"));
            write(&mut john, "mary", &"x".repeat(10_000));
            written.insert(0, john.feed("mary").items[0].guid.clone().unwrap());
            assert!(written.len() < 30 && before.items.len() < 30, "{now}");
        }
        let (home, ours) = (john.home(), john.contact("mary").ours);
        let archive = |number| {
            let bytes = atomic::read(&home.archive(&ours.token, number)).unwrap().unwrap();
            Channel::parse(&bytes).unwrap()
        };
        let (feed, second, first) = (john.feed("mary"), archive(2), archive(1));
        let url =
            |number| own_urls::archive_url(&john.run.identity.config, &ours.token, number).ok();
        assert_eq!((&feed.prev_archive, &second.prev_archive), (&url(2), &url(1)));
        assert_eq!(first.prev_archive, None);
        assert!(feed.write().len() <= limits::FEED_WRITTEN);
        let all = [feed.items, second.items, first.items].map(|items| guids(&items)).concat();
        assert_eq!(all, written);
        // Another subkey makes all of them items of the feed again, and nothing is lost.
        mary.rotate();
        pin(&john, "mary", &mary);
        for _ in 0..5 {
            rewrite(&mut john, "mary").unwrap();
        }
        let ours = john.contact("mary").ours;
        let mut all = guids(&john.feed("mary").items);
        for archive in ours.archives.iter().rev() {
            all.extend(archive.items.iter().map(|guid| guid.to_string()));
        }
        assert_eq!(all, written);
    }
}
