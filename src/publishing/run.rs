//! Publishing: the user's command puts `public/` on the web.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use jiff::Timestamp;

use super::command::{self, End};
use super::heard::Heard;
use super::whole;
use crate::error::{Error, Kind, Result};
use crate::session::talk::Talk;
use crate::store;
use crate::store::disk::failed_run::FailedRun;
use crate::store::disk::home::Home;
use crate::store::disk::lock::Lock;
use crate::store::disk::origin::Standing;
use crate::store::disk::{changes, mirror};
use crate::store::identity::own::Identity;

/// How long it may take to end a command that has to, and to bring a mirror up to date.
const MARGIN: Duration = Duration::from_secs(10);

const RETRY: &str = "what you wrote is kept, do not send it again: cloudim publish";

/// Sees to it that a run of the publish command which started after the last change has
/// succeeded; without such a command, or in a home that only reads, there is nothing to do. Never to be
/// called with the home's lock held.
///
/// # Errors
/// [`Kind::Unpublished`] when the command failed, took too long, or another run of it does not end; and when
/// the home is busy, or was copied or restored and has not caught up yet: what was to be published is kept all
/// the same.
pub fn publish(identity: &Identity, talk: &mut Talk, now: Timestamp) -> Result<()> {
    publish_if(identity, talk, now, false).map_err(|error| match error.kind {
        Kind::Busy => Error { kind: Kind::Unpublished, hints: Vec::new(), ..error }.hint(RETRY),
        _ => error,
    })
}

/// As [`publish`], and `anyway` if nothing changed.
fn publish_if(identity: &Identity, talk: &mut Talk, now: Timestamp, anyway: bool) -> Result<()> {
    let Some(command) = identity.config.publish.clone() else { return Ok(()) };
    if identity.config.read_only {
        return Ok(());
    }
    let (home, limit) = (&identity.home, identity.config.publish_within());
    let target = changes::changed(home)?;
    if !anyway && is_done(home, target)? {
        return Ok(());
    }
    let mut publishing = turn(home, limit)?;
    // While we waited, another's run may have started after our change: then it is there.
    if !anyway && is_done(home, target)? {
        return Ok(());
    }
    let damaged = whole::mend(identity, talk, now)?;
    let (folder, number) = prepare(home, &publishing, &damaged, anyway)?;
    let mut heard = Heard::new(talk);
    let end = command::run(&command, &folder, &mut publishing, limit, (&mut heard, talk));
    let Some(failure) = failure(&command, end, limit) else {
        heard.end(talk, false);
        // First: the size of what is not counted as published may be on the web.
        mirror::has_published(home, &publishing)?;
        FailedRun::clear(home, &publishing)?;
        return Ok(changes::has_published(home, number)?);
    };
    let said = heard.end(talk, talk.knows(&failure.to_string()));
    let cause = failure.source.as_ref().map(|cause| format!("{cause:#}"));
    let why = cause.unwrap_or_else(|| failure.message.clone());
    if let Err(error) = (FailedRun { at: now, why, said }).save(home, &publishing) {
        log::info!("how publishing failed is not noted: {error}");
    }
    Err(failure)
}

/// Brings the mirror up to date, without what is `damaged`. Returns its folder, and the number of the change
/// that it is as of.
fn prepare(
    home: &Home,
    publishing: &Lock,
    damaged: &BTreeSet<PathBuf>,
    anyway: bool,
) -> Result<(PathBuf, u64)> {
    // Most of the copying is done before others are kept from writing.
    let mut is_news = mirror::update(home, publishing, damaged)?.is_news;
    let locked = home.lock()?;
    if locked.standing() == Standing::Copied {
        return Err(copied());
    }
    let mirror = mirror::update(&locked, publishing, damaged)?;
    is_news |= mirror.is_news;
    if anyway && (is_news || changes::changed(&locked)? == 0) {
        // Also what changed while there was no command counts as published from now on.
        changes::about_to_change(&locked)?;
    }
    Ok((mirror.folder, changes::changed(&locked)?))
}

/// The failure of a run that came to its `end`, if it is one.
fn failure(command: &str, end: Result<End>, limit: Duration) -> Option<Error> {
    match end {
        Ok(End::Exited(status)) if status.success() => None,
        Ok(End::Exited(status)) => Some(failed(command, reason(status))),
        Ok(End::TimedOut) => Some(
            failed(command, format!("it took longer than {limit:?}"))
                .hint("if it may: publish_timeout in config.toml"),
        ),
        Err(error) => Some(Error { kind: Kind::Unpublished, ..error }.hint(RETRY)),
    }
}

/// Runs the publish command even if nothing changed. Where nothing was new, what is on the web stays
/// there, and a failure is no more than a warning: git commits nothing twice.
///
/// # Errors
/// As [`publish`].
pub fn publish_again(identity: &Identity, talk: &mut Talk, now: Timestamp) -> Result<()> {
    match publish_if(identity, talk, now, true) {
        Err(error) if error.kind == Kind::Unpublished && changes::is_published(&identity.home)? => {
            let error = Error { hints: Vec::new(), ..error };
            talk.warn_daily(&format!("nothing was new, and {error}"));
            Ok(())
        }
        published => published,
    }
}

/// What is on the web may be newer than what is here: it must not be replaced before it was seen.
fn copied() -> Error {
    let text = "this home was copied or restored: nothing is published before it has seen what it has published";
    Error::new(Kind::Unpublished, text).hint("cloudim publish")
}

fn is_done(home: &Home, target: u64) -> Result<bool> {
    let published = changes::published(home)?;
    Ok(published >= target && published <= changes::changed(home)?)
}

/// Takes the lock for publishing once the runs before have ended. One whose process was killed goes on
/// alone: who has waited for it for longer than a command may take ends it.
fn turn(home: &Home, limit: Duration) -> Result<Lock> {
    let noted = || Lock::noted(&home.publishing_path()).filter(|note| !note.is_empty());
    let before = noted();
    // Two others at most: the one that runs, and one that has begun to wait before us.
    let patience = limit.saturating_mul(2).saturating_add(MARGIN);
    let taken = match home.publishing(limit.saturating_add(MARGIN)) {
        Err(store::Error::Busy(_)) => {
            if let Some(overdue) = before.filter(|before| noted().as_ref() == Some(before)) {
                command::end_noted(&overdue);
            }
            home.publishing(patience)
        }
        taken => taken,
    };
    taken.map_err(|error| match error {
        store::Error::Busy(path) => Error::new(
            Kind::Unpublished,
            format!("another run of the publish command holds `{}`", path.display()),
        )
        .hint(RETRY),
        other => other.into(),
    })
}

fn failed(command: &str, reason: String) -> Error {
    Error::new(Kind::Unpublished, format!("the publish command `{command}` failed"))
        .because(anyhow::anyhow!(reason))
        .hint(RETRY)
}

fn reason(status: ExitStatus) -> String {
    status.code().map_or("it was killed".to_owned(), |code| format!("status {code}"))
}
