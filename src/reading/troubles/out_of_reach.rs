//! Notes on a feed that is out of reach: the host does not answer, or answers by something else.

use std::fmt::Display;

use crate::error::{Error, Kind, Result};
use crate::protocol;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::web::fetch;
use crate::store::contact::entry::{Contact, Http};
use crate::store::contact::failing::{Failing, Pace, Telling, Vain};
use crate::store::identity::own::Identity;
use crate::transport::client::{Document, Failure};
use jiff::{SignedDuration, Timestamp};

/// How often a host is asked that answers by something that is no feed: up to 5 MiB each time.
const NO_FEED: Pace =
    Pace { free: 5, first: SignedDuration::from_mins(10), longest: SignedDuration::from_hours(1) };

/// Why a contact's feed is out of reach.
pub(in crate::reading) struct Trouble {
    error: Error,
    /// Whether the host did answer, by something that is no feed.
    no_feed: bool,
}

impl Trouble {
    /// The request for the feed of the contact called `name` came to nothing.
    pub(in crate::reading) fn of(name: &str, failure: Failure) -> Self {
        let no_feed = failure.is_answer();
        let error = fetch::failed(&format!("the feed of `{name}`"), failure);
        Self { error: Error { kind: Kind::Network, ..error }, no_feed }
    }

    /// `document` came in the place of that feed, and is none, as `cause` says: a page to log in at, a
    /// parked domain, half a file.
    pub(in crate::reading) fn no_feed(
        name: &str,
        document: &Document,
        cause: &impl Display,
    ) -> Self {
        let (size, kind) = (document.bytes.len(), document.media_type.as_deref());
        let kind = kind.map(|kind| format!("{kind}, ")).unwrap_or_default();
        let seen = protocol::Error::malformed(format!("{cause} ({kind}{size} bytes)"));
        let message = format!("cannot read the feed of `{name}`");
        Self { error: Error::new(Kind::Network, message).because(seen), no_feed: true }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        trouble.error
    }
}

/// Notes that the feed of the contact called `name` is out of reach. That is a line of talk; it
/// counts for the exit status only after `unreachable_after`, and then once a day.
///
/// # Errors
/// When it cannot be noted.
pub(in crate::reading) fn not_reached(
    identity: &Identity,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    trouble: Trouble,
) -> Result<()> {
    let Trouble { error, no_feed } = trouble;
    let seen = error.source.as_ref().map(|source| format!("{source:#}")).unwrap_or_default();
    let locked = identity.lock_although_copied(now)?;
    let mut contact = Contact::load(&locked.home, name)?;
    let mut failing = contact.http.failing();
    // By a clock that is ahead nothing lasts longer.
    let (aged, patience) = (locked.aged(), locked.config.unreachable_after);
    let telling = Failing::note(&mut failing, seen, aged, patience);
    contact.http.set_failing(failing);
    contact.http.no_feed = no_feed.then(|| Vain::once_more(contact.http.no_feed, now));
    contact.save(&locked, name)?;
    match telling {
        Telling::Due => talk.report(&error.hint(format!(
            "if {name} has moved: ask for an invitation, then cloudim handshake receive FILE"
        ))),
        _ => talk.mention(&error.to_string(), telling == Telling::News),
    }
    Ok(())
}

/// What a contact hosts besides its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reading) enum Part {
    /// The certificate.
    Key,
    /// An archive of the feed.
    Archive,
}

impl Part {
    fn failing(self, contact: &mut Contact) -> &mut Option<Failing> {
        match self {
            Self::Key => &mut contact.key_failing,
            Self::Archive => &mut contact.archive_failing,
        }
    }
}

/// Notes whether `part` of what the contact called `name` hosts was out of reach, as [`not_reached`]
/// does for the feed.
///
/// # Errors
/// When it cannot be noted.
pub(in crate::reading) fn note(
    run: &mut Run,
    name: &str,
    part: Part,
    failure: Option<Error>,
) -> Result<()> {
    let locked = run.identity.lock_although_copied(run.clock.now())?;
    let mut contact = Contact::load(&locked.home, name)?;
    let failing = part.failing(&mut contact);
    let Some(error) = failure else {
        return match failing.take() {
            Some(_) => Ok(contact.save(&locked, name)?),
            None => Ok(()),
        };
    };
    let seen = error.source.as_ref().map_or(error.message.clone(), |cause| format!("{cause:#}"));
    let (aged, patience) = (locked.aged(), locked.config.unreachable_after);
    let telling = Failing::note(failing, seen, aged, patience);
    contact.save(&locked, name)?;
    match telling {
        Telling::Due => run.talk.report(&Error { kind: Kind::Network, ..error }),
        _ => run.talk.mention(&error.to_string(), telling == Telling::News),
    }
    Ok(())
}

/// The time at which the host that answers as `http` says is asked again, if that is not now.
pub(in crate::reading) fn paused(http: &Http, now: Timestamp) -> Option<Timestamp> {
    let vain = http.no_feed.filter(|vain| !vain.is_due(NO_FEED, now))?;
    Some(vain.until(NO_FEED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::writing::testing::acquainted;

    fn fail(person: &mut Person, failure: Failure) -> String {
        meet(person, Trouble::of("mary", failure))
    }

    fn meet(person: &mut Person, trouble: Trouble) -> String {
        let now = person.now();
        let Run { identity, talk, .. } = &mut person.run;
        not_reached(identity, talk, now, "mary", trouble).unwrap();
        person.heard()
    }

    fn page() -> Document {
        Document {
            bytes: b"<html/>".to_vec(),
            url: "https://mary.example/f/x.rss".parse().unwrap(),
            etag: None,
            last_modified: None,
            media_type: Some("text/html".to_owned()),
        }
    }

    #[test]
    fn who_is_out_of_reach_counts_after_a_day_and_then_once_a_day() {
        let (mut john, _) = acquainted();
        for (hours, counts) in
            [(0, false), (24, false), (1, true), (1, false), (22, false), (1, true)]
        {
            john.wait(hours);
            let heard = fail(&mut john, Failure::Unreachable("no route".to_owned()));
            assert_eq!(heard.starts_with("error: "), counts, "{heard}");
            assert_eq!(heard.starts_with("warning: "), !counts, "{heard}");
            let verdict = john.run.talk.verdict().err().map(|error| error.kind);
            assert_eq!(verdict, counts.then_some(Kind::Network));
            john.run.talk.forgive();
        }
    }

    #[test]
    fn whatever_a_host_does_it_is_out_of_reach_and_what_was_seen_is_kept() {
        let text = || "x".to_owned();
        let failures = [
            Failure::Refused("10.0.0.1 is not public".to_owned()),
            Failure::TooLarge(1),
            Failure::Coding("br".to_owned()),
            Failure::Redirects,
            Failure::NotFound,
            Failure::Status(500),
            Failure::Unreachable(text()),
        ];
        for failure in failures {
            let (mut john, _) = acquainted();
            let seen = failure.to_string();
            assert!(
                fail(&mut john, failure).starts_with("warning: cannot fetch the feed of `mary`")
            );
            john.run.talk.verdict().unwrap();
            let http = john.contact("mary").http;
            assert_eq!((http.failing_since, http.failure), (Some(john.now()), Some(seen)));
        }
    }

    #[test]
    fn a_page_in_the_place_of_the_feed_is_named() {
        let (mut john, _) = acquainted();
        let heard = meet(&mut john, Trouble::no_feed("mary", &page(), &"not RSS"));
        let words = "not RSS (text/html, 7 bytes)";
        assert_eq!(heard, format!("warning: cannot read the feed of `mary`: {words}\n"));
        assert_eq!(john.contact("mary").http.failure.as_deref(), Some(words));
    }

    #[test]
    fn a_host_that_sends_something_else_again_and_again_is_asked_less_often() {
        let (mut john, _) = acquainted();
        let pause = |john: &Person| {
            let until = paused(&john.contact("mary").http, john.now());
            until.map_or(0, |until| until.duration_since(john.now()).as_mins())
        };
        let pauses = [(); 9].map(|()| {
            meet(&mut john, Trouble::no_feed("mary", &page(), &"not RSS"));
            pause(&john)
        });
        assert_eq!(pauses, [0, 0, 0, 0, 0, 10, 20, 40, 60]);
        john.wait(1);
        assert_eq!(pause(&john), 0);
        fail(&mut john, Failure::NotFound);
        assert_eq!(john.contact("mary").http.no_feed, None, "that costs nobody much");
    }
}
