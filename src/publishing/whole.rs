//! Attachments are looked at before they are published: a file that is not as its item announces it is of
//! no use to its reader, and would take the place of one that is.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::error::Result;
use crate::protocol::values::token::Token;
use crate::session::talk::Talk;
use crate::store::contact::contacts;
use crate::store::contact::offered::attachments;
use crate::store::contact::offered::octets::Octets;
use crate::store::disk::home::Home;
use crate::store::disk::mirror;
use crate::store::identity::own::Identity;
use crate::writing::attachment;
use jiff::Timestamp;

/// Looks at the attachments that the publish command has not seen as they are now. Those that are damaged
/// are put back out of the copy that it saw last; returns those of which there is none, which are told of.
///
/// # Errors
/// When something cannot be read or written.
pub(super) fn mend(
    identity: &Identity,
    talk: &mut Talk,
    now: Timestamp,
) -> Result<BTreeSet<PathBuf>> {
    let home = &identity.home;
    let mut unseen: BTreeSet<Token> =
        mirror::unseen(home, "b")?.iter().filter_map(|name| name.parse().ok()).collect();
    let mut damaged = BTreeSet::new();
    for name in lately_written(home)? {
        if unseen.is_empty() {
            // The usual case: all that is new is for whom was written to just now.
            break;
        }
        for (token, announced) in Octets::of(home, &name).announced()? {
            if !unseen.remove(&token) || attachments::is_whole(home, &token, &announced)? {
                continue;
            }
            let shown = announced.name.escape_debug();
            if attachment::put_back(&identity.lock(now)?, &token, &announced)? {
                talk.say(&format!(
                    "the attachment `{shown}` for `{name}` was damaged, and is whole again"
                ));
            } else {
                talk.warn_daily(&format!(
                    "the attachment `{shown}` for `{name}` is damaged, and is not published\nhint: cloudim check {name} --repair"
                ));
                damaged.insert(home.attachment(&token));
            }
        }
    }
    Ok(damaged)
}

/// The names of the contacts, those first to whom something was written last.
fn lately_written(home: &Home) -> Result<Vec<String>> {
    let written = |name: &String| {
        let octets = fs::metadata(home.contact(name).join("octets"));
        octets.and_then(|octets| octets.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let mut names = contacts::list(home)?;
    names.sort_by_cached_key(|name| std::cmp::Reverse(written(name)));
    Ok(names)
}
