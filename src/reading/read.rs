//! Reading the feeds of contacts: many at once, and one failure stops nobody else.

use std::collections::HashSet;

use super::archives::{archived, archives_before};
use super::certificate::refresh_certificate;
use super::intake::{self, Outcome, Source};
use super::out_of_reach::{Trouble, not_reached, paused};
use super::reached::reached;
use crate::error::{Error, Kind};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::{limits, time};
use crate::session::run::Run;
use crate::session::web::fetch::{self, Wish};
use crate::session::web::network::Network;
use crate::session::web::witnesses::Weighed;
use crate::store::contact::entry::{Contact, Http};
use crate::store::disk::home::Home;
use crate::transport::client::{Answer, Conditions, Document, Failure};
use jiff::Timestamp;

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All of them, now: somebody wants to know.
    AtOnce,
    /// Those whose hosts have answered by something that is no feed only after a pause.
    InTime,
}

/// Reads the feeds of the contacts called `names`; blocked ones are passed over. What fails is
/// reported, and the rest goes on. Returns the names of those for whom our own feed changed.
///
/// # Errors
/// When the settings are wrong.
pub fn read(run: &mut Run, names: &[String], ask: Ask) -> Result<Vec<String>, Error> {
    let client = run.network.client()?;
    let Wishes { wishes, waiting: mut unreachable, newest_signature } = wishes(run, names, ask);
    let (mut rewritten, asked) = (Vec::new(), wishes.len().saturating_add(unreachable));
    let answers = fetch::all(&client, wishes, limits::FEED);
    for fetched in Weighed::new(run, newest_signature, answers) {
        let name = fetched.name;
        let done = match answered(&name, fetched.answer) {
            Ok(Some((document, channel))) => take_in(run, &name, &document, &channel),
            Ok(None) => unchanged(run, &name),
            Err(trouble) => {
                unreachable = unreachable.saturating_add(1);
                not_reached(&run.identity, &mut run.talk, run.clock.now(), &name, trouble)
                    .map(|()| false)
            }
        };
        match done {
            Ok(true) => rewritten.push(name),
            Ok(false) => {}
            Err(error) => run.talk.report(&error),
        }
    }
    if asked > 0 && unreachable == asked {
        run.talk.blame(Kind::Network);
    }
    Ok(rewritten)
}

/// The feed that the host has answered with; nothing if that is what it was.
pub(super) fn answered(
    name: &str,
    answer: Result<Answer, Failure>,
) -> Result<Option<(Document, Channel)>, Trouble> {
    match answer {
        Ok(Answer::Unchanged) => Ok(None),
        Ok(Answer::Document(document)) => match Channel::parse_ours(&document.bytes) {
            Ok(channel) => Ok(Some((document, channel))),
            Err(cause) => Err(Trouble::no_feed(name, &document, &cause)),
        },
        Err(failure) => Err(Trouble::of(name, failure)),
    }
}

/// The feeds to ask for.
#[derive(Default)]
struct Wishes {
    wishes: Vec<Wish>,
    /// The number of contacts whose host is not asked before a pause is over.
    waiting: usize,
    /// The newest signature of any of them that was verified.
    newest_signature: Option<Timestamp>,
}

/// The feeds to ask for. A contact whose files are damaged is reported, and stops nobody else.
fn wishes(run: &mut Run, names: &[String], ask: Ask) -> Wishes {
    let mut all = Wishes::default();
    for name in names {
        let contact = match Contact::load(&run.identity.home, name) {
            Ok(contact) if contact.blocked => continue,
            Ok(contact) => contact,
            Err(error) => {
                run.talk.report(&error.into());
                continue;
            }
        };
        all.newest_signature = all.newest_signature.max(contact.theirs.signed);
        let pause = paused(&contact.http, run.now()).filter(|_| ask == Ask::InTime);
        if let Some(until) = pause {
            all.waiting = all.waiting.saturating_add(1);
            let (seen, until) = (contact.http.failure.unwrap_or_default(), time::canonical(until));
            let text = format!("the feed of `{name}` is asked for after {until} again: {seen}");
            run.talk.mention(&format!("{text}\nhint: at once: cloudim poll {name}"), false);
            continue;
        }
        all.wishes.push(wish(name, contact));
    }
    all
}

/// Notes that the feed is what it was. Returns whether our own feed changed.
pub(super) fn unchanged(run: &mut Run, name: &str) -> Result<bool, Error> {
    let (now, Run { identity, keys, talk, .. }) = (run.now(), run);
    reached(identity, keys, talk, now, name)
}

/// The feed of `contact`, which is called `name`, unless it is what it was.
pub(super) fn wish(name: &str, contact: Contact) -> Wish {
    let Http { etag, last_modified, .. } = contact.http;
    let conditions = Conditions { etag, last_modified, no_cache: false };
    Wish { name: name.to_owned(), url: contact.feed, conditions }
}

/// Takes in what was fetched, and the archives that hold what is missing. Returns whether our own
/// feed changed.
fn take_in(
    run: &mut Run,
    name: &str,
    document: &Document,
    channel: &Channel,
) -> Result<bool, Error> {
    let (now, Run { identity, network, talk, .. }) = (run.now(), &mut *run);
    refresh_certificate(identity, network, talk, now, name, channel)?;
    let archives = archives_before(&identity.home, network, talk, name, channel)?;
    let mut outcome = stored(run, name, document, channel, &archives)?;
    let mut rewritten = outcome.rewritten;
    let fresh =
        if outcome.stale { uncached(&run.identity.home, &run.network, name)? } else { None };
    if let Some((fresh, channel)) = fresh {
        outcome = stored(run, name, &fresh, &channel, &[])?;
        rewritten |= outcome.rewritten;
    }
    Ok(walk(run, name, outcome)? || rewritten)
}

/// Walks down the archives after what is missing. Returns whether our own feed changed.
fn walk(run: &mut Run, name: &str, mut outcome: Outcome) -> Result<bool, Error> {
    let (mut rewritten, mut walked) = (false, HashSet::new());
    while let Some(archive) = outcome
        .archive
        .take()
        .filter(|url| walked.len() < limits::ARCHIVES && walked.insert(url.clone()))
    {
        let (now, Run { identity, keys, network, talk, .. }) = (run.now(), &mut *run);
        let Some(document) = archived(network, talk, name, &archive) else { break };
        let source = Source { is_archive: true, http: None };
        outcome = intake::take_in(identity, keys, talk, now, name, &document.bytes, source)?;
        rewritten |= outcome.rewritten;
    }
    Ok(rewritten)
}

fn stored(
    run: &mut Run,
    name: &str,
    document: &Document,
    channel: &Channel,
    archives: &[Channel],
) -> Result<Outcome, Error> {
    let source = source_of(document);
    let chain: Vec<&Channel> = std::iter::once(channel).chain(archives).collect();
    let (now, Run { identity, keys, talk, .. }) = (run.now(), run);
    intake::take_in_chain(identity, keys, talk, now, name, &chain, source)
}

/// What is remembered of a `document` that was fetched as the feed itself.
pub(super) fn source_of(document: &Document) -> Source {
    let (etag, last_modified) = (document.etag.clone(), document.last_modified.clone());
    Source { is_archive: false, http: Some(Http { etag, last_modified, ..Http::default() }) }
}

/// The feed as the host has it, past the caches on the way, if it is to be had.
fn uncached(
    home: &Home,
    network: &Network,
    name: &str,
) -> Result<Option<(Document, Channel)>, Error> {
    let feed = Contact::load(home, name)?.feed;
    let conditions = Conditions { no_cache: true, ..Conditions::default() };
    let answer = network.client()?.get(&feed, limits::FEED, &conditions);
    Ok(answered(name, answer).ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::store::contact::failing::Vain;
    use crate::writing::testing::{acquaint, acquainted};

    #[test]
    fn a_blocked_contact_is_not_asked_and_a_damaged_one_stops_nobody() {
        let (mut john, _) = acquainted();
        for name in ["Eve", "Bob"] {
            acquaint(&mut john, &mut Person::called(name));
        }
        john.update("bob", |bob| bob.blocked = true);
        std::fs::write(john.home().contact("eve").join("contact.toml"), "damaged").unwrap();
        john.update("mary", |mary| mary.http.etag = Some("a".to_owned()));
        let names = ["bob", "eve", "mary"].map(str::to_owned);
        let Wishes { wishes, waiting, .. } = wishes(&mut john.run, &names, Ask::AtOnce);
        let ([wish], 0) = (&wishes[..], waiting) else { panic!() };
        let mary = john.contact("mary");
        assert_eq!((wish.name.as_str(), &wish.url), ("mary", &mary.feed));
        assert_eq!(wish.conditions.etag, mary.http.etag);
        assert!(john.heard().contains("eve"));
        assert!(john.run.talk.verdict().is_err());
    }

    #[test]
    fn a_host_that_sends_no_feed_is_asked_in_time_or_at_once() {
        let (mut john, _) = acquainted();
        let last = john.now();
        john.update("mary", |mary| mary.http.no_feed = Some(Vain { times: 99, last }));
        let mut asked = |ask| {
            let Wishes { wishes, waiting, .. } = wishes(&mut john.run, &["mary".to_owned()], ask);
            (wishes.len(), waiting)
        };
        assert_eq!(asked(Ask::AtOnce), (1, 0));
        assert_eq!(asked(Ask::InTime), (0, 1));
        assert!(john.heard().contains("hint: at once: cloudim poll mary"));
        john.wait(1);
        let Wishes { wishes, waiting, .. } =
            wishes(&mut john.run, &["mary".to_owned()], Ask::InTime);
        assert_eq!((wishes.len(), waiting), (1, 0));
    }
}
