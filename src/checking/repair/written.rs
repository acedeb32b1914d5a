//! What stands below `public/`: pages, our certificate, and our feeds.

use crate::checking::finding::Finding;
use crate::error::Result;
use crate::handshake::invitation;
use crate::openpgp::certificate::Certificate;
use crate::protocol::values::limits;
use crate::publishing::pages::{self, Difference};
use crate::session::run::Run;
use crate::store::contact::pair::Pair;
use crate::store::disk::rebuildable;
use crate::store::identity::own_certificate;
use crate::store::waiting::invitations;
use crate::writing::feed::{self, Change};

const CHECK: &str = "repair";

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
            invitation::ensure_feed(&locked, &mut run.keys, &made)?;
        }
    }
    let rebuilt = |name| Finding::note(CHECK, "rebuilt", name, "it was written anew");
    Ok(names.into_iter().map(rebuilt).collect())
}

/// Writes our feed for the contact called `name` anew where it is not as it should be; tells what was
/// done.
///
/// # Errors
/// When something cannot be read, sealed or written.
pub fn feed(run: &mut Run, name: &str) -> Result<Option<Finding>> {
    let now = run.now();
    let locked = run.keys.lock_to_sign(&run.identity, now)?;
    let mut pair = Pair::load(&locked, name)?;
    if pair.contact.blocked || locked.config.base_url.is_none() {
        return Ok(None);
    }
    let was_whole = feed::is_shown(&locked.home, &pair.contact.ours)?;
    if !feed::rewrite(&locked, &mut run.keys, &mut pair, Change::default())? {
        return Ok(None);
    }
    let text = if was_whole {
        "our feed for it was brought up to date"
    } else {
        "our feed for it was rebuilt from what was written to it"
    };
    Ok(Some(Finding::note(CHECK, "rebuilt", name, text).of(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writing::testing::{acquainted, write};
    use std::fs;

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
        assert!(feed(&mut john.run, "mary").unwrap().unwrap().text.contains("was rebuilt"));
        assert_eq!(guids(john.feed("mary")), before);
        assert!(pages(&mut john.run).unwrap().is_empty());
        assert_eq!(feed(&mut john.run, "mary").unwrap(), None);
    }
}
