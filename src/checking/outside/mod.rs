//! From outside: what hosts give to anybody who asks, held against the disk.
//!
//! `files` says what of ours stands on the web, and `seen` judges one such file by what came for it;
//! `asking` fetches, first as any reader does, and again past the caches where that differs. `telling`
//! puts a verdict into words. `listing`, `clock` and `theirs` judge what else came: pages in the place of
//! a folder, the hosts' dates, and the feeds of contacts.

mod asking;
mod clock;
mod files;
mod listing;
mod seen;
mod telling;
mod theirs;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::finding::Finding;
use super::here;
use crate::error::Result;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::session::run::Run;
use crate::session::web::witnesses;
use crate::store::identity::own::Identity;
use crate::store::identity::seen_outside::SeenOutside;
use asking::{Asked, Asking};
use clock::Dates;
use files::{File, Role};
use telling::Telling;

/// Looks from outside at what is ours, and at the feeds of contacts; if one is named `only`, at its feed
/// and ours for it. Notes in the home when our own pages were seen. No lock is held while hosts are
/// asked.
///
/// # Errors
/// When there is no such contact, the settings are wrong, or the contacts cannot be listed.
pub fn look(run: &mut Run, only: Option<&str>) -> Result<Vec<Finding>> {
    let names = here::named(&run.identity, only)?;
    let (mut found, mut dates) = (Vec::new(), Dates::new());
    if run.identity.config.read_only {
        let text = "this home only reads: what the other one publishes is not looked at";
        found.push(Finding::note("file", "read-only", "public", text));
    } else if run.identity.config.base_url.is_some() {
        found.extend(ours(run, only, &names, &mut dates)?);
    }
    found.extend(theirs::look(&run.identity, &run.network, &names, &mut dates)?);
    if only.is_none() {
        let dates = witnesses::independent(&run.identity, run.now(), dates);
        found.extend(clock::judge(run.now(), &dates));
    }
    Ok(found)
}

/// Looks at our own files. Where our host is out of reach for the pages, the rest is not asked for.
fn ours(
    run: &mut Run,
    only: Option<&str>,
    names: &[String],
    dates: &mut Dates,
) -> Result<Vec<Finding>> {
    let asking = Asking {
        client: run.network.client()?,
        home: run.identity.home.clone(),
        fingerprints: own_keys(run),
        unanswered: Arc::default(),
    };
    let telling = Telling::of(&run.identity)?;
    let pages = asking.all(files::pages(&run.identity)?, dates);
    let is_away = pages.iter().all(|asked| asked.verdict.is_away());
    if is_away && let Some(asked) = pages.first() {
        return Ok(vec![telling.away(asked)]);
    }
    let mut found = Vec::new();
    if only.is_none() {
        found.extend(pages.iter().map(|asked| telling.tell(asked)));
        found.extend(listing::look(&asking.client, &run.identity)?);
    }
    let pending = if only.is_none() {
        asking.all(files::of_invitations(&run.identity), dates)
    } else {
        Vec::new()
    };
    found.extend(pending.iter().map(|asked| telling.tell(asked)));
    let mut seen = pages.iter().chain(&pending).filter(|asked| asked.verdict.is_seen()).count();
    let files = names.iter().flat_map(|name| files::of_contact(&run.identity, name));
    let (large, small): (Vec<File>, Vec<File>) =
        files.partition(|file| file.role == Role::Attachment);
    let mut asked = asking.all(small, dates);
    asked.extend(asking.all(large, dates));
    seen = seen.saturating_add(asked.iter().filter(|asked| asked.verdict.is_seen()).count());
    let mut by_contact: BTreeMap<&str, Vec<&Asked>> = BTreeMap::new();
    for asked in &asked {
        by_contact
            .entry(asked.file.contact.as_deref().unwrap_or_default())
            .or_default()
            .push(asked);
    }
    for (name, asked) in by_contact {
        found.extend(telling.about_contact(name, asked));
    }
    if only.is_none() && are_seen(&pages) {
        note(run, seen);
    }
    Ok(found)
}

/// The fingerprints of our keys, as far as they can be read: what cannot is told by another check.
fn own_keys(run: &Run) -> Vec<Fingerprint> {
    run.keys.fingerprints().unwrap_or_default()
}

/// Whether others can find us: card and key are there as they are here.
fn are_seen(pages: &[Asked]) -> bool {
    let mut needed = pages.iter().filter(|asked| asked.file.role != Role::WebFinger);
    needed.all(|asked| asked.verdict.is_seen())
}

/// Notes that so many `files` were seen just now. That it cannot be noted changes nothing.
fn note(run: &mut Run, files: usize) {
    if let Err(error) = noted(&run.identity, run.now(), files) {
        run.talk.warn(&format!("what was seen is not noted: {error}"));
    }
}

fn noted(identity: &Identity, now: Timestamp, files: usize) -> Result<()> {
    let base = identity.config.base()?.clone();
    let files = u64::try_from(files).unwrap_or(u64::MAX);
    Ok(SeenOutside { base, at: now, files }.save(&identity.lock(now)?)?)
}
