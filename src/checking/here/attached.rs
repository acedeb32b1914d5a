//! The attachments of what we wrote to a contact: each lies beside our feed as its item announces it.

use jiff::Timestamp;

use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::protocol::sealed::item::Attachment;
use crate::protocol::values::token::Token;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::attachments;
use crate::store::contact::offered::octets::Octets;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::writing::content::retention;

const CHECK: &str = "attachment";

/// Looks at the attachments for the contact called `name`; only at what is not well.
///
/// # Errors
/// When something cannot be read.
pub fn look(identity: &Identity, name: &str, now: Timestamp) -> Result<Vec<Finding>> {
    if identity.config.read_only || damaged(identity, &identity.home, name, now)?.is_empty() {
        return Ok(Vec::new());
    }
    // Another run may be taking it away: it is looked at once more under the lock.
    let Ok(locked) = identity.lock(now) else { return Ok(Vec::new()) };
    let damaged = damaged(identity, &locked.home, name, now)?;
    Ok(damaged.iter().map(|(token, one)| judge(&locked.home, name, token, one)).collect())
}

/// The attachments that are offered to the contact called `name`, and are not there as they were announced.
///
/// # Errors
/// When something cannot be read.
pub fn damaged(
    identity: &Identity,
    home: &Home,
    name: &str,
    now: Timestamp,
) -> Result<Vec<(Token, Attachment)>> {
    let ours = Contact::load(home, name)?.ours;
    let octets = Octets::of(home, name);
    let (retention, aged) = (identity.config.retention, identity.attested.aged(now));
    let mut items = octets.items()?;
    // What never came into the feed, or is to leave it, is on its way out.
    items.retain(|item| {
        item.sequence <= ours.highest_in(item.log)
            && !retention::is_settled(item, &ours, retention, aged)
    });
    let mut damaged = Vec::new();
    for (token, announced) in items.iter().flat_map(|item| octets.announced_by(item)) {
        if !attachments::is_whole(home, &token, &announced)? {
            damaged.push((token, announced));
        }
    }
    Ok(damaged)
}

fn judge(home: &Home, name: &str, token: &Token, announced: &Attachment) -> Finding {
    let (finding, is) =
        if home.attachment(token).exists() { ("damaged", "damaged") } else { ("lost", "lost") };
    let text = format!("the attachment `{}` for it is {is}", announced.name.escape_debug());
    let finding = Finding::wrong(CHECK, Kind::Cannot, finding, name, text).of(name);
    finding.hint(format!("cloudim check {name} --repair"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writing::testing::{acquainted, write, write_with_file};
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_file_that_is_not_as_its_item_says_is_told_as_long_as_it_is_offered() {
        let (mut john, _) = acquainted();
        write_with_file(&mut john, "mary", Path::new("Cargo.toml"));
        write(&mut john, "mary", "the head");
        let found = |john: &crate::session::testing::Person| -> Vec<_> {
            let found = look(&john.run.identity, "mary", john.now()).unwrap();
            found.into_iter().map(|found| (found.finding, found.status)).collect()
        };
        assert_eq!(found(&john), []);
        let token = Octets::of(&john.home(), "mary").attachments().unwrap().pop_first().unwrap();
        let path = john.home().attachment(&token);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(found(&john), [(Some("damaged"), 1)]);
        fs::remove_file(&path).unwrap();
        assert_eq!(found(&john), [(Some("lost"), 1)]);
        john.update("mary", |mary| mary.reader_mut().acknowledged = 1);
        assert_eq!(found(&john).len(), 1);
        john.wait(24 * 8);
        assert_eq!(found(&john), [], "it is about to leave");
    }
}
