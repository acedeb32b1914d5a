//! Archives: what no longer stands in the feed itself (RFC 5005).

use std::collections::HashSet;
use std::time::Duration;

use super::ask::Ask;
use super::troubles::out_of_reach::{self, Part};
use crate::error::{Context, Error, Result};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::run::Run;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store::contact::entry::Contact;
use crate::store::contact::failing::{Pace, Vain};
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::transport::client::{Answer, Conditions, Failure};
use jiff::{SignedDuration, Timestamp};

/// Bytes of archives that are taken in together with the feed.
const TOGETHER: usize = 16 << 20;
/// Archives in a row that bring nothing, and are read at any time.
const NEAR: usize = 16;
/// Bytes of archives in a row that bring nothing, and are read at any time.
const NEAR_BYTES: usize = 16 << 20;
/// Bytes of archives in a row that bring nothing, at most.
const FAR_BYTES: usize = 128 << 20;
/// How often more than these are read.
const FAR: Pace =
    Pace { free: 0, first: SignedDuration::from_mins(10), longest: SignedDuration::from_hours(24) };
/// The time that the archives of one contact may take in one round.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// The time that they may take where they took it all the last time, or others have taken it.
pub(super) const HURRY: SignedDuration = SignedDuration::from_secs(2);

/// The least time for a request: none at all would be no limit.
const LEAST: Duration = Duration::from_millis(1);

/// One way back through the archives of a contact. Whoever writes them chooses how many there are, and
/// each costs a request: a long way that brings nothing is gone again only after a pause.
pub(super) struct Walk {
    read: HashSet<Url>,
    /// How many archives in a row brought nothing.
    vain: usize,
    /// Their bytes.
    vain_bytes: usize,
    far: Far,
    ends: Timestamp,
    /// Whether it ended for want of time.
    is_late: bool,
    has_news: bool,
    failure: Option<Error>,
}

/// Whether more than the near archives may be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Far {
    /// Not before the pause is over.
    Later,
    /// Yes, and that is yet to be noted.
    Due,
    /// Yes, as is noted.
    Noted,
}

impl Walk {
    /// A way back for `contact`, which begins at `now` because of `ask`, and may take `patience`.
    pub(super) fn begin(
        contact: &Contact,
        now: Timestamp,
        ask: Ask,
        patience: SignedDuration,
    ) -> Self {
        let walked = contact.theirs.walked;
        let is_due = ask == Ask::ByUser || walked.is_none_or(|vain| vain.is_due(FAR, now));
        let patience = if is_due { patience } else { patience.min(HURRY) };
        Self {
            read: HashSet::new(),
            vain: 0,
            vain_bytes: 0,
            far: if is_due { Far::Due } else { Far::Later },
            ends: now.checked_add(patience).unwrap_or(now),
            is_late: false,
            has_news: false,
            failure: None,
        }
    }

    /// The archive at `url` and its size, if it is there and is to be read. One that is gone ends the
    /// walk, one out of reach is tried again.
    pub(super) fn read(
        &mut self,
        run: &Run,
        name: &str,
        url: &Url,
    ) -> Result<Option<(Channel, usize)>> {
        let left = self.ends.duration_since(run.now());
        self.is_late |= left.is_negative();
        let goes_on = self.read.len() < limits::ARCHIVES
            && self.vain_bytes < FAR_BYTES
            && !left.is_negative();
        if !goes_on || !self.read.insert(url.clone()) || !self.may_go_far(run, name)? {
            return Ok(None);
        }
        self.vain = self.vain.saturating_add(1);
        let left = left.unsigned_abs().max(LEAST);
        let found = archive(&run.network, name, url, left).unwrap_or_else(|error| {
            self.failure = Some(error);
            None
        });
        self.is_late |= run.now() > self.ends;
        let bytes = found.as_ref().map_or(0, |(_, bytes)| *bytes);
        self.vain_bytes = self.vain_bytes.saturating_add(bytes);
        Ok(found)
    }

    /// A long way is noted before it is gone: whoever kills the run must not make it free.
    fn may_go_far(&mut self, run: &Run, name: &str) -> Result<bool> {
        let is_near = self.vain < NEAR && self.vain_bytes < NEAR_BYTES;
        if is_near || self.far == Far::Noted {
            return Ok(true);
        }
        if self.far == Far::Later {
            return Ok(false);
        }
        self.far = Far::Noted;
        let locked = run.identity.lock_although_copied(run.now())?;
        let mut contact = Contact::load(&locked.home, name)?;
        let walked = &mut contact.theirs.walked;
        *walked = Some(Vain::once_more(*walked, locked.now));
        contact.save(&locked, name)?;
        Ok(true)
    }

    /// What was read last brought something new.
    pub(super) fn has_brought_news(&mut self) {
        (self.vain, self.vain_bytes, self.has_news) = (0, 0, true);
    }

    /// Notes at its end whether an archive was out of reach, and that it was not in vain, or took all its
    /// time.
    pub(super) fn end(self, run: &mut Run, name: &str) -> Result<()> {
        if !self.read.is_empty() {
            out_of_reach::note(run, name, Part::Archive, self.failure)?;
        }
        let was_late = self.is_late && !self.has_news && self.far == Far::Due;
        if was_late || (self.far == Far::Noted && self.has_news) {
            let locked = run.identity.lock_although_copied(run.now())?;
            let mut contact = Contact::load(&locked.home, name)?;
            let before = contact.theirs.walked.filter(|_| was_late);
            contact.theirs.walked = Some(Vain::once_more(before, locked.now));
            contact.save(&locked, name)?;
        }
        Ok(())
    }
}

/// The archives to take in together with `channel`, newest first: as long as the oldest item is
/// one that we do not have, the archive before it may hold more. What is too much for one time
/// comes by the walk after what is missing.
pub(super) fn archives_before(
    run: &Run,
    name: &str,
    channel: &Channel,
    walk: &mut Walk,
) -> Result<Vec<Channel>> {
    let mut archives: Vec<Channel> = Vec::new();
    if channel.prev_archive.is_none() {
        return Ok(archives);
    }
    let known = Known::load(&Messages::of(&run.identity.home, name))?;
    let reaches_back = |channel: &Channel| {
        let oldest = channel.items.iter().rfind(|item| item.is_sealed());
        !oldest.is_some_and(|item| item.guid().is_ok_and(|guid| known.has(guid)))
    };
    let mut size: usize = 0;
    while size <= TOGETHER {
        let oldest = archives.last().unwrap_or(channel);
        let Some(url) = oldest.prev_archive.clone().filter(|_| reaches_back(oldest)) else { break };
        let Some((archive, bytes)) = walk.read(run, name, &url)? else { break };
        size = size.saturating_add(bytes);
        archives.push(archive);
    }
    Ok(archives)
}

/// The archive at `url`, which has to be here after `left`; nothing if it is gone.
fn archive(
    network: &Network,
    name: &str,
    url: &Url,
    left: Duration,
) -> Result<Option<(Channel, usize)>> {
    let what = format!("an archive of `{name}`");
    match network.client()?.within(left).get(url, limits::FEED, &Conditions::default()) {
        Ok(Answer::Document(document)) => {
            let archive = Channel::parse_each(&document.bytes);
            let archive = archive.or_cannot(|| format!("cannot read {what}"))?;
            Ok(Some((archive, document.bytes.len())))
        }
        Ok(Answer::Unchanged) | Err(Failure::NotFound) => Ok(None),
        Err(failure) => Err(fetch::failed(&what, failure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::feed::channel::FeedItem;
    use crate::protocol::values::guid::Guid;
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

    fn begin(john: &Person, ask: Ask) -> Walk {
        Walk::begin(&john.contact("mary"), john.now(), ask, PATIENCE)
    }

    fn walk(john: &mut Person, channel: &Channel) -> usize {
        let mut walk = begin(john, Ask::InTime);
        let archives = archives_before(&john.run, "mary", channel, &mut walk).unwrap();
        walk.end(&mut john.run, "mary").unwrap();
        archives.len()
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
    fn an_archive_that_is_gone_or_broken_ends_the_walk_and_the_latter_is_noted() {
        let (host, mut john) = (Host::start(), john_with(9));
        host.put("a", channel(&host, 1, Some("gone")).write());
        host.put("b", "<html/>");
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("a"))), 1);
        assert_eq!((john.heard().as_str(), john.contact("mary").archive_failing), ("", None));
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("b"))), 0);
        assert!(john.heard().starts_with("warning: cannot read an archive of `mary`: not RSS"));
        assert!(john.contact("mary").archive_failing.is_some());
        john.run.talk.verdict().unwrap();
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("a"))), 1);
        assert_eq!(john.contact("mary").archive_failing, None);
    }

    #[test]
    fn an_archive_where_we_may_not_read_is_reported() {
        let (host, mut john) = (Host::start(), john_with(9));
        john.set("");
        assert_eq!(walk(&mut john, &channel(&host, 3, Some("a"))), 0);
        assert!(john.heard().contains("an archive of `mary`"));
        assert!(host.asked().is_empty());
    }

    /// A host with so many archives, of which none holds anything that John can take.
    fn chain(length: u64) -> (Host, Channel) {
        let host = Host::start();
        for number in 1..length {
            host.put(
                &format!("{number}"),
                channel(&host, 100, Some(&format!("{}", number + 1))).write(),
            );
        }
        host.put(&format!("{length}"), channel(&host, 100, None).write());
        let feed = channel(&host, 100, Some("1"));
        (host, feed)
    }

    #[test]
    fn a_long_way_that_brings_nothing_is_gone_again_after_pauses_that_grow() {
        let ((host, feed), mut john) = (chain(40), john_with(9));
        let mut asked = |hours: i64| {
            john.wait(hours);
            walk(&mut john, &feed);
            host.asked().len()
        };
        let asked = [0, 0, 1, 0, 1, 0, 1, 1].map(&mut asked);
        assert_eq!(asked, [40, 16, 40, 16, 40, 16, 40, 16]);
        assert_eq!(john.contact("mary").theirs.walked.map(|vain| vain.times), Some(4));
    }

    #[test]
    fn a_way_that_brings_something_may_be_as_long_as_it_is() {
        let ((host, feed), mut john) = (chain(40), john_with(9));
        let now = john.now();
        john.update("mary", |mary| mary.theirs.walked = Some(Vain { times: 5, last: now }));
        let mut walk = begin(&john, Ask::InTime);
        let mut next = feed.prev_archive.clone();
        while let Some(url) = next {
            let (archive, _) = walk.read(&john.run, "mary", &url).unwrap().unwrap();
            walk.has_brought_news();
            next = archive.prev_archive;
        }
        walk.end(&mut john.run, "mary").unwrap();
        assert_eq!(host.asked().len(), 40);
        assert_eq!(john.contact("mary").theirs.walked.map(|vain| vain.times), Some(5));
    }

    #[test]
    fn a_slow_host_ends_the_walk_and_the_user_s_word_makes_it_far() {
        let ((host, feed), mut john) = (chain(40), john_with(9));
        let now = john.now();
        john.update("mary", |mary| mary.theirs.walked = Some(Vain { times: 5, last: now }));
        let mut walk = begin(&john, Ask::ByUser);
        let url = feed.prev_archive.clone().unwrap();
        assert_eq!(archives_before(&john.run, "mary", &feed, &mut walk).unwrap().len(), 40);
        john.wait(1);
        let mut walk = Walk { ends: now, ..begin(&john, Ask::ByUser) };
        assert!(walk.read(&john.run, "mary", &url).unwrap().is_none());
        assert_eq!(host.asked().len(), 40);
    }

    #[test]
    fn large_archives_that_bring_nothing_are_read_by_their_bytes() {
        let (host, john) = (Host::start(), john_with(9));
        for number in 1..=6 {
            let archive = channel(&host, 100, Some(&format!("{}", number + 1))).write();
            let large = format!("{archive}{}", " ".repeat(limits::FEED - archive.len()));
            host.put(&format!("{number}"), large);
        }
        let feed = channel(&host, 100, Some("1"));
        let now = john.now();
        john.update("mary", |mary| mary.theirs.walked = Some(Vain { times: 5, last: now }));
        let mut walk = begin(&john, Ask::InTime);
        let mut next = feed.prev_archive.clone();
        while let Some(url) = next {
            next = walk.read(&john.run, "mary", &url).unwrap().and_then(|(it, _)| it.prev_archive);
        }
        assert_eq!(host.asked().len(), NEAR_BYTES.div_ceil(limits::FEED));
    }

    #[test]
    fn a_host_that_takes_all_the_time_has_little_of_it_until_a_pause_is_over() {
        let ((host, feed), mut john) = (chain(3), john_with(9));
        let url = feed.prev_archive.clone().unwrap();
        let mut walk = begin(&john, Ask::InTime);
        assert!(walk.ends.duration_since(john.now()) == PATIENCE);
        john.wait(1);
        assert!(walk.read(&john.run, "mary", &url).unwrap().is_none());
        walk.end(&mut john.run, "mary").unwrap();
        assert_eq!(john.contact("mary").theirs.walked.map(|vain| vain.times), Some(1));
        let walk = begin(&john, Ask::InTime);
        assert!(walk.ends.duration_since(john.now()) == HURRY);
        assert!(begin(&john, Ask::ByUser).ends.duration_since(john.now()) == PATIENCE);
        john.wait(1);
        assert!(begin(&john, Ask::InTime).ends.duration_since(john.now()) == PATIENCE);
        assert!(host.asked().is_empty());
    }
}
