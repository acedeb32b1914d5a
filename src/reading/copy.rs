//! What is remembered of a copy of a contact's feed: by what it is known again, and when it is read
//! again although it is the same.

use super::intake::{Intake, Source};
use super::opening::documents::Documents;
use crate::error::Result;
use crate::protocol::feed::channel::Channel;
use crate::store::contact::entry::Http;
use crate::store::contact::failing::Vain;

impl Intake<'_> {
    /// Remembers what the host said of the copy, unless it has to be read again in any case: one at a
    /// place that the feed has left, or one with something in it that waits for the clock. An old
    /// copy, one whose archives are still to be read, and one that names a key which was not to be had
    /// are read again after pauses that grow until something new comes.
    pub(super) fn remember_copy(
        &mut self,
        documents: &Documents<'_>,
        source: &Source,
        unread: bool,
        has_news: bool,
    ) {
        let feed = documents.newest().filter(|_| !source.is_archive);
        let outdated = feed.is_some_and(|feed| self.has_outdated_certificate(feed.channel));
        if feed.is_some() && !self.stale && !outdated {
            self.contact.note_seen(self.now);
        }
        let is_vain = self.stale || unread || source.lacks_key || outdated;
        let forget = self.moved || self.again || self.waits_for_clock(documents);
        let (now, http) = (self.now, &mut self.contact.http);
        let (before, unopened) = (http.again, http.unopened);
        let again = match (has_news, before) {
            _ if !is_vain => None,
            (false, Some(before)) if !source.in_time => Some(before),
            (news, before) => Some(Vain::once_more(before.filter(|_| !news), now)),
        };
        match source.http.clone() {
            Some(said) => {
                *http = Http { again, unopened, ..if forget { Http::default() } else { said } };
            }
            // It came by another way: what the host said is about another copy.
            None if !source.is_archive => {
                (http.etag, http.last_modified, http.copy, http.again) = (None, None, None, again);
            }
            // With the last archive that was to be read, nothing is missing any more.
            None if !unread && self.contact.key_failing.is_none() => http.again = None,
            None => {}
        }
    }

    /// Notes by which keys something in the copy was not to be opened.
    pub(super) fn remember_keys(&mut self, documents: &Documents<'_>) -> Result<()> {
        let waits = self.verdicts.unopened().any(|guid| documents.have(guid));
        let unopened = if waits { Some(self.keys.hash()?) } else { None };
        if unopened.is_some() || self.verdicts.unopened().next().is_none() {
            self.contact.http.unopened = unopened;
        }
        Ok(())
    }

    /// Returns whether `channel` names another version of the pinned certificate than we have taken.
    fn has_outdated_certificate(&self, channel: &Channel) -> bool {
        let named = channel.key.as_ref().filter(|key| key.fingerprint == self.contact.fingerprint);
        named.is_some_and(|key| key.hash.is_some() && key.hash != self.contact.key_hash)
    }

    fn waits_for_clock(&self, documents: &Documents<'_>) -> bool {
        self.verdicts.early().any(|guid| documents.have(guid))
    }
}
