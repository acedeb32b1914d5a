//! Reading the feeds of contacts: many at once, and one failure stops nobody else.

use std::collections::HashSet;

use super::archives::{archived, archives_before};
use super::certificate::refresh_certificate;
use super::intake::{self, Outcome, Source};
use super::reached::{not_reached, reached};
use crate::error::{Context, Kind, Result};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::web::fetch::{self, Wish};
use crate::session::web::network::Network;
use crate::store::contact::entry::{Contact, Http};
use crate::store::disk::home::Home;
use crate::transport::client::{Answer, Conditions, Document};

/// Reads the feeds of the contacts called `names`; blocked ones are passed over. What fails is
/// reported, and the rest goes on. Returns the names of those for whom our own feed changed.
///
/// # Errors
/// When the settings are wrong.
pub fn read(run: &mut Run, names: &[String]) -> Result<Vec<String>> {
    let client = run.network.client()?;
    let (wishes, mut rewritten, mut unreachable) =
        (wishes(&run.identity.home, &mut run.talk, names), Vec::new(), 0);
    let asked = wishes.len();
    for fetched in fetch::all(&client, wishes, limits::FEED) {
        let name = fetched.name;
        let done = match fetched.answer {
            Ok(Answer::Document(document)) => take_in(run, &name, document),
            Ok(Answer::Unchanged) => reached(&run.identity, &mut run.keys, run.clock.now(), &name),
            Err(failure) => {
                unreachable += usize::from(failure.may_pass());
                not_reached(&run.identity, &mut run.talk, run.clock.now(), &name, failure)
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

/// The feeds to ask for. A contact whose files are damaged is reported, and stops nobody else.
fn wishes(home: &Home, talk: &mut Talk, names: &[String]) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for name in names {
        match Contact::load(home, name) {
            Ok(contact) if contact.blocked => {}
            Ok(contact) => {
                let Http { etag, last_modified, .. } = contact.http;
                let conditions = Conditions { etag, last_modified, no_cache: false };
                wishes.push(Wish { name: name.clone(), url: contact.feed, conditions });
            }
            Err(error) => talk.report(&error.into()),
        }
    }
    wishes
}

/// Takes in what was fetched, and the archives that hold what is missing. Returns whether our own
/// feed changed.
fn take_in(run: &mut Run, name: &str, document: Document) -> Result<bool> {
    let unreadable = || format!("cannot read the feed of `{name}`");
    let channel = Channel::parse(&document.bytes).or_cannot(unreadable)?;
    let (now, Run { identity, network, talk, .. }) = (run.now(), &mut *run);
    refresh_certificate(identity, network, talk, now, name, &channel)?;
    let archives = archives_before(&identity.home, network, talk, name, &channel)?;
    let mut outcome = stored(run, name, &document, &channel, &archives)?;
    let mut rewritten = outcome.rewritten;
    let fresh =
        if outcome.stale { uncached(&run.identity.home, &run.network, name)? } else { None };
    if let Some(fresh) = fresh {
        let channel = Channel::parse(&fresh.bytes).or_cannot(unreadable)?;
        outcome = stored(run, name, &fresh, &channel, &[])?;
        rewritten |= outcome.rewritten;
    }
    Ok(walk(run, name, outcome)? || rewritten)
}

/// Walks down the archives after what is missing. Returns whether our own feed changed.
fn walk(run: &mut Run, name: &str, mut outcome: Outcome) -> Result<bool> {
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
) -> Result<Outcome> {
    let http = Http {
        etag: document.etag.clone(),
        last_modified: document.last_modified.clone(),
        ..Http::default()
    };
    let source = Source { is_archive: false, http: Some(http) };
    let chain: Vec<&Channel> = std::iter::once(channel).chain(archives).collect();
    let (now, Run { identity, keys, talk, .. }) = (run.now(), run);
    intake::take_in_chain(identity, keys, talk, now, name, &chain, source)
}

fn uncached(home: &Home, network: &Network, name: &str) -> Result<Option<Document>> {
    let feed = Contact::load(home, name)?.feed;
    let conditions = Conditions { no_cache: true, ..Conditions::default() };
    Ok(match network.client()?.get(&feed, limits::FEED, &conditions) {
        Ok(Answer::Document(document)) => Some(document),
        Ok(Answer::Unchanged) | Err(_) => None,
    })
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
        let wishes = wishes(&john.home(), &mut john.run.talk, &names);
        let [wish] = &wishes[..] else { panic!() };
        let mary = john.contact("mary");
        assert_eq!((wish.name.as_str(), &wish.url), ("mary", &mary.feed));
        assert_eq!(wish.conditions.etag, mary.http.etag);
        assert!(john.heard().contains("eve"));
        assert!(john.run.talk.verdict().is_err());
    }
}
