//! A home that was copied or restored: it looks at what it has published, takes over what it has lost,
//! and goes on in a new log (PROTOCOL §4). Two that write as one would fork every log.
//!
//! `look` fetches our own feeds, `findings` opens what this home does not know, and `import` takes it
//! over. Receiving waits for none of this.

mod findings;
mod import;
mod look;
#[cfg(test)]
mod tests;

use jiff::SignedDuration;

use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::sealed::state::Head;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::limits;
use crate::reading::ask::Ask;
use crate::reading::read;
use crate::session::keys::Keys;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::pair::Pair;
use crate::store::disk::origin::Standing;
use crate::store::identity::key_state::KeyState;
use crate::store::identity::own::{Identity, Locked};
use crate::writing::rewriting::feed::{self, Change};
use findings::Findings;
use look::{Looked, Published};

/// How many states a copy is thought to have published at most that nobody could see.
const SKIPPED: u64 = 1_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Sees to it that this home may write. One that was copied or restored looks first at what it has
/// published and at what its contacts have read, and so does one whose machine was started anew, as
/// far as it can. No lock waits for the network, so the commands that will write call this before.
///
/// # Errors
/// When the home is busy; when it was copied or restored, and what it has published cannot be seen.
pub fn catch_up(run: &mut Run) -> Result<()> {
    let locked = run.identity.lock_although_copied(run.clock.now())?;
    let (is_copied, standing) = (locked.is_copied(), locked.home.standing());
    drop(locked);
    if is_copied {
        return after_copy(run);
    }
    match standing {
        Standing::Restarted if !run.identity.config.read_only => after_restart(run),
        Standing::Original | Standing::Restarted | Standing::Copied => Ok(()),
    }
}

/// Looks at what this home has published if that was not done for a day: the whole machine may have
/// been put back, and then nothing else tells.
///
/// # Errors
/// When the home is busy, or cannot be written.
pub fn look_daily(run: &mut Run) -> Result<()> {
    let now = run.clock.now();
    let locked = run.identity.lock_although_copied(now)?;
    let due = locked.home.looked().is_none_or(|looked| now.duration_since(looked).abs() >= DAY);
    let writes = !run.identity.config.read_only && locked.home.standing() == Standing::Original;
    drop(locked);
    if due && writes { after_restart(run) } else { Ok(()) }
}

/// Looks as far as it can: where a host is out of reach, the home goes on.
fn after_restart(run: &mut Run) -> Result<()> {
    let Looked { published, failures } = look::look(&run.identity, &run.network)?;
    let news = news(&run.identity, published)?;
    let can_open = news.is_empty() || run.keys.can_unlock_unasked();
    let is_whole = can_open && failures.is_empty();
    let found = if can_open { open(run, news)? } else { Vec::new() };
    let (key, now) = (run.keys.certificate()?.fingerprint(), run.clock.now());
    let Run { identity, keys, talk, .. } = run;
    let mut locked = identity.lock_although_copied(now)?;
    if locked.is_copied() {
        // Another process has found out meanwhile that the home was copied.
        return Ok(());
    }
    take_over(&locked, keys, talk, &found)?;
    Ok(locked.home.record(key, is_whole.then_some(now))?)
}

/// Looks at all, or refuses.
fn after_copy(run: &mut Run) -> Result<()> {
    // What the contacts have read of us tells more than our own host may show.
    let mut everybody = contacts::list(&run.identity.home)?;
    read::read(run, &everybody, Ask::Soon)?;
    let Looked { published, failures } = look::look(&run.identity, &run.network)?;
    if let Some(failure) = failures.into_iter().next() {
        return Err(must_see(failure));
    }
    if !everybody.is_empty() {
        certificate(run)?;
    }
    let news = news(&run.identity, published)?;
    let found = open(run, news)?;
    let (key, now) = (run.keys.certificate()?.fingerprint(), run.clock.now());
    if run.keys.can_unlock_unasked() {
        run.keys.unlock()?;
    }
    let Run { identity, keys, talk, .. } = run;
    let mut locked = identity.lock_although_copied(now)?;
    skip_serials(&locked)?;
    // What was sealed to us since the copy was made may be sealed to a subkey that is lost.
    let state = KeyState::load(&locked.home)?;
    KeyState { restored: Some(now), ..state }.save(&locked)?;
    take_over(&locked, keys, talk, &found)?;
    if locked.home.is_older_copy() {
        let is_begun = |name: &String| found.iter().any(|(published, _)| published.name == *name);
        everybody.retain(|name| !is_begun(name));
        begin_anew(&locked, keys, talk, &everybody)?;
    }
    Ok(locked.home.record(key, Some(now))?)
}

fn must_see(failure: Error) -> Error {
    failure.hint(
        "this home was copied or restored: before it writes, it must see what it has published",
    )
}

/// The published feeds that hold something which this home does not know.
fn news(identity: &Identity, published: Vec<Published>) -> Result<Vec<Published>> {
    let mut news = Vec::new();
    for published in published {
        if findings::is_news(&identity.home, &published)? {
            news.push(published);
        }
    }
    Ok(news)
}

/// Opens what is new in `news`; keeps those that show that our counters are old. That takes time, and
/// so no lock.
fn open(run: &mut Run, news: Vec<Published>) -> Result<Vec<(Published, Findings)>> {
    let mut proofs = Vec::new();
    if news.is_empty() {
        return Ok(proofs);
    }
    run.keys.unlock()?;
    let (now, signers) = (run.clock.now(), findings::signers(&mut run.keys)?);
    for published in news {
        let home = &run.identity.home;
        let found = findings::find(home, &mut run.keys, &signers, now, &published)?;
        if found.are_proof() {
            proofs.push((published, found));
        }
    }
    Ok(proofs)
}

/// Takes over what was found, and begins a new log for each of these contacts. One whose files cannot be
/// read is reported, and stops nobody else: nothing is written to it either.
///
/// # Errors
/// When something could not be taken over, as on a full disk: then it is still to be done.
fn take_over(
    locked: &Locked<'_>,
    keys: &mut Keys,
    talk: &mut Talk,
    found: &[(Published, Findings)],
) -> Result<()> {
    let mut done = Ok(());
    for (published, findings) in found {
        let mut pair = match Pair::load(locked, &published.name) {
            Ok(pair) => pair,
            Err(error) => {
                talk.report_daily(&error.into());
                continue;
            }
        };
        match import::import(locked, &mut pair, published, findings) {
            Ok(count) => begin(locked, keys, talk, &mut pair, count),
            Err(error) => done = done.and(Err(error)),
        }
    }
    done
}

/// Begins a new log for the contacts called `names`. More was written than this home knows, and nothing
/// that was seen shows it: the web may have been put back with the home, a contact may be out of reach,
/// and what it has read may be sealed to a subkey that is lost. So no number is known to be free.
///
/// # Errors
/// When that cannot be noted: then it is still to be done.
fn begin_anew(
    locked: &Locked<'_>,
    keys: &mut Keys,
    talk: &mut Talk,
    names: &[String],
) -> Result<()> {
    for name in names {
        let Ok(mut pair) = Pair::load(locked, name) else { continue };
        let ours = &mut pair.contact.ours;
        // Nothing of a log without an item can be named.
        let none = || Head { sequence: 0, hash: OctetsHash::of(b"") };
        ours.overtaken = ours.overtaken.or(ours.head).or_else(|| Some(none()));
        pair.save(locked)?;
        if keys.secret().is_ok() {
            begin(locked, keys, talk, &mut pair, 0);
        }
    }
    Ok(())
}

/// Begins the new log for the contact of `pair`, which is saved as one that is overtaken, so that the next
/// write does it if this fails; `count` messages came back.
fn begin(locked: &Locked<'_>, keys: &mut Keys, talk: &mut Talk, pair: &mut Pair, count: usize) {
    let written = match pair.contact.blocked {
        true => Ok(false),
        false => feed::rewrite(locked, keys, pair, Change::default()),
    };
    match written {
        Ok(_) => talk.say(&told(&pair.name, count)),
        Err(error) => talk.report_daily(&error.into()),
    }
}

fn told(name: &str, count: usize) -> String {
    let back = match count {
        0 => String::new(),
        1 => ", and 1 message that it had sent is here again".to_owned(),
        count => format!(", and {count} messages that it had sent are here again"),
    };
    format!("this home was restored: it goes on in a new log for `{name}`{back}")
}

/// Leaves room for the states that a lost copy of this home may have published: a serial that
/// comes twice with other octets would be proof of a fork.
fn skip_serials(locked: &Locked<'_>) -> Result<()> {
    for name in contacts::list(&locked.home)? {
        let mut contact = Contact::load(&locked.home, &name)?;
        let state = &mut contact.ours.state;
        state.serial = state.serial.saturating_add(SKIPPED);
        contact.save(locked, &name)?;
    }
    Ok(())
}

/// Takes over what was published of our certificate since the copy was made.
fn certificate(run: &mut Run) -> Result<()> {
    if run.identity.config.base_url.is_none() {
        return Ok(());
    }
    let url = run.identity.config.base()?.join("key.asc")?;
    let what = "our own certificate";
    let bytes = look::file(&run.network, &url, limits::CERTIFICATE, what).map_err(must_see)?;
    let Some(bytes) = bytes else { return Ok(()) };
    let published = Certificate::parse(&bytes).or_cannot(|| format!("cannot use {what}"))?;
    let Run { identity, keys, clock, .. } = run;
    merge(&identity.lock_although_copied(clock.now())?, keys, &published)
}

fn merge(locked: &Locked<'_>, keys: &mut Keys, published: &Certificate) -> Result<()> {
    let ours = keys.certificate()?;
    if ours.fingerprint() != published.fingerprint() {
        return Err(Error::new(
            Kind::Integrity,
            format!(
                "our own certificate is published as {}, and this home has {}",
                published.fingerprint(),
                ours.fingerprint()
            ),
        )
        .hint("this is an older copy of the home: use the newer one"));
    }
    let merged = ours.merged(published, locked.now)?;
    if merged == *ours { Ok(()) } else { keys.replace_certificate(locked, merged) }
}
