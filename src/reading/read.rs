//! Reading the feeds of contacts: many at once, and one failure stops nobody else.

use super::archives::{Walk, archives_before};
use super::ask::Ask;
use super::certificate::refresh_certificate;
use super::intake::{self, Source};
use super::judged::Outcome;
use super::opening::allowance::{Allowance, Effort};
use super::reached::reached;
use super::troubles::out_of_reach::{Trouble, not_reached, paused};
use crate::error::{Error, Kind};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::{limits, time};
use crate::session::run::Run;
use crate::session::web::fetch::{self, Wish};
use crate::session::web::network::Network;
use crate::session::web::witnesses::Weighed;
use crate::store::contact::entry::{Contact, Http};
use crate::store::contact::failing::{Pace, Vain};
use crate::store::disk::home::Home;
use crate::transport::client::{Answer, Conditions, Document, Failure};
use jiff::{SignedDuration, Timestamp};
use rand::RngCore;

/// How often a copy is read again that is old, or of which not all was to be had.
const AGAIN: Pace =
    Pace { free: 0, first: SignedDuration::from_mins(4), longest: SignedDuration::from_hours(6) };

/// Reads the feeds of the contacts called `names`; blocked ones are passed over. What fails is
/// reported, and the rest goes on. Returns the names of those for whom our own feed changed.
///
/// # Errors
/// When the settings are wrong.
pub fn read(run: &mut Run, names: &[String], ask: Ask) -> Result<Vec<String>, Error> {
    let client = run.network.client()?;
    let Wishes { wishes, waiting: mut unreachable, newest_signature } = wishes(run, names, ask);
    let (mut rewritten, asked) = (Vec::new(), wishes.len().saturating_add(unreachable));
    let mut allowance = Allowance::new(run.keys.rng.next_u64(), run.now());
    let answers = fetch::all(&client, run.network.most_at_once(), wishes, limits::FEED);
    for fetched in Weighed::new(run, newest_signature, answers) {
        let name = fetched.name;
        let done = match answered(&name, fetched.answer) {
            Ok(Some((document, channel))) => allowance
                .for_one(run.now(), |left| take_in(run, &name, &document, &channel, ask, left)),
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
            Err(error) => run.talk.report_daily(&error),
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
                run.talk.report_daily(&error.into());
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
        let again = is_read_again(run, &contact.http, ask);
        let mut wish = wish(name, contact);
        // News that was announced, or that the user waits for, may not wait in a cache.
        wish.conditions.no_cache = ask != Ask::InTime;
        if again {
            wish.conditions = Conditions::past_caches();
        }
        all.wishes.push(wish);
    }
    all
}

/// Notes that the feed is what it was. Returns whether our own feed changed.
pub(super) fn unchanged(run: &mut Run, name: &str) -> Result<bool, Error> {
    let (now, Run { identity, keys, talk, .. }) = (run.now(), run);
    reached(identity, keys, talk, now, name)
}

/// Returns whether the copy that is known is to be read again now, whatever the host says of it.
fn is_read_again(run: &Run, http: &Http, ask: Ask) -> bool {
    let has_other_keys = |keys: Hash| run.keys.hash().is_ok_and(|now| now != keys);
    let is_due = |vain: Vain| ask == Ask::ByUser || vain.is_due(AGAIN, run.now());
    http.unopened.is_some_and(has_other_keys) || http.again.is_some_and(is_due)
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
    ask: Ask,
    effort: &mut Effort,
) -> Result<bool, Error> {
    let contact = Contact::load(&run.identity.home, name)?;
    let http = &contact.http;
    let read_again = is_read_again(run, http, ask);
    let is_known = http.copy.is_some_and(|copy| copy == Hash::of(&document.bytes));
    if is_known && !read_again {
        // A host that knows of no conditions sends the same again.
        return unchanged(run, name);
    }
    let in_time = http.again.is_none() || read_again;
    let has_key = refresh_certificate(run, name, channel, in_time)?;
    let mut walk = Walk::begin(&contact, run.now(), ask, effort.patience);
    let archives = archives_before(run, name, channel, &mut walk)?;
    let marks = Marks { in_time, has_key };
    let mut outcome = stored(run, name, document, channel, &archives, marks, effort)?;
    let mut rewritten = outcome.rewritten;
    let fresh = if outcome.stale && http.again.is_none() {
        uncached(&run.identity.home, &run.network, name)?
    } else {
        None
    };
    if let Some((fresh, channel)) = fresh {
        let again = stored(run, name, &fresh, &channel, &[], marks, effort)?;
        outcome = Outcome { has_news: outcome.has_news || again.has_news, ..again };
        rewritten |= outcome.rewritten;
    }
    Ok(go_back(run, name, outcome, walk, effort)? || rewritten)
}

/// Walks down the archives after what is missing. Returns whether our own feed changed.
fn go_back(
    run: &mut Run,
    name: &str,
    mut outcome: Outcome,
    mut walk: Walk,
    effort: &mut Effort,
) -> Result<bool, Error> {
    let mut rewritten = false;
    if outcome.has_news {
        walk.has_brought_news();
    }
    while let Some(url) = outcome.archive.take() {
        let Some((archive, _)) = walk.read(run, name, &url)? else { break };
        let Effort { budget, seed, .. } = *effort;
        let source = Source { is_archive: true, budget, seed, ..Source::default() };
        let (now, Run { identity, keys, talk, .. }) = (run.now(), &mut *run);
        outcome = intake::take_in_chain(identity, keys, talk, now, name, &[&archive], source)?;
        effort.budget = outcome.left;
        rewritten |= outcome.rewritten;
        if outcome.has_news {
            walk.has_brought_news();
        }
    }
    walk.end(run, name)?;
    Ok(rewritten)
}

/// How a copy was come by.
#[derive(Clone, Copy)]
struct Marks {
    in_time: bool,
    has_key: bool,
}

fn stored(
    run: &mut Run,
    name: &str,
    document: &Document,
    channel: &Channel,
    archives: &[Channel],
    marks: Marks,
    effort: &mut Effort,
) -> Result<Outcome, Error> {
    let (Marks { in_time, has_key }, Effort { budget, seed, .. }) = (marks, *effort);
    let source = Source { in_time, lacks_key: !has_key, budget, seed, ..source_of(document) };
    let chain: Vec<&Channel> = std::iter::once(channel).chain(archives).collect();
    let (now, Run { identity, keys, talk, .. }) = (run.now(), run);
    let outcome = intake::take_in_chain(identity, keys, talk, now, name, &chain, source)?;
    effort.budget = outcome.left;
    Ok(outcome)
}

/// What is remembered of a `document` that was fetched as the feed itself.
pub(super) fn source_of(document: &Document) -> Source {
    let (etag, last_modified) = (document.etag.clone(), document.last_modified.clone());
    let says_nothing = etag.is_none() && last_modified.is_none();
    let copy = says_nothing.then(|| Hash::of(&document.bytes));
    let http = Some(Http { etag, last_modified, copy, ..Http::default() });
    Source { http, ..Source::default() }
}

/// The feed as the host has it, past the caches on the way, if it is to be had.
fn uncached(
    home: &Home,
    network: &Network,
    name: &str,
) -> Result<Option<(Document, Channel)>, Error> {
    let feed = Contact::load(home, name)?.feed;
    let conditions = Conditions::past_caches();
    let answer = network.client()?.get(&feed, limits::FEED, &conditions);
    Ok(answered(name, answer).ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
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
        let Wishes { wishes, waiting, .. } = wishes(&mut john.run, &names, Ask::ByUser);
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
        assert_eq!(asked(Ask::ByUser), (1, 0));
        assert_eq!(asked(Ask::Soon), (1, 0));
        assert_eq!(asked(Ask::InTime), (0, 1));
        assert!(john.heard().contains("hint: at once: cloudim poll mary"));
        john.wait(1);
        let Wishes { wishes, waiting, .. } =
            wishes(&mut john.run, &["mary".to_owned()], Ask::InTime);
        assert_eq!((wishes.len(), waiting), (1, 0));
    }
}
