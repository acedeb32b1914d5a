//! What stands below `public/`: pages, our certificate, and our feeds.

use super::consent::Consent;
use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::handshake::invitation_feed;
use crate::openpgp::certificate::Certificate;
use crate::protocol::values::limits;
use crate::publishing::pages::{self, Difference};
use crate::session::run::Run;
use crate::store::contact::entry::Contact;
use crate::store::contact::pair::Pair;
use crate::store::disk::rebuildable;
use crate::store::identity::own::Identity;
use crate::store::identity::own_certificate;
use crate::store::waiting::invitations;
use crate::writing::ahead;
use crate::writing::renewal;
use crate::writing::rewriting::feed::{self, Change};
use jiff::Timestamp;

const CHECK: &str = "repair";
const AHEAD: &str = "was begun in the future, and nobody reads it before. Is the clock right now?";
const TWO_HOMES: &str =
    "Two homes seem to write as this identity, for the second time within a day.";

/// Writes anew our certificate, the pages that are lost, and the feeds for whom we have invited.
///
/// # Errors
/// When something cannot be read, sealed or written.
pub fn pages(run: &mut Run) -> Result<Vec<Finding>> {
    let mut names = Vec::new();
    let key = rebuildable::read(&run.identity.home.key(), limits::CERTIFICATE)?;
    if key.is_none_or(|bytes| Certificate::parse(&bytes).is_err()) {
        names.push("key.asc");
    }
    let now = run.now();
    let locked = run.keys.lock_to_sign(&run.identity, now)?;
    own_certificate::mend(&locked)?;
    names.extend(pages::differences(&locked, &run.keys)?.into_iter().map(
        |differs| match differs {
            Difference::Lost(name) | Difference::Outdated(name) => name,
        },
    ));
    pages::write(&locked, &run.keys)?;
    if locked.config.base_url.is_some() {
        for made in invitations::made(&locked.home)? {
            invitation_feed::ensure(&locked, &mut run.keys, &made)?;
        }
    }
    let rebuilt = |name| Finding::note(CHECK, "rebuilt", name, "it was written anew");
    Ok(names.into_iter().map(rebuilt).collect())
}

/// Whether what this home would write to the contact called `name` has a place that is taken already,
/// for the second time within a day.
///
/// # Errors
/// When the contact cannot be read.
pub fn is_refused(identity: &Identity, name: &str, now: Timestamp) -> Result<bool> {
    Ok(renewal::is_refused(&Contact::load(&identity.home, name)?.ours, now))
}

/// Writes our feed for the contact called `name` anew where it is not as it should be; tells what was
/// done. A second new log within a day begins only if the user says that no other home writes.
///
/// # Errors
/// When something cannot be read, sealed or written.
pub fn feed(run: &mut Run, name: &str, consent: Consent) -> Result<Option<Finding>> {
    let now = run.now();
    let is_refused = is_refused(&run.identity, name, now)?;
    if is_refused
        && !consent.to(&format!("{TWO_HOMES} Is this the only one, and was it restored?"))?
    {
        let text = "another home may write: no second new log is begun within a day";
        let finding = Finding::wrong(CHECK, Kind::Cannot, "not-repaired", name, text).of(name);
        let cure =
            format!("if this is the only home that writes: cloudim check {name} --repair --yes");
        return Ok(Some(finding.hint(cure)));
    }
    let is_ahead = ahead::is_of_the_future(&Contact::load(&run.identity.home, name)?.ours, now);
    let begins_today = is_ahead && consent.to(&format!("The log for {name} {AHEAD}"))?;
    let locked = run.keys.lock_to_sign(&run.identity, now)?;
    let mut pair = Pair::load(&locked, name)?;
    if pair.contact.blocked || locked.config.base_url.is_none() {
        return Ok(None);
    }
    if begins_today && ahead::is_of_the_future(&pair.contact.ours, now) {
        ahead::begin_today(&locked, &mut run.keys, &mut pair)?;
        let text = "what is written to it goes on in a log of today";
        return Ok(Some(Finding::note(CHECK, "rebuilt", name, text).of(name)));
    }
    let change = Change { is_only_home: is_refused, ..Change::default() };
    let was_whole = feed::is_whole(&locked.home, &pair.contact.ours)?;
    if !feed::rewrite(&locked, &mut run.keys, &mut pair, change)? {
        return Ok(None);
    }
    let text = if is_refused {
        "what is written to it goes on in a new log"
    } else if was_whole {
        "our feed for it was brought up to date"
    } else {
        "our feed for it was rebuilt from what was written to it"
    };
    Ok(Some(Finding::note(CHECK, "rebuilt", name, text).of(name)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::reading::testing::{exchange, take_in};
    use crate::session::testing::Person;
    use crate::store::contact::offered::octets::Octets;
    use crate::store::testing::Type;
    use crate::writing::testing::{acquainted, filed, write};
    use jiff::SignedDuration;

    #[test]
    fn what_is_lost_is_written_anew_once() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        pages(&mut john.run).unwrap();
        let (token, guids) =
            (john.contact("mary").ours.token, |feed: crate::protocol::feed::channel::Channel| {
                feed.items.into_iter().map(|item| item.guid).collect::<Vec<_>>()
            });
        let before = guids(john.feed("mary"));
        let home = john.home();
        for path in [home.key(), home.feed(&token), home.public().join("card.rss")] {
            fs::remove_file(path).unwrap();
        }
        let named = |found: Vec<Finding>| -> Vec<String> {
            found.into_iter().map(|found| found.subject).collect()
        };
        assert_eq!(named(pages(&mut john.run).unwrap()), ["key.asc", "card.rss"]);
        assert!(
            feed(&mut john.run, "mary", Consent { yes: false })
                .unwrap()
                .unwrap()
                .text
                .contains("was rebuilt")
        );
        assert_eq!(guids(john.feed("mary")), before);
        assert!(pages(&mut john.run).unwrap().is_empty());
        assert_eq!(feed(&mut john.run, "mary", Consent { yes: false }).unwrap(), None);
    }

    const FUTURE: i64 = 24 * 400;

    /// John, who has written in a log of the future, and Mary.
    fn with_a_log_of_the_future() -> (Person, Person) {
        let (mut john, mut mary) = acquainted();
        exchange(&mut john, &mut mary);
        write(&mut john, "mary", "one");
        exchange(&mut john, &mut mary);
        let head = john.contact("mary").ours.head;
        john.update("mary", |mary| mary.ours.overtaken = head);
        john.wait(FUTURE);
        write(&mut john, "mary", "two");
        write(&mut john, "mary", "three");
        john.wait(-FUTURE);
        take_in(&mut mary, "john", john.feed("mary").write().as_bytes()).unwrap();
        assert_eq!(mary.texts("john", Type::Message), ["one"]);
        (john, mary)
    }

    fn begin_today(john: &mut Person) {
        let done = feed(&mut john.run, "mary", Consent { yes: true }).unwrap().unwrap();
        assert!(done.text.contains("a log of today"), "{}", done.text);
    }

    #[test]
    fn what_stands_in_a_log_of_the_future_is_read_once_it_stands_in_one_of_today() {
        let (mut john, mut mary) = with_a_log_of_the_future();
        let ours = john.contact("mary").ours;
        assert!(ahead::is_of_the_future(&ours, john.now()));
        let later = ours.log.time() - SignedDuration::from_hours(23);
        assert!(!ahead::is_of_the_future(&ours, later));
        begin_today(&mut john);
        assert!(!ahead::is_of_the_future(&john.contact("mary").ours, john.now()));
        assert_eq!(john.texts("mary", Type::Message), ["one", "two", "three"]);
        exchange(&mut john, &mut mary);
        assert_eq!(mary.texts("john", Type::Message), ["one", "two", "three"]);
        assert_eq!(write(&mut john, "mary", "four"), 3);
        exchange(&mut john, &mut mary);
        assert_eq!(mary.texts("john", Type::Message).len(), 4);
        assert_eq!(john.contact("mary").ours.acknowledged(), 3);
        let logs: Vec<_> = filed(&john, "mary").iter().map(|(item, _)| item.log).collect();
        assert!(!logs.contains(&ours.log), "nothing is left of it");
    }

    #[test]
    fn a_run_that_dies_before_the_new_log_counts_leaves_nothing_behind() {
        let (mut john, mut mary) = with_a_log_of_the_future();
        let contact = john.contact("mary");
        let before = filed(&john, "mary");
        begin_today(&mut john);
        // As if only the octets had been written.
        contact.save(&john.lock(), "mary").unwrap();
        for (item, text) in before.iter().filter(|(item, _)| item.log == contact.ours.log) {
            let octets = Octets::of(&john.home(), "mary");
            let locked = john.lock();
            let staged = octets.stage(&locked, item, text).unwrap();
            locked.home.put(vec![staged]).unwrap();
        }
        begin_today(&mut john);
        exchange(&mut john, &mut mary);
        assert_eq!(mary.texts("john", Type::Message), ["one", "two", "three"]);
        let told = mary.texts("john", Type::Integrity);
        assert!(told.iter().all(|told| !told.contains("not opened")), "{told:?}");
    }
}
