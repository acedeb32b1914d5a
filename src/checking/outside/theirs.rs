//! The feeds of contacts, as their hosts give them now.

use std::collections::BTreeMap;

use super::clock::Dates;
use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::openpgp::message::open::sealed_hash;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::session::web::fetch::{self, Fetched, Wish};
use crate::session::web::network::Network;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::verdicts::Verdicts;
use crate::store::identity::own::Identity;
use crate::transport::client::{Answer, Conditions};

const CHECK: &str = "their-feed";

/// Asks for the feeds of the contacts called `names`, many at once, and adds to `dates` what their hosts
/// say of the time. Nothing is read, stored or acknowledged.
///
/// # Errors
/// When the settings are wrong.
pub fn look(
    identity: &Identity,
    network: &Network,
    names: &[String],
    dates: &mut Dates,
) -> Result<Vec<Finding>> {
    let contact = |name: &String| {
        // What cannot be read is told by another check.
        let contact = Contact::load(&identity.home, name).ok()?;
        (!contact.blocked).then(|| (name.clone(), contact))
    };
    let contacts: BTreeMap<String, Contact> = names.iter().filter_map(contact).collect();
    let wish = |(name, contact): (&String, &Contact)| {
        let (name, url, conditions) = (name.clone(), contact.feed.clone(), Conditions::default());
        Wish { name, url, conditions }
    };
    let wishes = contacts.iter().map(wish).collect();
    let mut found = BTreeMap::new();
    let answers = fetch::all(&network.client()?, network.most_at_once(), wishes, limits::FEED);
    for fetched in answers {
        dates.extend(fetched.date.clone().map(|said| (said.host, said.date)));
        if let Some(contact) = contacts.get(&fetched.name) {
            let name = fetched.name.clone();
            found.insert(name, judge(identity, contact, fetched));
        }
    }
    Ok(found.into_values().collect())
}

fn judge(identity: &Identity, contact: &Contact, Fetched { name, answer, .. }: Fetched) -> Finding {
    let away = |why: String| {
        let since = contact.http.failing_since.map(|since| since.strftime("%Y-%m-%d").to_string());
        let since = since.map(|since| format!(", since {since}")).unwrap_or_default();
        let text = format!("its feed is out of reach{since}: {why}");
        let finding = Finding::wrong(CHECK, Kind::Network, "out-of-reach", &name, text);
        finding.hint(format!("if it lasts, ask `{name}` whether its host is well"))
    };
    let finding = match answer {
        Err(failure) => away(failure.to_string()),
        Ok(Answer::Unchanged) => away("status 304".to_owned()),
        Ok(Answer::Document(document)) => match Channel::parse_ours(&document.bytes) {
            Err(why) => away(format!("its host sends something else ({why})")),
            Ok(channel) => compared(identity, &name, contact, &channel),
        },
    };
    finding.of(&name).at(&contact.feed)
}

fn compared(identity: &Identity, name: &str, contact: &Contact, channel: &Channel) -> Finding {
    let poll = format!("cloudim poll {name}");
    if channel.key.as_ref().is_some_and(|key| key.fingerprint != contact.fingerprint) {
        let text = "its feed names another key than the one that is pinned";
        return Finding::note(CHECK, "other-key", name, text).hint(poll);
    }
    let state = channel.state.as_deref().map(sealed_hash);
    let read = contact.theirs.state.as_ref().and_then(|seen| seen.sealed);
    if state != read || has_news(identity, name, channel) {
        let text = "its feed is in reach, and has news";
        return Finding::note(CHECK, "news", name, text).hint(poll);
    }
    Finding::ok(CHECK, name, "its feed is in reach, and all of it was read")
}

/// Whether `channel` has an item that was neither taken nor judged. What cannot be read is told by
/// another check.
fn has_news(identity: &Identity, name: &str, channel: &Channel) -> bool {
    let known = Known::load(&Messages::of(&identity.home, name)).unwrap_or_default();
    let verdicts = Verdicts::kept(&identity.home, name).unwrap_or_default();
    let sealed = channel.items.iter().filter(|item| item.is_sealed());
    let mut guids = sealed.filter_map(|item| item.guid().ok());
    guids.any(|guid| {
        let text = guid.to_string();
        !known.has(guid) && !verdicts.items.iter().any(|verdict| verdict.guid == text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::url::Url;
    use crate::transport::client::{Document, Failure};
    use crate::writing::testing::{acquainted, write};

    fn document(bytes: &str, url: &Url) -> Answer {
        let bytes = bytes.as_bytes().to_vec();
        let (etag, last_modified, media_type) = (None, None, None);
        Answer::Document(Document { bytes, url: url.clone(), etag, last_modified, media_type })
    }

    #[test]
    fn a_feed_has_news_until_it_is_read_and_what_is_none_is_out_of_reach() {
        let (mut john, mary) = acquainted();
        write(&mut john, "mary", "one");
        let (contact, feed) = (mary.contact("john"), john.feed("mary").write());
        let told = |answer| {
            let fetched = Fetched { name: "john".to_owned(), answer, date: None };
            let found = judge(&mary.run.identity, &contact, fetched);
            (found.finding, found.status)
        };
        assert_eq!(told(Ok(document(&feed, &contact.feed))), (Some("news"), 0));
        let other = feed.replace(contact.fingerprint.to_string().as_str(), &"A".repeat(40));
        assert_eq!(told(Ok(document(&other, &contact.feed))), (Some("other-key"), 0));
        for answer in [
            Ok(document("<html><title>Log in</title>", &contact.feed)),
            Ok(document(&feed[..feed.len() / 2], &contact.feed)),
            Err(Failure::NotFound),
            Err(Failure::Redirects),
        ] {
            assert_eq!(told(answer), (Some("out-of-reach"), 3));
        }
    }
}
