//! Repair: what other files of the home say is written anew.
//!
//! `written` rebuilds what stands below `public/`: from the secret key, the settings, and the octets of
//! what we wrote; `attached` puts attachments back out of their copies. `noted` rebuilds the notes on a contact that are damaged. `consent` asks the user.

mod attached;
pub mod consent;
mod noted;
mod written;

use super::finding::Finding;
use super::here;
use crate::error::{Error, Result};
use crate::keys::change;
use crate::publishing::{pages, ping, run};
use crate::session::own_key;
use crate::session::run::Run;
use crate::sync::restored;
use consent::Consent;

const CHECK: &str = "repair";

/// Rebuilds what can be, of the contact called `only` alone if one is named, and publishes it. Returns
/// what was done, and what could not be.
///
/// # Errors
/// When this home may not write, or was restored and cannot look at what it has published; when the key
/// cannot be unlocked; when there is no such contact.
pub fn repair(run: &mut Run, only: Option<&str>, consent: Consent) -> Result<Vec<Finding>> {
    run.identity.expect_writable()?;
    let names = here::named(&run.identity, only)?;
    restored::catch_up(run)?;
    let refused = |name: &String| written::is_refused(&run.identity, name, run.clock.now());
    if names.iter().any(|name| refused(name).unwrap_or_default()) {
        // It was reported just now, and is asked about below.
        run.talk.forgive();
    }
    let mut found = Vec::new();
    for name in &names {
        let noted = noted::repair(&run.identity, run.now(), name, consent);
        found.extend(noted.unwrap_or_else(|error| vec![failed(name, &error)]));
    }
    if let Some(name) = only {
        // A fork is proof: it goes only if the user names whose it is.
        found.extend(noted::clear_forks(&run.identity, run.now(), name)?);
    }
    let mut rewritten = change::finish(run)?;
    match own_key::expect_usable(&run.keys, run.now()) {
        // Never with the lock held: it may ask.
        Ok(()) => run.keys.unlock()?,
        // Nothing can be signed: the pages alone are written.
        Err(error) => {
            found.push(failed("key", &error));
            pages::mend(&run.identity, &run.keys, run.now())?;
            publish(run, &rewritten, &mut found)?;
            return Ok(found);
        }
    }
    if only.is_none() {
        let pages = written::pages(run);
        found.extend(pages.unwrap_or_else(|error| vec![failed("public", &error)]));
    }
    rewritten.extend(feeds(run, &names, consent, &mut found));
    for name in &names {
        let files = attached::repair(run, name);
        found.extend(files.unwrap_or_else(|error| vec![failed(name, &error).of(name)]));
    }
    publish(run, &rewritten, &mut found)?;
    Ok(found)
}

/// Writes our feeds for the contacts called `names` anew, where they are not as they should be. Returns
/// for which that was so.
fn feeds(
    run: &mut Run,
    names: &[String],
    consent: Consent,
    found: &mut Vec<Finding>,
) -> Vec<String> {
    let mut rewritten = Vec::new();
    for name in names {
        match written::feed(run, name, consent) {
            Ok(Some(finding)) => {
                found.push(finding);
                rewritten.push(name.clone());
            }
            Ok(None) => {}
            Err(error) => found.push(failed(name, &error).of(name)),
        }
    }
    rewritten
}

/// Publishes, and tells the cloud of the feeds for the contacts called `rewritten`.
fn publish(run: &mut Run, rewritten: &[String], found: &mut Vec<Finding>) -> Result<()> {
    if let Err(error) = run::publish(&run.identity, &mut run.talk, run.clock.now()) {
        found.push(failed("publish", &error));
        return Ok(());
    }
    let names = rewritten.iter().map(String::as_str);
    ping::each(&run.identity, &run.network, &mut run.talk, run.clock.now(), names)
}

/// The finding where `subject` could not be repaired.
fn failed(subject: &str, error: &Error) -> Finding {
    Finding::failed(CHECK, subject, error)
}
