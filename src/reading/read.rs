//! Reading the feeds of contacts: many at once, and one failure stops nobody else.

use std::collections::HashSet;

use super::archives::{archived, archives_before};
use super::certificate::refresh_certificate;
use super::intake::{self, Outcome, Source};
use super::reached::{is_unreachable, not_reached, reached};
use crate::error::{Context, Kind, Result};
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::session::fetch::{self, Wish};
use crate::session::run::Session;
use crate::store::contact::entry::{Contact, Http};
use crate::transport::client::{Answer, Conditions, Document};

/// Reads the feeds of the contacts called `names`; blocked ones are passed over. What fails is
/// reported, and the rest goes on. Returns the names of those for whom our own feed changed.
///
/// # Errors
/// When the settings are wrong.
pub fn read(session: &mut Session, names: &[String]) -> Result<Vec<String>> {
    let client = session.client()?;
    let (wishes, mut rewritten, mut unreachable) = (wishes(session, names), Vec::new(), 0);
    let asked = wishes.len();
    for fetched in fetch::all(&client, wishes, limits::FEED) {
        let name = fetched.name;
        let done = match fetched.answer {
            Ok(Answer::Document(document)) => take_in(session, &name, document),
            Ok(Answer::Unchanged) => reached(session, &name),
            Err(failure) => {
                unreachable += usize::from(is_unreachable(&failure));
                not_reached(session, &name, failure).map(|()| false)
            }
        };
        match done {
            Ok(true) => rewritten.push(name),
            Ok(false) => {}
            Err(error) => session.report(&error),
        }
    }
    if asked > 0 && unreachable == asked {
        session.blame(Kind::Network);
    }
    Ok(rewritten)
}

/// What to ask for. A contact whose files are damaged is reported, and stops nobody else.
fn wishes(session: &mut Session, names: &[String]) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for name in names {
        match Contact::load(&session.home, name) {
            Ok(contact) if contact.blocked => {}
            Ok(contact) => {
                let Http { etag, last_modified, .. } = contact.http;
                let conditions = Conditions { etag, last_modified, no_cache: false };
                wishes.push(Wish { name: name.clone(), url: contact.feed, conditions });
            }
            Err(error) => session.report(&error),
        }
    }
    wishes
}

/// Takes in what was fetched, and the archives that hold what is missing. Returns whether our own
/// feed changed.
fn take_in(session: &mut Session, name: &str, document: Document) -> Result<bool> {
    let channel = Channel::parse(&document.bytes)
        .or_cannot(|| format!("cannot read the feed of `{name}`"))?;
    refresh_certificate(session, name, &channel)?;
    let archives = archives_before(session, name, &channel)?;
    let mut outcome = stored(session, name, &document, &channel, &archives)?;
    let mut rewritten = outcome.rewritten;
    let fresh = if outcome.stale { uncached(session, name)? } else { None };
    if let Some(fresh) = fresh {
        let channel = Channel::parse(&fresh.bytes)
            .or_cannot(|| format!("cannot read the feed of `{name}`"))?;
        outcome = stored(session, name, &fresh, &channel, &[])?;
        rewritten |= outcome.rewritten;
    }
    let mut walked = HashSet::new();
    while let Some(archive) = outcome
        .archive
        .take()
        .filter(|url| walked.len() < limits::ARCHIVES && walked.insert(url.clone()))
    {
        let Some(document) = archived(session, name, &archive) else { break };
        outcome = intake::take_in(
            session,
            name,
            &document.bytes,
            Source { is_archive: true, http: None },
        )?;
        rewritten |= outcome.rewritten;
    }
    Ok(rewritten)
}

fn stored(
    session: &mut Session,
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
    intake::take_in_chain(session, name, channel, archives, source)
}

fn uncached(session: &Session, name: &str) -> Result<Option<Document>> {
    let feed = Contact::load(&session.home, name)?.feed;
    let conditions = Conditions { no_cache: true, ..Conditions::default() };
    Ok(match session.client()?.get(&feed, limits::FEED, &conditions) {
        Ok(Answer::Document(document)) => Some(document),
        Ok(Answer::Unchanged) | Err(_) => None,
    })
}
