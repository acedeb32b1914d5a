//! Notes on a contact that are damaged, and which the rest of the home can do without.

use jiff::Timestamp;

use super::consent::Consent;
use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::store::contact::contacts;
use crate::store::contact::history::delivered::{self, Delivered};
use crate::store::contact::history::messages::Messages;
use crate::store::contact::verdicts::Verdicts;
use crate::store::disk::lock;
use crate::store::identity::own::Identity;

const CHECK: &str = "repair";

/// Takes the forks of the logs of the contact called `name` for seen. What shows them stays on the disk,
/// and is noted by each check.
///
/// # Errors
/// When the contact cannot be read or written.
pub fn clear_forks(identity: &Identity, now: Timestamp, name: &str) -> Result<Option<Finding>> {
    let cleared = contacts::clear_forks(&identity.lock(now)?, name)?;
    let text = match cleared.len() {
        0 => return Ok(None),
        1 => "the fork of its log counts as seen".to_owned(),
        forks => format!("{forks} forks of its logs count as seen"),
    };
    Ok(Some(Finding::note(CHECK, "cleared", name, text).of(name)))
}

/// Rebuilds the notes on the contact called `name`, those that cannot be read.
///
/// # Errors
/// When something cannot be read or written, or the user not be asked.
pub fn repair(
    identity: &Identity,
    now: Timestamp,
    name: &str,
    consent: Consent,
) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if Verdicts::kept(&identity.home, name).is_err() {
        Verdicts::default().save(&identity.lock(now)?, name)?;
        let text = "what was refused or held of it is judged again at the next poll";
        found.push(Finding::note(CHECK, "rebuilt", name, text).of(name));
    }
    if Delivered::load(&identity.home, name).is_err() {
        found.push(cursors(identity, name, consent)?);
    }
    Ok(found)
}

/// Begins the cursors of delivery anew. Nobody knows what was delivered: all is delivered once more, for
/// a message that comes twice is not lost.
fn cursors(identity: &Identity, name: &str, consent: Consent) -> Result<Finding> {
    let messages = Messages::of(&identity.home, name);
    let count = messages.all()?.iter().filter(|record| record.is_received_message()).count();
    let question = format!(
        "Nobody knows which of the {count} messages by `{name}` were shown. Show all of them once more?"
    );
    if !consent.to(&question)? {
        let text = "which messages were shown is not known: all would be shown once more";
        let finding = Finding::wrong(CHECK, Kind::Cannot, "not-repaired", name, text).of(name);
        return Ok(finding.hint(format!("cloudim check {name} --repair --yes")));
    }
    let _delivering = delivered::lock_within(&identity.home, name, lock::PATIENCE)?;
    // Another run may have done it while the user was asked.
    if Delivered::load(&identity.home, name).is_err() {
        Delivered::default().save(&identity.home, name)?;
    }
    let text = "all its messages will be shown once more";
    Ok(Finding::note(CHECK, "rebuilt", name, text).of(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::store::testing::contact;
    use std::fs;

    #[test]
    fn nothing_is_shown_once_more_without_consent() {
        let john = Person::called("John");
        contact('A').save(&john.lock(), "mary").unwrap();
        let path = john.home().contact("mary").join("delivered");
        let repair = |yes| {
            let found = repair(&john.run.identity, john.now(), "mary", Consent { yes }).unwrap();
            found.into_iter().map(|found| (found.finding, found.status)).collect::<Vec<_>>()
        };
        assert_eq!(repair(true), []);
        fs::write(&path, "?").unwrap();
        // Where a test runs on a terminal, nobody answers it.
        if !crate::session::user::terminal::is_ours() {
            assert_eq!(repair(false), [(Some("not-repaired"), 1)]);
            assert_eq!(fs::read(&path).unwrap(), b"?");
        }
        assert_eq!(repair(true), [(Some("rebuilt"), 0)]);
        assert_eq!(Delivered::load(&john.home(), "mary").unwrap(), Delivered::default());
    }

    #[test]
    fn verdicts_that_cannot_be_read_are_forgotten() {
        let john = Person::called("John");
        contact('A').save(&john.lock(), "mary").unwrap();
        fs::write(john.home().contact("mary").join("verdicts.toml"), "?").unwrap();
        let found = repair(&john.run.identity, john.now(), "mary", Consent { yes: false }).unwrap();
        assert_eq!((found.len(), found[0].finding), (1, Some("rebuilt")));
        assert_eq!(Verdicts::kept(&john.home(), "mary").unwrap(), Verdicts::default());
    }
}
